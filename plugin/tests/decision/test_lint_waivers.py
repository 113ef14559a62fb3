"""Lint of waivers: each rule at its edge."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.decision.lint.waivers import lint
from signoff.model import State

if TYPE_CHECKING:
    from signoff.decision.lint.findings import Finding

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
KNOWN = "f" * 64


def _lint(make: Any, *waivers: Any, outcome: str = "fail", **fields: Any) -> list[Finding]:
    """Return what is said of the waivers of an item that failed, or did what `outcome` says, on two hosts."""
    seen = fields.pop("seen", None) or [
        make.seen(outcome, cell=make.cell(target=target)) for target in ("web1", "web2")
    ]
    signoff = make.judge(seen, targets=("web1", "web2"))
    known = {"SEC-CFG-1": fields.pop("known", frozenset({KNOWN}))}
    return list(lint(waivers, {r.item.id: r for r in signoff.items}, known, make.policy(), make.now))


def _kinds(found: list[Finding]) -> list[str]:
    return [finding.kind for finding in found]


# when it was made, begins and ends, from now; what is said of it
TIMES = {
    "made now": (timedelta(0), None, 10 * DAY, []),
    "made a second from now": (SECOND, None, 10 * DAY, ["invalid"]),
    "begins now": (-DAY, timedelta(0), 10 * DAY, []),
    "begins a second from now": (-DAY, SECOND, 10 * DAY, []),
    "begins soon and ends soon": (-DAY, DAY, 2 * DAY, []),
    "ends in a week": (-DAY, None, 7 * DAY, ["expires-soon"]),
    "ends a second later": (-DAY, None, 7 * DAY + SECOND, []),
    "ended long ago": (-9 * DAY, None, -8 * DAY, ["invalid"]),
    "will end before it begins": (-DAY, 3 * DAY, 2 * DAY, ["invalid"]),
    "will last too long": (-DAY, DAY, 90 * DAY, ["invalid"]),
}


@pytest.mark.parametrize(("made", "starts", "ends", "kinds"), TIMES.values(), ids=TIMES)
def test_waiver_that_was_made_begins_and_ends(
    make: Any, made: timedelta, starts: timedelta | None, ends: timedelta, kinds: list[str]
) -> None:
    begins = None if starts is None else make.now + starts
    found = _lint(make, make.waiver(created=make.now + made, starts=begins, expires=make.now + ends))
    assert _kinds(found) == kinds


def test_mistake_in_a_waiver_that_waits_for_its_day_is_told_before_that_day(make: Any) -> None:
    (found,) = _lint(make, make.waiver(starts=make.now + DAY, approver="mallory"))
    assert (found.kind, found.error) == ("invalid", True)
    assert "mallory is not on the roster" in found.text.en


def test_waiver_of_an_item_that_was_not_judged_is_passed_over(make: Any) -> None:
    assert _lint(make, make.waiver(item="SEC-CFG-9", approver="mallory")) == []
    assert _kinds(_lint(make, make.waiver(item="SEC-CFG-9"), make.waiver(approver="mallory"))) == ["invalid"]


NEEDED = {
    "every host passes": ("pass", "pass", {}, ["not-needed"]),
    "one host still fails": ("pass", "fail", {}, []),
    "the other host still fails": ("fail", "pass", {"targets": ("web2",)}, ["not-needed"]),
    "it does not count anyway": ("pass", "pass", {"approver": "mallory"}, ["invalid"]),
    "it has yet to begin": ("pass", "pass", {"starts": timedelta(days=1)}, []),
}


@pytest.mark.parametrize(("one", "other", "fields", "kinds"), NEEDED.values(), ids=NEEDED)
def test_waiver_is_needed_until_its_hosts_pass(
    make: Any, one: str, other: str, fields: dict[str, Any], kinds: list[str]
) -> None:
    seen = [make.seen(one), make.seen(other, cell=make.cell(target="web2"))]
    moved = {name: make.now + value if isinstance(value, timedelta) else value for name, value in fields.items()}
    assert _kinds(_lint(make, make.waiver(**moved), seen=seen)) == kinds


def test_fingerprints_that_a_short_one_may_mean_are_told_in_order(make: Any) -> None:
    seen = frozenset(letter * 4 + end * 60 for letter in "ab" for end in "cdef0123")
    (found,) = _lint(make, make.waiver(fingerprints=("aaaa",)), known=seen)
    meant = ", ".join("aaaa" + end * 60 for end in "0123cdef")
    assert (found.step.en, found.step.ko) == (
        f"Write the fingerprint in full: {meant}",
        f"전체 식별값을 쓰십시오: {meant}",
    )
    (strange,) = _lint(make, make.waiver(fingerprints=("0000",)), known=frozenset({KNOWN}))
    assert strange.step.en == "Correct it in waivers.yaml, or remove it."
    assert strange.step.ko == "waivers.yaml에서 고치거나 삭제하십시오."


# the later waiver; whether it overlaps with one of web1 that lasts from yesterday for ten days more
OVERLAPS = {
    "of the same host": ({}, True),
    "of every host": ({"targets": ("*",)}, True),
    "of another item": ({"item": "SEC-CFG-2"}, False),
    "from the end of the first": ({"starts": 10 * DAY, "expires": 20 * DAY}, False),
    "from a second before the end": ({"starts": 10 * DAY - SECOND, "expires": 20 * DAY}, True),
    "that has just ended": ({"expires": timedelta(0)}, False),
    "that ends in a second": ({"expires": SECOND}, True),
}


@pytest.mark.parametrize(("fields", "overlap"), OVERLAPS.values(), ids=OVERLAPS)
def test_second_waiver(make: Any, fields: dict[str, Any], overlap: bool) -> None:
    moved = {name: make.now + value if isinstance(value, timedelta) else value for name, value in fields.items()}
    first, second = make.waiver(targets=("web1",)), make.waiver(id="W-2", **({"targets": ("web1",)} | moved))
    for both in ((first, second), (second, first)):
        told = [finding.text.en for finding in _lint(make, *both) if finding.kind == "overlap"]
        accepted = f"waivers {both[0].id} and {both[1].id} accept the same failure of SEC-CFG-1 on different terms"
        assert told == ([accepted] if overlap else [])


def test_waivers_of_what_was_never_checked_need_no_failure_that_was_seen(make: Any) -> None:
    unseen = make.waiver(fingerprints=("none",), covers=frozenset({State.NOT_VERIFIED}))
    assert _lint(make, unseen, outcome="skip") == []
    both = make.waiver(fingerprints=("none",), covers=frozenset({State.NOT_VERIFIED, State.FAIL}))
    assert _kinds(_lint(make, both, outcome="skip")) == ["matches-nothing"]
