"""The shortest path to GO: who does what, in which order, nothing twice, and nothing forgotten."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.decision.next_steps import Kind, WayToGo, way_to_go
from signoff.model import IssueAction, Method, Records, State, Verdict


def _way(signoff: Any, *, full_recheck: bool = True) -> WayToGo:
    return way_to_go(signoff, full_recheck=full_recheck)


def _steps(way: WayToGo) -> list[tuple[str, str, list[str]]]:
    return [(part.owner, step.kind, [r.item.id for r in step.results]) for part in way.owners for step in part.steps]


def test_nothing_is_left_once_all_have_signed(make: Any) -> None:
    ready = make.judge([make.seen()])
    assert _way(ready).sign == ("tech", "qa", "executive")
    signed = make.judge([make.seen()], records=Records(approvals=make.approvals(ready.digest)))
    assert signed.verdict is Verdict.GO
    assert _way(signed).done


def test_each_state_has_its_step_and_one_run_serves_them_all(make: Any) -> None:
    items = (
        make.item("A-A-1", owner="infra"),
        make.item("A-A-2", owner="infra"),
        make.item("A-A-3", owner="infra"),
        make.item("A-A-4", owner="dba"),
        make.item("A-A-5", owner="dba", method=Method.EXAMINE, checks=()),
        make.item("A-A-6", owner="dba", checks=()),
        make.item("A-A-7", owner="qa", method=Method.DERIVED, checks=(), derives="every_item_is_complete"),
        make.item("A-A-8", owner="qa", blocking=False),
        make.item("A-A-9", owner="infra"),
    )
    old = {"minutes_ago": 60 * 24 * 8}
    seen = [
        make.seen("fail", cell=make.cell("A-A-1")),
        make.seen("error", cell=make.cell("A-A-2")),
        make.seen("pass", cell=make.cell("A-A-9"), **old),
        make.seen("pass", cell=make.cell("A-A-4")),
    ]
    way = _way(make.judge(seen, items=items))
    assert _steps(way) == [
        ("infra", Kind.MEND, ["A-A-1"]),
        ("infra", Kind.RESTORE, ["A-A-2"]),
        ("infra", Kind.RUN, ["A-A-1", "A-A-2", "A-A-3", "A-A-9"]),
        ("dba", Kind.IMPLEMENT, ["A-A-6"]),
        ("dba", Kind.ATTEST, ["A-A-5"]),
    ]
    assert (way.full_run, way.broken, way.refused) == (True, False, ())
    assert not _way(make.judge(seen, items=items), full_recheck=False).full_run


def test_way_is_done_only_when_no_part_of_it_is_left(make: Any) -> None:
    (part,) = _way(make.judge([])).owners
    left = ({"broken": True}, {"owners": (part,)}, {"full_run": True}, {"refused": ("tech",)}, {"sign": ("qa",)})
    assert [WayToGo(**one).done for one in left] == [False] * 5
    assert WayToGo().done


def test_missing_target_and_missing_test_are_told_apart(make: Any) -> None:
    items = (make.item(), make.item("SEC-CFG-2", checks=()))
    way = _way(make.judge([], items=items, planned=make.plan([make.item("OTHER")])))
    assert _steps(way) == [
        ("security", Kind.NAME_TARGET, ["SEC-CFG-1"]),
        ("security", Kind.IMPLEMENT, ["SEC-CFG-2"]),
    ]


def test_statement_is_asked_for_once_the_measured_part_is_good(make: Any) -> None:
    items = (make.item(method=Method.HYBRID),)
    assert _steps(_way(make.judge([make.seen("skip")], items=items))) == [("security", Kind.RUN, ["SEC-CFG-1"])]
    assert _steps(_way(make.judge([make.seen()], items=items))) == [("security", Kind.ATTEST, ["SEC-CFG-1"])]


def test_fix_that_is_not_proven_calls_for_a_run_although_the_item_passes(make: Any) -> None:
    runs = [make.run("A", 60), make.run("B", 40)]  # B had begun before A saw the failure
    signoff = make.judge([make.seen("fail", 30, "A"), make.seen("pass", 20, "B")], runs=runs)
    assert signoff.items[0].state is State.PASS
    assert _steps(_way(signoff)) == [("security", Kind.RUN, ["SEC-CFG-1"])]


def test_full_check_that_is_missing_is_asked_for(make: Any) -> None:
    signoff = make.judge([make.seen("fail", 300, "A"), make.seen("pass", 200, "B")])
    assert (_way(signoff).owners, _way(signoff).full_run) == ((), True)
    partly = make.judge([make.seen("fail", 300, "A")], scope=frozenset({"SEC-CFG-1"}))
    assert not _way(partly).full_run


FULL_RUNS = {
    "something to mend": ("fail", True),
    "something that could not be asked": ("error", False),
    "something that nobody looked at": ("skip", False),
    "nothing": ("pass", False),
}


@pytest.mark.parametrize(("outcome", "full"), FULL_RUNS.values(), ids=FULL_RUNS)
def test_full_check_follows_a_fix_where_the_policy_asks_for_it(make: Any, outcome: str, full: bool) -> None:
    signoff = make.judge([make.seen(outcome)])
    assert _way(signoff, full_recheck=True).full_run is full
    assert not _way(signoff, full_recheck=False).full_run


def test_whoever_has_to_mend_comes_first_then_whoever_has_most(make: Any) -> None:
    items = tuple(make.item(f"A-A-{number}", owner=owner) for number, owner in enumerate(("dba", "dba", "qa", "infra")))
    way = _way(make.judge([make.seen("fail", cell=make.cell("A-A-3"))], items=items))
    assert [part.owner for part in way.owners] == ["infra", "dba", "qa"]


def test_what_a_person_found_bad_is_mended_and_no_run_proves_it(make: Any) -> None:
    items = (make.item(method=Method.EXAMINE, checks=()), make.item("SEC-CFG-2"))
    records = Records(attestations=(make.attestation(passed=False),))
    signoff = make.judge([make.seen(cell=make.cell("SEC-CFG-2"))], items=items, records=records)
    assert _steps(_way(signoff)) == [("security", Kind.MEND, ["SEC-CFG-1"])]


# the item as it is listed since its check failed; how it stands now, and the steps that are named
RELISTED: dict[str, tuple[dict[str, Any], State, list[tuple[str, str, list[str]]]]] = {
    "to be attested, and is": (
        {"method": Method.EXAMINE, "checks": ()},
        State.ATTESTED,
        [("infra", Kind.RUN, ["A-A-1"])],
    ),
    "to follow from others, and does not": (
        {"method": Method.DERIVED, "checks": (), "derives": "every_item_is_complete"},
        State.NOT_VERIFIED,
        [],
    ),
}


@pytest.mark.parametrize(("listed", "state", "steps"), RELISTED.values(), ids=RELISTED)
def test_issue_of_a_check_that_is_listed_no_more_does_not_lose_the_way(
    make: Any, listed: dict[str, Any], state: State, steps: list[Any]
) -> None:
    records = Records(attestations=(make.attestation(item="A-A-1", at=make.ago(minutes=10)),))
    items = (make.item("A-A-1", owner="infra", **listed), make.item())
    signoff = make.judge([make.seen("fail", 90, cell=make.cell("A-A-1"))], items=items, records=records)
    assert (signoff.items[0].state, [issue.item for issue in signoff.issues]) == (state, ["A-A-1"])
    assert _steps(_way(signoff)) == [*steps, ("security", Kind.RUN, ["SEC-CFG-1"])]


def test_what_could_not_be_asked_names_no_issue(make: Any) -> None:
    (part,) = _way(make.judge([make.seen("error")])).owners
    assert [(step.kind, step.issue) for step in part.steps] == [(Kind.RESTORE, None), (Kind.RUN, None)]


def test_only_what_is_mended_names_its_open_issue(make: Any) -> None:
    past = [make.seen("fail", 300, "A", fingerprint="0" * 64), make.seen("pass", 200, "B")]
    (part,) = _way(make.judge([*past, make.seen("fail", 100, "C")])).owners
    assert [step.issue.key if step.issue else "" for step in part.steps] == ["ISS-SEC-CFG-1-ffffffff", ""]
    (part,) = _way(make.judge([make.seen("fail", 300, "A"), make.seen("error", 100, "B", fingerprint="e" * 64)])).owners
    assert (part.steps[0].kind, part.steps[-1].issue) == (Kind.MEND, None)
    # A check that failed has been replaced by a person's look: the issue is still open, and the step is another one.
    items = (make.item(method=Method.EXAMINE, checks=()),)
    (part,) = _way(make.judge([make.seen("fail")], items=items)).owners
    assert [(step.kind, step.issue) for step in part.steps] == [(Kind.ATTEST, None)]


def test_machine_names_of_steps_stay_as_they_are() -> None:
    assert list(Kind) == ["mend", "restore", "name_target", "implement", "attest", "run"]


def test_mending_names_the_issue_that_is_due_first(make: Any) -> None:
    (part,) = _way(make.judge([make.seen("fail")])).owners
    assert part.steps[0].issue is not None
    assert part.steps[0].issue.key == "ISS-SEC-CFG-1-ffffffff"


def test_claim_that_no_run_has_proven_calls_for_a_run(make: Any) -> None:
    seen = [make.seen("fail", 300, "A"), make.seen("pass", 200, "B")]
    again = IssueAction(key="ISS-SEC-CFG-1-ffffffff", kind="resolved", at=make.ago(minutes=100), by="dev", action="x")
    failed = make.judge([*seen, make.seen("fail", 150, "C"), make.seen("pass", 90, "D")], actions=[again])
    assert failed.items[0].state is State.PASS
    claimed = make.judge([make.seen("fail", 300, "A")], actions=[again])
    assert _steps(_way(claimed))[-1] == ("security", Kind.RUN, ["SEC-CFG-1"])


def test_bad_news_of_the_night_calls_for_a_run(make: Any) -> None:
    runs = [make.run("R1", 61), make.run("M", 2, stream="monitor")]
    watched = make.judge([make.seen(), make.seen("fail", 1, "M")], runs=runs)
    assert watched.items[0].state is State.PASS
    assert _steps(_way(watched)) == [("security", Kind.RUN, ["SEC-CFG-1"])]


def test_refusal_and_broken_records_come_before_signing(make: Any) -> None:
    ready = make.judge([make.seen()])
    no = make.approval("tech", "tina", ready.digest, decision="reject", comment="no")
    assert _way(make.judge([make.seen()], records=Records(approvals=(no,)))).refused == ("tech",)
    assert _way(make.judge([make.seen()], problems=("journal was cut",))).broken


def test_selection_asks_for_no_signature_and_no_other_items(make: Any) -> None:
    items = (make.item(), make.item("SEC-CFG-2"))
    way = _way(make.judge([], items=items, scope=frozenset({"SEC-CFG-2"})))
    assert (_steps(way), way.sign, way.full_run) == ([("security", Kind.RUN, ["SEC-CFG-2"])], (), False)


OUTCOMES = st.lists(
    st.tuples(
        st.sampled_from(["pass", "fail", "error", "skip"]),
        st.integers(0, 300),
        st.sampled_from("ABM"),
        st.sampled_from(["SEC-CFG-1", "SEC-CFG-2"]),
    ),
    max_size=6,
)


@settings(max_examples=300, deadline=None)
@given(OUTCOMES, st.booleans())
def test_there_is_a_way_from_everywhere_but_from_go(make: Any, history: Any, recheck: bool) -> None:
    """Whatever keeps the release from READY, somebody is told to do something about it."""
    items = (make.item(), make.item("SEC-CFG-2", owner="dba"))
    seen = [make.seen(outcome, ago, run, cell=make.cell(item)) for outcome, ago, run, item in history]
    runs = [make.run("A", 400), make.run("B", 350), make.run("M", 340, stream="monitor")]
    signoff = make.judge(seen, runs=runs, items=items, policy=make.policy(full_recheck=recheck))
    way = _way(signoff, full_recheck=recheck)
    assert bool(way.owners or way.full_run) is (signoff.verdict is not Verdict.READY)
    named = {item for part in way.owners for item in part.items}
    assert {r.item.id for r in signoff.items if not r.state.satisfied} <= named


@pytest.mark.parametrize("outcome", ["fail", "error", "skip", ""])
def test_whatever_does_not_satisfy_has_a_step(make: Any, outcome: str) -> None:
    (part,) = _way(make.judge([make.seen(outcome)] if outcome else [])).owners
    assert part.steps[-1].kind is Kind.RUN
