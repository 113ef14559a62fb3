"""Looking back: the decision as it was known at an earlier instant, and what today's is compared with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from signoff.decision.changes import diff
from signoff.decision.hindsight import World, as_of, baseline, baseline_instant, end_of, signoff_at
from signoff.decision.snapshot import snapshot
from signoff.model import Checklist, Checkpoint, Records, RollbackDecision, RollbackVerdict, State, Verdict


def _world(make: Any, seen: Any, runs: Any, **fields: Any) -> World:
    items = fields.pop("items", (make.item(),))
    given: dict[str, Any] = {
        "checklist": Checklist(areas=(), owners={}, stages={}, items=tuple(items), sha256="k" * 64),
        "planned": make.plan(items, fields.pop("targets", ("web1",))),
        "policy": make.policy(),
        "records": Records(),
        "actions": (),
    }
    return World(observations=tuple(seen), runs=tuple(runs), **(given | fields))


def _states(shot: Any) -> dict[str, State]:
    return {item: each.state for item, each in shot.items.items()}


def test_what_came_later_was_not_known(make: Any) -> None:
    seen = [make.seen("pass", 120, "A"), make.seen("fail", 60, "B")]
    world = _world(make, seen, [make.run("A", 121), make.run("B", 61)])
    states = [_states(as_of(world, make.ago(minutes=ago)))["SEC-CFG-1"] for ago in (130, 90, 30)]
    assert states == [State.NOT_VERIFIED, State.PASS, State.FAIL]


def test_waiver_did_not_exist_before_it_was_made(make: Any) -> None:
    records = Records(waivers=(make.waiver(created=make.ago(minutes=30)),))
    world = _world(make, [make.seen("fail", 60, "A")], [make.run("A", 61)], records=records)
    assert as_of(world, make.ago(minutes=40)).items["SEC-CFG-1"].state is State.FAIL
    assert as_of(world, make.ago(minutes=20)).items["SEC-CFG-1"].state is State.WAIVED


def test_test_that_was_changed_since_had_not_changed_then(make: Any) -> None:
    old = make.seen("pass", 60, "A", code_sha256="o" * 64)
    world = _world(make, [old], [make.run("A", 61)])
    then, now = as_of(world, make.ago(minutes=50)), make.judge([old])
    (change,) = diff(then, snapshot(now))
    assert (change.before, change.after, change.cause) == (State.PASS, State.STALE, "test changed")


def test_host_that_came_later_was_not_missed(make: Any) -> None:
    full = make.run("A", 61, planned=(make.cell(),))
    world = _world(make, [make.seen("pass", 60, "A")], [full], targets=("web1", "web2"))
    then = as_of(world, make.ago(minutes=50))
    assert then.items["SEC-CFG-1"].state is State.PASS
    now = make.judge([make.seen("pass", 60, "A")], targets=("web1", "web2"))
    assert [(c.cause, c.target) for c in diff(then, snapshot(now))][-1] == ("target added", "web2")


def test_check_that_was_written_since_could_not_be_run_then(make: Any) -> None:
    items = (make.item(checks=("locked", "sealed")),)
    full = make.run("A", 61, planned=(make.cell(),))
    world = _world(make, [make.seen("pass", 60, "A")], [full], items=items)
    assert as_of(world, make.ago(minutes=50)).items["SEC-CFG-1"].state is State.NOT_VERIFIED


def test_host_and_item_that_are_gone_were_there(make: Any) -> None:
    away, old = make.cell(target="web9"), make.cell("OLD-1")
    full = make.run("A", 61, planned=(make.cell(), away, old))
    seen = [make.seen("pass", 60, "A"), make.seen("fail", 60, "A", cell=away), make.seen("pass", 60, "A", cell=old)]
    world = _world(make, seen, [full])
    then = as_of(world, make.ago(minutes=50))
    assert _states(then) == {"SEC-CFG-1": State.FAIL, "OLD-1": State.PASS}
    changes = diff(then, snapshot(make.judge(seen)))
    assert {(c.item, c.cause, c.target) for c in changes} >= {
        ("SEC-CFG-1", "target removed", "web9"),
        ("OLD-1", "item removed", ""),
    }


@pytest.mark.parametrize("runs", [("A",), ("A", "P")], ids=["first run", "partial before"])
def test_first_full_run_has_nothing_to_be_compared_with(make: Any, runs: Any) -> None:
    begun = {"A": make.run("A", 61), "P": make.run("P", 80, selector="-m security")}
    assert baseline(_world(make, [make.seen()], [begun[name] for name in runs]), make.now) is None


def test_run_is_compared_with_the_full_run_before(make: Any) -> None:
    seen = [make.seen("fail", 120, "A"), make.seen("pass", 60, "B")]
    world = _world(make, seen, [make.run("A", 121), make.run("B", 61), make.run("M", 30, stream="monitor")])
    found = baseline(world, make.now)
    assert found is not None
    assert (found.kind, found.items["SEC-CFG-1"].state) == ("run", State.FAIL)


def test_last_signature_of_all_is_what_counts(make: Any) -> None:
    seen = [make.seen("pass", 300, "A"), make.seen("fail", 60, "B")]
    three = make.approvals("0" * 64)
    world = _world(make, seen, [make.run("A", 301), make.run("B", 61)], records=Records(approvals=three))
    found = baseline(world, make.now)
    assert found is not None
    assert (found.kind, found.at) == ("sign-off", three[-1].created)
    # Two signatures are no sign-off.
    two = _world(make, seen, [make.run("A", 301), make.run("B", 61)], records=Records(approvals=three[:2]))
    assert (found := baseline(two, make.now)) is not None
    assert found.kind == "run"


def test_what_was_signed_can_be_told_again(make: Any) -> None:
    seen = [make.seen("pass", 60, "A")]
    runs = [make.run("A", 61, planned=(make.cell(),))]
    digest = make.judge(seen, runs=runs).digest
    world = _world(make, [*seen, make.seen("fail", 1, "B")], [*runs, make.run("B", 2)])
    signed = as_of(world, make.now - timedelta(minutes=3))
    assert signed.digest == digest


# runs as name, begun and ended in minutes before now; the instant that today is compared with, or None
COMPARED = {
    "nothing": ([], None),
    "one run": ([("A", 90, 80)], None),
    "two runs": ([("A", 90, 80), ("B", 60, 50)], 80),
    "the last of several": ([("A", 120, 110), ("C", 90, 80), ("B", 60, 50)], 80),
    "begun at once, by name": ([("B", 90, 80), ("A", 90, 70), ("C", 60, 50)], 80),
    "not yet begun": ([("A", 90, 80), ("B", -1, -2)], None),
    "begun just now": ([("A", 90, 80), ("B", 0, -2)], 80),
    "killed": ([("A", 90, None), ("B", 60, 50)], None),
}


@pytest.mark.parametrize(("runs", "ended"), COMPARED.values(), ids=COMPARED)
def test_today_is_compared_with_the_end_of_the_full_run_before_the_newest(
    make: Any, runs: list[Any], ended: int | None
) -> None:
    known = [make.run(name, begun, ended=None if end is None else make.ago(minutes=end)) for name, begun, end in runs]
    found = baseline_instant(Records(), make.policy(), known, make.now)
    assert found == (None if ended is None else make.ago(minutes=ended) + timedelta(microseconds=1))


def test_signature_of_the_future_is_not_compared_with(make: Any) -> None:
    three = make.approvals("0" * 64)
    records = Records(approvals=three)
    signed = three[-1].created
    assert baseline_instant(records, make.policy(), [], signed) == signed
    assert baseline_instant(records, make.policy(), [], signed - timedelta(microseconds=1)) is None


def test_run_ends_with_the_last_thing_that_it_saw(make: Any) -> None:
    moment = timedelta(microseconds=1)
    seen = [make.seen("pass", 30, "A"), make.seen("pass", 20, "A"), make.seen("pass", 1, "B")]
    ended = make.run("A", 60, ended=make.ago(minutes=25))
    assert end_of(ended, []) == make.ago(minutes=25) + moment
    assert end_of(ended, seen) == make.ago(minutes=20) + moment
    killed = make.run("A", 60, ended=None)
    assert end_of(killed, []) == make.ago(minutes=60) + moment
    assert end_of(killed, seen[:1]) == make.ago(minutes=30) + moment


def test_decision_of_then_rests_on_the_same_things_as_that_of_today(make: Any) -> None:
    seen, runs = [make.seen("pass", 60, "A")], [make.run("A", 61, planned=(make.cell(),))]
    points = (Checkpoint(run="A", seq=1, sha256="a"),)
    today = make.judge(seen, runs=runs, checkpoints=points, inventory_sha256="i" * 64)
    then = signoff_at(_world(make, seen, runs, checkpoints=points, inventory_sha256="i" * 64), make.ago(minutes=10))
    assert (then.digest, then.checkpoints) == (today.digest, points)
    assert then.evaluated_at == make.ago(minutes=10)
    assert as_of(_world(make, seen, runs), make.now).kind == "instant"


def test_breach_of_the_rollback_gate_is_known_from_its_own_instant(make: Any) -> None:
    breach = RollbackDecision(
        environment="demo",
        release="1.0",
        verdict=RollbackVerdict.ROLL_BACK,
        automatic=True,
        at=make.ago(minutes=30),
        by="ci",
    )
    world = _world(make, [make.seen("pass", 60, "A")], [make.run("A", 61)], rollbacks=(breach,))
    moments = (make.ago(minutes=40), breach.at - timedelta(microseconds=1), breach.at, make.now)
    verdicts = [as_of(world, instant).verdict for instant in moments]
    assert verdicts == [Verdict.READY, Verdict.READY, Verdict.NO_GO, Verdict.NO_GO]


def test_item_that_is_gone_was_as_bad_as_its_worst_check(make: Any) -> None:
    cells = [make.cell("OLD-1", target=target) for target in ("web1", "web2", "web3")]
    full = make.run("A", 61, planned=tuple(cells))
    words = [("pass", 1), ("fail", 1), ("error", 1)]
    seen = [
        make.seen(word, 60, "A", attempt=attempt, cell=cell) for cell, (word, attempt) in zip(cells, words, strict=True)
    ]
    seen.append(make.seen("pass", 59, "A", attempt=2, cell=cells[1]))
    old = as_of(_world(make, seen, [full]), make.now).items["OLD-1"]
    assert old.state is State.FAIL
    assert {target: cell.state for (_, target), cell in old.cells.items()} == {
        "web1": State.PASS,
        "web2": State.FAIL,
        "web3": State.ERROR,
    }
    assert old.cells["locked", "web2"].note == "failed first, passed on a retry"
