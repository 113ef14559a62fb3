"""What was known at an earlier instant: nothing of what came later, and the checks and targets of that time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from signoff.decision.past import Known, known_at, signed_at
from signoff.model import Cell, IssueAction, PlannedCell, Records, Source, Target

MOMENT = timedelta(microseconds=1)


def _known(make: Any, **fields: Any) -> Known:
    given: dict[str, Any] = {
        "instant": make.now,
        "planned": (make.planned(make.cell()),),
        "policy": make.policy(),
        "observations": (),
        "runs": (),
        "records": Records(),
        "actions": (),
    }
    return known_at(**(given | fields))


def test_everything_is_known_from_its_own_instant(make: Any) -> None:
    then = make.ago(minutes=60)
    action: dict[str, Any] = {"key": "ISS-1", "kind": "noted", "by": "dev"}
    world = {
        "observations": (make.seen(finished=then),),
        "runs": (make.run("A", 60),),
        "records": Records(
            waivers=(make.waiver(created=then),),
            attestations=(make.attestation(at=then),),
            approvals=(make.approval("tech", "tina", "d", created=then),),
        ),
        "actions": (
            IssueAction(at=then, **action),
            IssueAction(at=make.ago(minutes=90), recorded=then, **action),  # told of an earlier time
        ),
    }
    before, at = (_known(make, instant=instant, **world) for instant in (then - MOMENT, then))
    assert (before.observations, before.runs, before.records, before.actions) == ((), (), Records(), ())
    assert (at.observations, at.records, at.actions) == (world["observations"], world["records"], world["actions"])
    assert [run.id for run in at.runs] == ["A"]


def test_run_that_was_still_going_on_had_no_end(make: Any) -> None:
    run, killed = make.run("A", 60, ended=make.ago(minutes=50)), make.run("B", 60, ended=None)
    for instant, ended in ((make.ago(minutes=55), None), (make.ago(minutes=50), run.ended), (make.now, run.ended)):
        assert [each.ended for each in _known(make, instant=instant, runs=(run, killed)).runs] == [ended, None]


def test_check_and_target_are_those_that_the_newest_observation_of_then_saw(make: Any) -> None:
    seen = (
        make.seen(minutes_ago=90, code_sha256="older", target_sha256="older"),
        make.seen(minutes_ago=80, seq=2, code_sha256="old", target_sha256="moved"),
        make.seen(minutes_ago=80, seq=1, code_sha256="before", target_sha256="before"),
        make.seen(minutes_ago=10, code_sha256="new", target_sha256="new"),
        make.seen(minutes_ago=70, release="0.9", code_sha256="other release", target_sha256="x"),
        make.seen(minutes_ago=70, environment="staging", code_sha256="other environment", target_sha256="x"),
    )
    for observations in (seen, seen[::-1]):
        (place,) = _known(make, instant=make.ago(minutes=60), observations=observations).planned
        assert place.source == Source(path="tests/security/test_config.py", line=1, sha256="old")
        assert place.target == Target(name="web1", kind="host", sha256="moved")
    (unseen,) = _known(make).planned
    assert unseen == make.planned(make.cell())


def test_of_two_runs_at_one_instant_it_is_always_the_same_that_says_what_was_there(make: Any) -> None:
    seen = tuple(make.seen(minutes_ago=80, run=run, code_sha256=run) for run in ("A", "B"))
    for observations in (seen, seen[::-1]):
        (place,) = _known(make, observations=observations).planned
        assert place.source is not None
        assert place.source.sha256 == "B"


def test_check_that_is_gone_by_now_was_there(make: Any) -> None:
    (place,) = _known(
        make, planned=(make.planned(make.cell(), implemented=False),), observations=(make.seen(code_sha256="old"),)
    ).planned
    assert place.source == Source(path="", line=1, sha256="old")  # where it stood, nobody knows any more


def _asked(known: Known) -> dict[Cell, bool]:
    return {place.cell: place.source is not None for place in known.planned}


def test_newest_full_run_and_those_after_it_say_what_was_asked(make: Any) -> None:
    one, two, three = (make.cell(target=f"web{number}") for number in (1, 2, 3))
    later, gone, whole = make.cell(check="sealed"), make.cell(target="web9"), make.cell(check="whole", target="-")
    lost = make.cell("OLD-1", target="web8")
    planned = tuple(make.planned(cell) for cell in (one, two, three, later))
    runs = (
        make.run("A", 300, planned=(one, two, three)),
        make.run("B", 200, planned=(one, gone, whole, lost)),
        make.run("C", 100, planned=(two,), selector="-m security"),
        make.run("D", 50, planned=(three,), release="0.9"),
        make.run("E", 50, planned=(three,), environment="staging"),
        make.run("F", 40, planned=()),
    )
    seen = (make.seen(cell=gone, code_sha256="g", target_sha256="h"), make.seen(cell=whole))
    for order in (runs, runs[::-1]):
        known = _known(make, planned=planned, runs=order, observations=seen)
        # web3 had gone, "sealed" had not been written, and of OLD-1 nothing was ever seen.
        assert _asked(known) == {one: True, two: True, later: False, gone: True, whole: True}
    by_cell = {place.cell: place for place in known.planned}
    assert by_cell[gone] == PlannedCell(
        cell=gone, target=Target(name="web9", kind="host", sha256="h"), source=Source(path="", line=1, sha256="g")
    )
    assert by_cell[whole].target.kind == "-"


def test_cells_that_are_gone_come_in_order(make: Any) -> None:
    cells = [make.cell(target=f"web{number}") for number in range(9, 1, -1)]
    full = make.run("A", 90, planned=tuple(cells))
    known = _known(make, planned=(), runs=(full,), observations=[make.seen(cell=cell) for cell in cells])
    assert [place.cell for place in known.planned] == sorted(cells)


def test_without_a_full_run_it_was_what_it_is_today(make: Any) -> None:
    planned = tuple(make.planned(make.cell(target=target)) for target in ("web1", "web2"))
    runs = (
        make.run("A", 90, planned=(make.cell(),), selector="-m security"),
        make.run("B", 80, planned=(make.cell(),), ended=None),
        make.run("C", 70, planned=()),
    )
    assert _known(make, planned=planned, runs=runs).planned == planned


def test_check_that_is_missing_today_is_listed_though_no_run_planned_it(make: Any) -> None:
    missing = make.planned(make.cell(target="web2"), implemented=False)
    full = make.run("A", 90, planned=(make.cell(),))
    known = _known(make, planned=(make.planned(make.cell()), missing), runs=(full,))
    assert _asked(known) == {make.cell(): True, make.cell(target="web2"): False}


def _signatures(make: Any, *names: str, **fields: Any) -> tuple[Any, ...]:
    """Return approvals by these roles, each resting on the one before."""
    people = {"tech": "tina", "qa": "quinn", "executive": "eva"}
    found: list[Any] = []
    for number, role in enumerate(names):
        previous = found[-1].envelope_sha256 if found else ""
        envelope = f"{role} {number} {sorted(fields.items())}"
        made = {"created": make.ago(minutes=10 - number), "previous": previous, "envelope_sha256": envelope}
        found.append(make.approval(role, people[role], "d", **(made | fields)))
    return tuple(found)


ALL = ("tech", "qa", "executive")
SIGNED = {
    "by all": (ALL, {}, 8),
    "by nobody": ((), {}, None),
    "by two": (("tech", "qa"), {}, None),
    "in another order": (("qa", "tech", "executive"), {}, None),
    "without the first": (("qa", "executive"), {}, None),
    "by one twice": (("tech", "tech", "qa", "executive"), {}, None),
    "for another release": (ALL, {"release": "0.9"}, None),
    "for another environment": (ALL, {"environment": "staging"}, None),
    "refused": (ALL, {"decision": "reject"}, None),
}


@pytest.mark.parametrize(("roles", "fields", "minutes"), SIGNED.values(), ids=SIGNED)
def test_release_was_signed_once_every_role_had_in_its_order(
    make: Any, roles: tuple[str, ...], fields: dict[str, Any], minutes: int | None
) -> None:
    found = signed_at(Records(approvals=_signatures(make, *roles, **fields)), make.policy())
    assert found == (None if minutes is None else make.ago(minutes=minutes))


def test_last_of_several_sign_offs_counts(make: Any) -> None:
    first = _signatures(make, *ALL)
    second = _signatures(make, *ALL, created=make.ago(minutes=2))
    for approvals in (first + second, second + first):
        assert signed_at(Records(approvals=approvals), make.policy()) == make.ago(minutes=2)
    assert signed_at(Records(approvals=first), make.policy(approval_roles=())) is None


def test_signatures_that_rest_on_each_other_are_no_sign_off(make: Any) -> None:
    circle = tuple(make.approval("executive", "eva", "d", envelope_sha256=a, previous=b) for a, b in ("ab", "ba"))
    assert signed_at(Records(approvals=circle), make.policy()) is None
