"""Lint of the roster: who can sign and attest, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.decision.lint.people import lint
from signoff.model import Method, Person

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.decision.lint.findings import Finding

SECOND = timedelta(seconds=1)


def _lint(make: Any, attested: Sequence[Any] = (), **fields: Any) -> list[Finding]:
    return list(lint(make.policy(**fields), attested, make.now))


def _person(name: str, *roles: str, key: str = "", **fields: Any) -> Person:
    return Person(name=name, roles=frozenset(roles), public_key=key or f"key of {name}", **fields)


def test_end_of_a_right_is_announced_a_week_before_it(make: Any) -> None:
    spans = {-SECOND: 0, timedelta(0): 0, SECOND: 1, timedelta(days=7): 1, timedelta(days=7) + SECOND: 0}
    told = {}
    for span in spans:
        leaving = _person("tom", "tech", valid_until=make.now + span, place="policy.yaml:9")
        found = _lint(make, roster=(*make.people(), leaving))
        told[span] = len(found)
        assert all((f.error, f.place, f.subject) == (False, "policy.yaml:9", "tom") for f in found)
    assert told == spans


# from when and until when eva's right holds, from now; whether she can sign
RIGHTS = {
    "always": (None, None, True),
    "from now": (timedelta(0), None, True),
    "from the next second": (SECOND, None, False),
    "until now": (None, timedelta(0), False),
    "until the next month": (-SECOND, timedelta(days=30), True),
}


@pytest.mark.parametrize(("since", "until", "can"), RIGHTS.values(), ids=RIGHTS)
def test_right_to_sign_and_to_attest_holds(
    make: Any, since: timedelta | None, until: timedelta | None, can: bool
) -> None:
    tina, quinn, eva, *_ = make.people()
    begins, ends = (None if span is None else make.now + span for span in (since, until))
    roster = (tina, quinn, replace(eva, valid_from=begins, valid_until=ends))
    item = make.item(method=Method.EXAMINE)
    found = _lint(make, [item], roster=roster, attesting={item.id: frozenset({"executive"})})
    assert [(f.kind, f.error, f.place, f.subject) for f in found] == (
        [] if can else [("roster", True, "roster", "executive"), ("roster", False, "roster", item.id)]
    )


# who holds tech, qa and executive; whether different people can sign them all
SPREAD = {
    "three people": ([("tina", "tech"), ("quinn", "qa"), ("eva", "executive")], True),
    "one may sign two, and need not": ([("tina", "tech", "qa"), ("quinn", "qa"), ("eva", "executive")], True),
    "two people": ([("tina", "tech", "qa"), ("eva", "executive")], False),
    "two for three roles": ([("tina", "tech", "qa"), ("quinn", "qa", "executive"), ("eva", "other")], False),
}


@pytest.mark.parametrize(("people", "can"), SPREAD.values(), ids=SPREAD)
def test_different_people_can_sign(make: Any, people: list[tuple[str, ...]], can: bool) -> None:
    found = _lint(make, roster=tuple(_person(name, *roles) for name, *roles in people))
    told = [(f.kind, f.error, f.place, f.subject) for f in found]
    assert told == ([] if can else [("roster", True, "roster", "tech, qa, executive")])


def test_two_names_with_one_key_are_one_person(make: Any) -> None:
    roster = (_person("tina", "tech"), _person("quinn", "qa"), _person("eva", "executive", key="key of tina"))
    assert "cannot all be signed by different people" in _lint(make, roster=roster)[0].text.en


# whether statements must be signed; the key of the only auditor; what is said
ATTESTERS = {
    "unsigned, without a key": (False, "", ""),
    "unsigned, with a key": (False, "key", ""),
    "signed, with a key": (True, "key", ""),
    "signed, without a key": (True, "", "nobody on the roster can attest SEC-CFG-1: that takes a role of auditor"),
}


@pytest.mark.parametrize(("signed", "key", "words"), ATTESTERS.values(), ids=ATTESTERS)
def test_auditor_can_attest(make: Any, signed: bool, key: str, words: str) -> None:
    auditor = Person(name="ada", roles=frozenset({"auditor"}), public_key=key)
    fields = {"attestations_signed": signed, "attesting": {"SEC-CFG-1": frozenset({"auditor"})}}
    found = _lint(make, [make.item()], roster=(*make.people(), auditor), **fields)
    assert [f.text.en for f in found] == ([f"{words} and a key"] if words else [])
    assert [f.text.ko for f in found] == (
        ["SEC-CFG-1을(를) 증명할 수 있는 사람이 없음: auditor 역할과 키"] if words else []
    )


def test_roles_that_may_attest_are_named_in_order(make: Any) -> None:
    names = [f"role-{letter}" for letter in "hgfedcba"]
    (found,) = _lint(make, [make.item()], attesting={"SEC-CFG-1": frozenset(names)})
    assert found.text.en.endswith(f"that takes a role of {', '.join(sorted(names))}")
    assert found.text.ko.endswith(f"{', '.join(sorted(names))} 역할")
