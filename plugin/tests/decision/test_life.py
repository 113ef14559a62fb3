"""Life of an issue: every arrow of the lifecycle, and laws that hold for every history."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.model import IssueAction, IssueStatus, Method, Person, Records, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.model import Issue

KEY = "ISS-SEC-CFG-1-ffffffff"
OPEN, WORKING, CLAIMED = IssueStatus.OPEN, IssueStatus.IN_PROGRESS, IssueStatus.RESOLVED
AGAIN, PROVEN = IssueStatus.REOPENED, IssueStatus.VERIFIED


def _issues(make: Any, history: Sequence[Any], **fields: Any) -> tuple[Issue, ...]:
    """Evaluate events: (outcome, minutes ago, run) or (kind of action, minutes ago)."""
    seen, actions = [], list(fields.pop("actions", ()))
    for event in history:
        if len(event) == 3:
            seen.append(make.seen(*event))
        else:
            actions.append(_act(make, *event))
    found: tuple[Issue, ...] = make.judge(seen, actions=actions, **fields).issues
    return found


def _act(make: Any, kind: Any, minutes_ago: float, **fields: Any) -> IssueAction:
    given: dict[str, Any] = {"key": KEY, "by": "dev", "action": "did it" if kind == "resolved" else ""}
    return IssueAction(kind=kind, at=make.ago(minutes=minutes_ago), **(given | fields))


FAIL = ("fail", 90, "A")
ARROWS = {
    "a failure opens": ([FAIL], OPEN, 0),
    "an error twice opens": ([("error", 90, "A"), ("error", 80, "B")], OPEN, 0),
    "its owner starts": ([FAIL, ("started", 80)], WORKING, 0),
    "starting twice changes nothing": ([FAIL, ("started", 80), ("started", 70)], WORKING, 0),
    "it fails again while somebody works on it": ([FAIL, ("started", 80), ("fail", 70, "B")], WORKING, 0),
    "a fix is claimed": ([FAIL, ("started", 80), ("resolved", 70)], CLAIMED, 0),
    "a fix is claimed without a start": ([FAIL, ("resolved", 70)], CLAIMED, 0),
    "a start after the claim changes nothing": ([FAIL, ("resolved", 70), ("started", 60)], CLAIMED, 0),
    "a claim is taken back": ([FAIL, ("resolved", 70), ("reopened", 60)], WORKING, 0),
    "a later failure disproves the claim": ([FAIL, ("resolved", 70), ("fail", 60, "B")], AGAIN, 1),
    "an error does not disprove the claim": ([FAIL, ("resolved", 70), ("error", 60, "B")], CLAIMED, 0),
    "work begins again": ([FAIL, ("resolved", 70), ("fail", 60, "B"), ("started", 50)], WORKING, 1),
    "a later pass proves the claim": ([FAIL, ("resolved", 70), ("pass", 60, "B")], PROVEN, 0),
    "a pass without a claim proves it too": ([FAIL, ("pass", 60, "B")], PROVEN, 0),
    "a pass while somebody works on it": ([FAIL, ("started", 80), ("pass", 60, "B")], PROVEN, 0),
    "a skip proves nothing": ([FAIL, ("resolved", 70), ("skip", 60, "B")], CLAIMED, 0),
    "a failure after the proof opens again": ([FAIL, ("pass", 60, "B"), ("fail", 50, "C")], AGAIN, 1),
    "and is proven again": ([FAIL, ("pass", 60, "B"), ("fail", 50, "C"), ("pass", 40, "D")], PROVEN, 1),
    "somebody opens again what was proven": ([FAIL, ("pass", 60, "B"), ("reopened", 50)], AGAIN, 1),
    "then an older run proves nothing": ([FAIL, ("pass", 60, "B"), ("reopened", 55), ("pass", 54.99, "C")], AGAIN, 1),
    "and only a new run does": ([FAIL, ("pass", 60, "B"), ("reopened", 55), ("pass", 40, "C")], PROVEN, 1),
    "a claim made after the proof moves nothing": ([FAIL, ("pass", 60, "B"), ("resolved", 50)], PROVEN, 0),
    "words move nothing": ([FAIL, ("noted", 80), ("assigned", 70), ("due", 60)], OPEN, 0),
    "opening again what is open changes nothing": ([FAIL, ("reopened", 80)], OPEN, 0),
    "what was said before it was opened is not about it": ([("resolved", 95), FAIL], OPEN, 0),
    "what was said in the instant of the failure is not about it": ([("resolved", 90), FAIL], OPEN, 0),
    "a failure in the instant of a pass comes last": ([FAIL, ("pass", 60, "B"), ("fail", 60, "C")], AGAIN, 1),
    "whichever run it is of": ([FAIL, ("fail", 60, "B"), ("pass", 60, "C")], AGAIN, 1),
    "a claim made in the instant of the pass is not proven by it": (
        [FAIL, ("pass", 60, "B"), ("resolved", 60)],
        CLAIMED,
        0,
    ),
    "a claim taken back is proven by a pass": (
        [FAIL, ("resolved", 70), ("reopened", 60), ("pass", 50, "B")],
        PROVEN,
        0,
    ),
    "a proven claim that failed again needs a new pass": (
        [FAIL, ("resolved", 80), ("pass", 70, "B"), ("fail", 60, "C"), ("pass", 50, "D")],
        PROVEN,
        1,
    ),
    "a claim made again is taken back again": (
        [FAIL, ("resolved", 80), ("reopened", 75), ("resolved", 70), ("reopened", 65)],
        WORKING,
        0,
    ),
    "a start after the proof changes nothing": ([FAIL, ("pass", 60, "B"), ("started", 50)], PROVEN, 0),
}


@pytest.mark.parametrize(("history", "status", "count"), ARROWS.values(), ids=ARROWS)
def test_arrow_of_the_lifecycle(make: Any, history: list[Any], status: IssueStatus, count: int) -> None:
    (issue,) = [issue for issue in _issues(make, history) if issue.key == KEY]
    assert (issue.status, issue.reopen_count) == (status, count)


def test_waived_until_the_waiver_ends(make: Any) -> None:
    records = Records(waivers=(make.waiver(),))
    assert _issues(make, [FAIL], records=records)[0].status is IssueStatus.WAIVED
    ended = Records(waivers=(make.waiver(expires=make.ago(minutes=1)),))
    assert _issues(make, [FAIL], records=ended)[0].status is OPEN
    assert _issues(make, [FAIL, ("started", 80)], records=records)[0].status is IssueStatus.WAIVED


def test_closed_when_the_release_is_signed_and_open_again_when_somebody_says_so(make: Any) -> None:
    history = [FAIL, ("resolved", 70), ("pass", 60, "B"), ("pass", 50, "C")]
    seen = [make.seen(*event) for event in history if len(event) == 3]
    actions = [_act(make, "resolved", 70)]
    digest = make.judge(seen, actions=actions).digest
    signed = make.judge(seen, actions=actions, records=Records(approvals=make.approvals(digest)))
    assert (signed.verdict, signed.issues[0].status) == (Verdict.GO, IssueStatus.CLOSED)

    doubted = [*actions, _act(make, "reopened", 2, reason="seen again by a customer")]
    voided = make.judge(seen, actions=doubted, records=Records(approvals=make.approvals(digest)))
    assert (voided.verdict, voided.issues[0].status) == (Verdict.INCOMPLETE, AGAIN)


def test_last_signature_counts_only_over_a_register_that_says_what_was_done(make: Any) -> None:
    seen = [make.seen(*event) for event in (FAIL, ("pass", 60, "B"), ("pass", 50, "C"))]
    digest = make.judge(seen).digest
    silent = make.judge(seen, records=Records(approvals=make.approvals(digest)))
    assert [str(step.status) for step in silent.approvals] == ["VALID", "VALID", "MISSING"]
    assert silent.approvals[-1].note == f"nobody wrote down what was done about {KEY}"
    assert silent.verdict is Verdict.READY

    told = [_act(make, "noted", 40, action="shut the port")]
    digest = make.judge(seen, actions=told).digest
    signed = make.judge(seen, actions=told, records=Records(approvals=make.approvals(digest)))
    assert signed.verdict is Verdict.GO


def test_run_that_only_watches_neither_opens_nor_proves(make: Any) -> None:
    runs = [make.run("A", 95), make.run("B", 65, stream="monitor")]
    assert _issues(make, [FAIL, ("pass", 60, "B")], runs=runs)[0].status is OPEN
    assert _issues(make, [("pass", 90, "A"), ("fail", 60, "B")], runs=runs) == ()


def test_history_tells_who_did_what_and_which_run_proved_it(make: Any) -> None:
    actions = [
        _act(make, "started", 80, cause="memory limit", planned=("raise it", "watch it")),
        _act(make, "resolved", 70, action="raised to 4 GB"),
        _act(make, "noted", 65, reason="asked the vendor"),
    ]
    (issue,) = _issues(make, [FAIL, ("pass", 60, "B")], actions=actions)
    assert [(event.what, event.by, event.run, event.text) for event in issue.history] == [
        ("opened", "", "A", "fail because"),
        ("started", "dev", "", "memory limit; raise it; watch it"),
        ("resolved", "dev", "", "raised to 4 GB"),
        ("noted", "dev", "", "asked the vendor"),
        ("verified", "", "B", ""),
    ]


def test_proof_by_a_changed_check_or_target_says_so(make: Any) -> None:
    """A weakened check must not look like a mended system."""
    mended = make.seen("pass", 60, "B", code_sha256="9" * 64)
    (issue,) = make.judge([make.seen(*FAIL), mended]).issues
    assert issue.status is PROVEN
    assert issue.history[-1].text == "with a check or target that was changed since it failed: locked[web1]"
    (same,) = _issues(make, [FAIL, ("pass", 60, "B")])
    assert same.history[-1].text == ""


def test_check_that_failed_again_since_it_was_changed_is_no_changed_check_any_more(make: Any) -> None:
    web2 = make.cell(target="web2")
    seen = [
        make.seen("fail", 90, "A"),
        make.seen("fail", 90, "A", cell=web2),
        make.seen("pass", 80, "B", code_sha256="9" * 64),
        make.seen("fail", 70, "C", code_sha256="9" * 64),
        make.seen("pass", 60, "D", code_sha256="9" * 64),
        make.seen("pass", 60, "D", cell=web2),
    ]
    (issue,) = make.judge(seen, targets=("web1", "web2")).issues
    assert (issue.status, issue.history[-1].what, issue.history[-1].text) == (PROVEN, "verified", "")


@pytest.mark.parametrize("changed", [{"code_sha256": "9" * 64}, {"target_sha256": "9" * 64}])
def test_every_changed_cell_is_named_in_order(make: Any, changed: dict[str, str]) -> None:
    names = tuple(f"web{number}" for number in range(1, 10))
    failed = [make.seen("fail", 90, "A", cell=make.cell(target=name)) for name in names]
    passed = [make.seen("pass", 60, "B", cell=make.cell(target=name), **changed) for name in names[1:]]
    (issue,) = make.judge([*failed, *passed, make.seen("pass", 60, "B")], targets=names).issues
    named = ", ".join(f"locked[{name}]" for name in names[1:])
    assert issue.history[-1].text == f"with a check or target that was changed since it failed: {named}"


def test_history_tells_when_it_failed_again_and_why(make: Any) -> None:
    again = make.seen("fail", 60, "C", reason="  port 22 is open\n  and so is 23")
    claim = _act(make, "resolved", 70)
    (issue,) = make.judge([make.seen(*FAIL), again], actions=[claim]).issues
    assert [(event.what, event.run, event.text) for event in issue.history] == [
        ("opened", "A", "fail because"), ("resolved", "", "did it"), ("failed again", "C", "port 22 is open")
    ]  # fmt: skip
    assert [event.at for event in issue.history] == [make.ago(minutes=ago) for ago in (90, 70, 60)]


def test_failure_that_changes_nothing_is_no_event(make: Any) -> None:
    (issue,) = _issues(make, [FAIL, ("fail", 80, "B"), ("resolved", 70)])
    assert [event.what for event in issue.history] == ["opened", "resolved"]
    assert (issue.last_failed, issue.opened) == (make.ago(minutes=80), make.ago(minutes=90))


@pytest.mark.parametrize(
    ("outcome", "after", "status"),
    [("fail", 0, CLAIMED), ("fail", 1, AGAIN), ("pass", 0, CLAIMED), ("pass", 1, PROVEN)],
)
def test_only_a_run_begun_after_the_claim_says_something_of_it(
    make: Any, outcome: str, after: int, status: IssueStatus
) -> None:
    begun = make.ago(minutes=70) + timedelta(seconds=after)
    runs = [make.run("A", 95), replace(make.run("B"), started=begun)]
    (issue,) = _issues(make, [FAIL, ("resolved", 70), (outcome, 60, "B")], runs=runs)
    assert issue.status is status


def test_failure_forgets_the_claim_and_the_proof_before_it(make: Any) -> None:
    (proven,) = _issues(make, [FAIL, ("resolved", 80), ("pass", 70, "B")])
    assert (proven.resolved_by, proven.resolved_at, proven.fixed_at) == (
        "dev", make.ago(minutes=80), make.ago(minutes=80)
    )  # fmt: skip
    assert (proven.verified_run, proven.verified_at) == ("B", make.ago(minutes=70))
    (again,) = _issues(make, [FAIL, ("resolved", 80), ("pass", 70, "B"), ("fail", 60, "C")])
    assert (again.resolved_by, again.resolved_at, again.claim_recorded) == ("", None, None)
    assert (again.verified_run, again.verified_at, again.fixed_at) == ("", None, make.ago(minutes=80))
    (anew,) = _issues(make, [FAIL, ("resolved", 80), ("pass", 70, "B"), ("fail", 60, "C"), ("pass", 50, "D")])
    assert (anew.verified_run, anew.fixed_at) == ("D", make.ago(minutes=50))


def test_claim_that_is_taken_back_leaves_no_trace_but_its_history(make: Any) -> None:
    (issue,) = _issues(make, [FAIL], actions=[
        _act(make, "resolved", 70, recorded=make.ago(minutes=65)), _act(make, "reopened", 60, reason="wrong host")
    ])  # fmt: skip
    assert (issue.status, issue.resolved_by, issue.resolved_at, issue.claim_recorded) == (WORKING, "", None, None)
    assert [(event.what, event.text) for event in issue.history[1:]] == [
        ("resolved", "did it"), ("reopened", "wrong host")
    ]  # fmt: skip


def test_cells_of_before_the_proof_are_no_part_of_the_new_failure(make: Any) -> None:
    web2 = make.cell(target="web2")
    seen = [
        make.seen("fail", 90, "A"),
        make.seen("fail", 90, "A", cell=web2),
        make.seen("pass", 80, "B"),
        make.seen("pass", 80, "B", cell=web2),
        make.seen("fail", 70, "C", cell=web2),
    ]
    (issue,) = make.judge(seen, targets=("web1", "web2")).issues
    assert (issue.targets, issue.unproven, issue.opened_run) == (("web2",), (web2,), "A")


def test_what_somebody_opened_again_must_be_proven_on_every_cell(make: Any) -> None:
    cells = [make.cell(target=target) for target in ("web1", "web2")]
    seen = [make.seen(what, ago, run, cell=cell) for what, ago, run in (FAIL, ("pass", 80, "B")) for cell in cells]
    doubt = [_act(make, "reopened", 70)]
    (issue,) = make.judge(seen, targets=("web1", "web2"), actions=doubt).issues
    assert (issue.status, issue.unproven) == (AGAIN, tuple(cells))
    seen.append(make.seen("pass", 60, "C"))
    (issue,) = make.judge(seen, targets=("web1", "web2"), actions=doubt).issues
    assert (issue.status, issue.unproven) == (AGAIN, (cells[1],))


def test_later_words_replace_earlier_ones_and_silence_replaces_none(make: Any) -> None:
    words = [
        _act(make, "noted", 80, cause="disk", planned=("buy one",), action="cleaned", owner="nobody"),
        _act(make, "noted", 75, cause="memory", planned=("buy more",), action="restarted"),
        _act(make, "assigned", 72, owner="dba"),
        _act(make, "assigned", 71),
        _act(make, "noted", 70),
    ]
    (issue,) = _issues(make, [FAIL], actions=words)
    assert (issue.cause, issue.planned, issue.action, issue.owner) == ("memory", ("buy more",), "restarted", "dba")
    assert [(event.what, event.by, event.text, event.at) for event in issue.history[1:3]] == [
        ("noted", "dev", "nobody; disk; buy one; cleaned", make.ago(minutes=80)),
        ("noted", "dev", "memory; buy more; restarted", make.ago(minutes=75)),
    ]


def test_issue_that_was_just_opened_says_nothing_of_people_or_proof(make: Any) -> None:
    (issue,) = _issues(make, [FAIL])
    assert {issue.resolved_by, issue.verified_run, issue.action, issue.cause} == {""}
    assert (issue.reopen_count, issue.resolved_at, issue.verified_at, issue.fixed_at) == (0, None, None, None)


def test_words_before_the_failure_leave_no_trace(make: Any) -> None:
    early = _act(make, "noted", 95, cause="disk", planned=("buy one",), action="cleaned")
    (issue,) = _issues(make, [FAIL], actions=[early])
    assert (issue.cause, issue.planned, issue.action) == ("", (), "")
    assert [event.what for event in issue.history] == ["opened"]


def test_only_the_cells_that_are_left_are_named(make: Any) -> None:
    failed = [make.seen("fail", 90, "A", cell=make.cell(target=target)) for target in ("web1", "web2")]
    (issue,) = make.judge([*failed, make.seen("pass", 60, "B")], targets=("web1", "web2")).issues
    assert [cell.target for cell in issue.unproven] == ["web2"]
    assert issue.last_failed == make.ago(minutes=90)


def test_claim_asks_for_the_proof_of_every_cell_again(make: Any) -> None:
    targets = ("web1", "web2")
    failed = [make.seen("fail", 90, "A", cell=make.cell(target=target)) for target in targets]
    one = make.seen("pass", 60, "B")
    (issue,) = make.judge([*failed, one], targets=targets, actions=[_act(make, "resolved", 50)]).issues
    assert [cell.target for cell in issue.unproven] == list(targets)


def test_issue_belongs_to_its_item_until_it_is_assigned(make: Any) -> None:
    assert _issues(make, [FAIL])[0].owner == "security"
    (issue,) = _issues(make, [FAIL], actions=[_act(make, "assigned", 80, owner="dba", reason="it is the database")])
    assert (issue.owner, issue.history[-1].text) == ("dba", "dba; it is the database")


def test_whoever_claims_the_fix_is_remembered_also_if_it_was_already_proven(make: Any) -> None:
    (issue,) = _issues(make, [FAIL, ("pass", 60, "B"), ("resolved", 50)])
    assert (issue.resolved_by, issue.resolved_at, issue.action) == ("dev", None, "did it")


# --- due days --------------------------------------------------------------------------------------------------

DUE = date(2026, 6, 3)


def _dated(make: Any, *moves: IssueAction, now_days_later: float = 0) -> Issue:
    now = make.now + timedelta(days=now_days_later)
    policy = make.policy(due_days={Severity.HIGH: 2})
    (issue,) = make.judge([make.seen(*FAIL)], actions=moves, policy=policy, now=now).issues
    return issue  # type: ignore[no-any-return]


def _move(make: Any, day: date, days_later: float = 0, **fields: Any) -> IssueAction:
    return _act(make, "due", -days_later * 1440 + 5, due=day, reason="parts are late", **fields)


def test_day_that_somebody_set_is_shown_beside_the_policys(make: Any) -> None:
    assert (_dated(make).due, _dated(make).due_by_policy, _dated(make).extended) == (DUE, None, False)
    later = _dated(make, _move(make, date(2026, 6, 20)))
    assert (later.due, later.due_by_policy, later.extended) == (date(2026, 6, 20), DUE, True)
    assert (later.due_set_by, later.due_reason) == ("dev", "parts are late")
    earlier = _dated(make, _move(make, date(2026, 6, 2)))
    assert (earlier.due, earlier.extended) == (date(2026, 6, 2), False)


def test_last_word_on_the_day_counts_and_the_policys_stays_known(make: Any) -> None:
    issue = _dated(make, _move(make, date(2026, 6, 9), 0.1), _move(make, date(2026, 6, 20)), now_days_later=1)
    assert (issue.due, issue.due_by_policy) == (date(2026, 6, 9), DUE)


def test_day_that_has_passed_cannot_be_moved(make: Any) -> None:
    issue = _dated(make, _move(make, date(2026, 6, 20), 3), now_days_later=4)
    assert (issue.due, issue.overdue) == (DUE, True)


def test_day_in_the_past_is_no_day(make: Any) -> None:
    assert _dated(make, _move(make, date(2026, 5, 20))).due == DUE


def test_extended_issue_is_not_overdue_before_its_new_day(make: Any) -> None:
    move = _move(make, date(2026, 6, 5))
    assert not _dated(make, move, now_days_later=4).overdue
    assert _dated(make, move, now_days_later=5).overdue


# --- laws ------------------------------------------------------------------------------------------------------

KINDS = ("started", "noted", "assigned", "resolved", "reopened")
minutes = st.integers(1, 40)
observed = st.tuples(
    st.sampled_from(["pass", "fail", "error", "skip"]), minutes, st.sampled_from("ABCD"), st.sampled_from(["1", "2"])
)
said = st.tuples(st.sampled_from(KINDS), minutes, st.sampled_from(["dev", "rita"]))
TARGETS = ("web1", "web2")


def _judge(make: Any, history: Sequence[Any], actions: Sequence[Any], **fields: Any) -> tuple[Issue, ...]:
    seen = [make.seen(outcome, ago, run, cell=make.cell(target=f"web{n}")) for outcome, ago, run, n in history]
    acts = [_act(make, kind, ago + 0.5, by=by, action=by, owner=by) for kind, ago, by in actions]
    found: tuple[Issue, ...] = make.judge(seen, actions=acts, targets=TARGETS, **fields).issues
    return found


@settings(max_examples=200, deadline=None)
@given(st.data(), st.lists(observed, max_size=8), st.lists(said, max_size=5))
def test_register_is_read_as_a_set(make: Any, data: Any, history: list[Any], actions: list[Any]) -> None:
    once = _judge(make, history, actions)
    shuffled = data.draw(st.permutations([*history, *history])), data.draw(st.permutations([*actions, *actions]))
    assert _judge(make, *shuffled) == once


@settings(max_examples=200, deadline=None)
@given(st.lists(observed.filter(lambda one: one[0] != "pass"), max_size=8), st.lists(said, max_size=6))
def test_no_word_ever_closes_an_issue(make: Any, history: list[Any], actions: list[Any]) -> None:
    assert all(issue.status.is_open for issue in _judge(make, history, actions))


@settings(max_examples=300, deadline=None)
@given(st.lists(observed, max_size=10), st.lists(said, max_size=5))
def test_what_is_proven_passed_everywhere_after_it_failed_and_after_the_claim(
    make: Any, history: list[Any], actions: list[Any]
) -> None:
    runs: dict[str, float] = {}
    for _, ago, run, _ in history:
        runs[run] = max(runs.get(run, 0), ago + 1)
    for issue in _judge(make, history, actions, runs=[make.run(run, ago) for run, ago in runs.items()]):
        if issue.status is not PROVEN:
            continue
        assert issue.unproven == ()
        for target in issue.targets:
            passed = [
                make.ago(minutes=runs[run])
                for outcome, _, run, n in history
                if (outcome, f"web{n}") == ("pass", target)
            ]
            assert passed
            if issue.resolved_at is not None:
                assert max(passed) > issue.resolved_at


@settings(max_examples=150, deadline=None)
@given(st.lists(observed, max_size=8), st.lists(said, max_size=4), st.lists(said, min_size=1, max_size=3))
def test_nobody_listens_to_strangers(make: Any, history: list[Any], actions: list[Any], noise: list[Any]) -> None:
    strangers = [(kind, ago, "mallory") for kind, ago, _ in noise]
    assert _judge(make, history, [*actions, *strangers]) == _judge(make, history, actions)


def test_nobody_listens_to_those_who_have_left_or_to_the_future(make: Any) -> None:
    left = Person(name="dev", roles=frozenset({"development"}), valid_until=make.ago(minutes=75))
    policy = make.policy(roster=(*make.people()[:-1], left))
    assert _issues(make, [FAIL, ("started", 80)], policy=policy)[0].status is WORKING
    assert _issues(make, [FAIL, ("started", 70)], policy=policy)[0].status is OPEN
    assert _issues(make, [FAIL, ("started", -60)])[0].status is OPEN


def test_only_a_claim_speaks_of_an_earlier_time_and_that_is_shown(make: Any) -> None:
    now = make.ago(minutes=50)
    claim = _act(make, "resolved", 70, recorded=now)
    (issue,) = _issues(make, [FAIL, ("pass", 60, "B")], actions=[claim])
    assert (issue.resolved_at, issue.claim_recorded) == (make.ago(minutes=70), now)
    assert [event.recorded for event in issue.history] == [None, now, None]
    (same,) = _issues(make, [FAIL], actions=[_act(make, "resolved", 70, recorded=make.ago(minutes=70))])
    assert same.claim_recorded is None


def test_day_is_moved_when_the_word_is_recorded_and_not_before(make: Any) -> None:
    """A day that has passed is not moved by a word that claims to be older."""
    word = replace(_move(make, date(2026, 6, 20)), recorded=make.now + timedelta(days=3))
    issue = _dated(make, word, now_days_later=4)
    assert (issue.due, issue.overdue) == (DUE, True)


def test_history_shows_the_day_that_was_set_and_when_a_late_word_was_recorded(make: Any) -> None:
    late = _act(make, "resolved", 70, recorded=make.ago(minutes=60))
    (issue,) = _issues(make, [FAIL], actions=[late, _move(make, date(2026, 6, 20))])
    assert [(event.text, event.recorded) for event in issue.history] == [
        ("fail because", None), ("did it", make.ago(minutes=60)), ("2026-06-20; parts are late", None)
    ]  # fmt: skip


def test_word_that_claims_to_be_newer_than_its_record_is_not(make: Any) -> None:
    (issue,) = _issues(make, [FAIL], actions=[_act(make, "resolved", 50, recorded=make.ago(minutes=70))])
    assert issue.resolved_at == make.ago(minutes=70)


def test_full_check_is_asked_for_after_what_was_taken_away(make: Any) -> None:
    """A host that was removed was fixed when somebody said so: everything is looked at once more after that."""
    gone = make.seen("fail", 90, "A", cell=make.cell(target="web9"))
    other = make.seen("pass", 90, "A")
    action = _act(make, "resolved", 80, action="web9 is decommissioned")
    signoff = make.judge([gone, other], actions=[action])
    assert (signoff.issues[0].status, signoff.verdict) == (IssueStatus.CLOSED, Verdict.INCOMPLETE)
    again = make.judge([gone, other, make.seen("pass", 60, "B")], actions=[action])
    assert again.verdict is Verdict.READY


def test_hybrid_items_issue_needs_the_check_and_not_the_statement(make: Any) -> None:
    items = (make.item(method=Method.HYBRID),)
    records = Records(attestations=(make.attestation(at=make.ago(minutes=10)),))
    (issue,) = make.judge([make.seen(*FAIL)], items=items, records=records).issues
    assert issue.status is OPEN
    assert replace(issue).lacks_action is False
