"""Whole decision: laws that hold for every history of several items, hosts and runs."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.model import IssueAction, Records, Signoff, State, Verdict

ITEMS, TARGETS = ("SEC-CFG-1", "SEC-CFG-2"), ("web1", "web2", "web3")
WORST_FIRST = [Verdict.INVALID, Verdict.NO_GO, Verdict.INCOMPLETE, Verdict.PARTIAL_OK, Verdict.READY, Verdict.GO]

# "fail!" fails in another way than the one that the waiver accepts.
FINGERPRINTS = {"fail": "f" * 64, "fail!": "0" * 64, "error": "e" * 64}
seen_once = st.tuples(
    st.sampled_from(["pass", "pass", "pass", "fail", "fail!", "error", "skip"]),
    st.integers(1, 90),
    st.sampled_from("ABC"),
    st.sampled_from(ITEMS),
    st.sampled_from(TARGETS),
)
# Mostly everything passes in the end, so that READY is often reached and laws about it mean something.
finales = st.sampled_from([[], [("pass", 0, "Z", item, target) for item in ITEMS for target in TARGETS]])
histories = st.builds(lambda history, finale: history + finale, st.lists(seen_once, max_size=6), finales)
bad = st.tuples(
    st.sampled_from(["fail", "fail!", "error"]),
    st.integers(0, 90),
    st.sampled_from("AZ"),
    st.sampled_from(ITEMS),
    st.sampled_from(TARGETS),
)
waived = st.booleans()


def _judge(
    make: Any, history: list[Any], *, hosts: int = 2, waive: bool = False, recheck: bool = False, **fields: Any
) -> Signoff:
    seen = [
        make.seen(
            outcome.rstrip("!"),
            ago,
            run,
            cell=make.cell(item, target=target),
            fingerprint=FINGERPRINTS.get(outcome, ""),
        )
        for outcome, ago, run, item, target in history
    ]
    records = Records(waivers=(make.waiver(),) if waive else ())
    items = tuple(make.item(item) for item in ITEMS)
    runs = [make.run(run, ago) for run, ago in (("A", 100), ("B", 95), ("C", 92), ("Z", 1))]
    policy = make.policy(full_recheck=recheck)
    world: dict[str, Any] = {
        "items": items,
        "targets": TARGETS[:hosts],
        "records": records,
        "runs": runs,
        "policy": policy,
    }
    signoff: Signoff = make.judge(seen, **(world | fields))
    return signoff


def _rank(signoff: Signoff) -> int:
    return WORST_FIRST.index(signoff.verdict)


@settings(max_examples=120, deadline=None)
@given(st.data(), histories, waived)
def test_order_and_repetition_change_nothing(make: Any, data: Any, history: list[Any], waive: bool) -> None:
    shuffled = data.draw(st.permutations(history))
    once = _judge(make, history, waive=waive)
    again = _judge(make, [*shuffled, *history], waive=waive)
    assert again == once


@settings(max_examples=120, deadline=None)
@given(st.data(), histories)
def test_merging_two_teams_evidence_is_the_union(make: Any, data: Any, history: list[Any]) -> None:
    mine = data.draw(st.lists(st.sampled_from(history), unique=True)) if history else []
    theirs = [seen for seen in history if seen not in mine]
    assert _judge(make, [*theirs, *mine]) == _judge(make, [*mine, *history, *theirs])


@settings(max_examples=200, deadline=None)
@given(histories, bad, waived, st.booleans())
def test_bad_news_never_improves(make: Any, history: list[Any], news: Any, waive: bool, recheck: bool) -> None:
    # What is accepted needs no mending, and so no full check after the mending: not both.
    recheck = recheck and not waive
    before = _judge(make, history, waive=waive, recheck=recheck)
    after = _judge(make, [*history, news], waive=waive, recheck=recheck)
    # A failure that the waiver accepts tells more than nothing does; the law is about all others.
    accepted = waive and news[0] == "fail"
    assert accepted or _rank(after) <= _rank(before)
    assert accepted or all(a.state.rank <= b.state.rank for a, b in zip(after.items, before.items, strict=True))


@settings(max_examples=120, deadline=None)
@given(histories, st.integers(0, 20), waived)
def test_time_never_improves(make: Any, history: list[Any], days: int, waive: bool) -> None:
    before = _judge(make, history, waive=waive)
    after = _judge(make, history, waive=waive, now=make.ago(days=-days))
    assert _rank(after) <= _rank(before)
    assert all(a.state.rank <= b.state.rank for a, b in zip(after.items, before.items, strict=True))


@settings(max_examples=120, deadline=None)
@given(histories, waived)
def test_more_hosts_never_improve(make: Any, history: list[Any], waive: bool) -> None:
    assert _rank(_judge(make, history, hosts=3, waive=waive)) <= _rank(_judge(make, history, hosts=2, waive=waive))


@settings(max_examples=120, deadline=None)
@given(histories, waived)
def test_more_items_never_improve(make: Any, history: list[Any], waive: bool) -> None:
    one = _judge(make, history, waive=waive, items=(make.item(ITEMS[0]),))
    assert _rank(_judge(make, history, waive=waive)) <= _rank(one)


@settings(max_examples=120, deadline=None)
@given(histories, seen_once, waived)
def test_a_skip_never_improves(make: Any, history: list[Any], seen: Any, waive: bool) -> None:
    skipped = ("skip", *seen[1:])
    before, after = _judge(make, history, waive=waive), _judge(make, [*history, skipped], waive=waive)
    assert _rank(after) <= _rank(before)


@settings(max_examples=120, deadline=None)
@given(st.data(), histories)
def test_order_of_records_changes_nothing(make: Any, data: Any, history: list[Any]) -> None:
    key = f"ISS-{ITEMS[0]}-ffffffff"
    actions = [
        IssueAction(key=key, kind="started", at=make.ago(minutes=80), by="dev", action="looking"),
        IssueAction(key=key, kind="resolved", at=make.ago(minutes=40), by="dev", action="done"),
        IssueAction(key=key, kind="reopened", at=make.ago(minutes=20), by="dev", reason="not done"),
    ]
    waivers = tuple(make.waiver(id=f"W-{n}", targets=(name,)) for n, name in enumerate(TARGETS))
    once = _judge(make, history, actions=actions, records=Records(waivers=waivers))
    mixed = Records(waivers=tuple(data.draw(st.permutations(waivers))))
    again = _judge(make, history, actions=[*data.draw(st.permutations(actions)), *actions], records=mixed)
    assert again == once


@settings(max_examples=120, deadline=None)
@given(histories)
def test_nothing_unjudged_ever_passes(make: Any, history: list[Any]) -> None:
    signoff = _judge(make, history)
    passed = {(item, target) for outcome, _, _, item, target in history if outcome == "pass"}
    for result in signoff.items:
        proven = all((result.item.id, target) in passed for target in TARGETS[:2])
        assert proven or result.state in {State.FAIL, State.ERROR, State.NOT_VERIFIED}
    assert signoff.verdict is not Verdict.READY or all(result.state is State.PASS for result in signoff.items)


@settings(max_examples=120, deadline=None)
@given(histories, st.sets(st.sampled_from(ITEMS)), st.sampled_from(["readiness", "release"]), st.booleans())
def test_selection_is_never_go_or_ready(
    make: Any, history: list[Any], scope: set[str], question: str, approved: bool
) -> None:
    approvals = make.approvals(_judge(make, history).digest) if approved else ()
    signoff = _judge(make, history, scope=frozenset(scope), question=question, records=Records(approvals=approvals))
    assert signoff.verdict not in {Verdict.GO, Verdict.READY}
    assert scope or signoff.verdict is not Verdict.PARTIAL_OK


@settings(max_examples=80, deadline=None)
@given(histories)
def test_release_is_never_easier_than_readiness(make: Any, history: list[Any]) -> None:
    assert _rank(_judge(make, history, question="release")) <= _rank(_judge(make, history))
    assert _judge(make, history, question="release").verdict is not Verdict.READY


@settings(max_examples=80, deadline=None)
@given(histories, waived)
def test_every_verdict_but_the_good_ones_has_a_reason(make: Any, history: list[Any], waive: bool) -> None:
    signoff = _judge(make, history, waive=waive)
    assert bool(signoff.reasons) is (signoff.verdict.exit_status != 0)
    assert all(reason.text.ko and reason.text.en for reason in signoff.reasons)
