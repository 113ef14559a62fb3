"""Roster: who may act in which role, when, and with which key."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import Any

import pytest

from signoff.decision import roster
from signoff.model import Person

SECOND = timedelta(seconds=1)
# on the roster from, until, asked about; in seconds from now
TERMS = {
    "always": (None, None, 0, ""),
    "before their first instant": (0, 10, -1, "is on the roster only from 2026-06-01T12:00:00+00:00"),
    "at their first instant": (0, 10, 0, ""),
    "between": (0, 10, 5, ""),
    "just before the end": (0, 10, 9, ""),
    "at the end": (0, 10, 10, "was on the roster only until 2026-06-01T12:00:10+00:00"),
    "long after": (None, 10, 99, "was on the roster only until 2026-06-01T12:00:10+00:00"),
}


@pytest.mark.parametrize(("since", "until", "at", "why"), TERMS.values(), ids=TERMS)
def test_person_may_act_from_their_first_instant_up_to_their_last(
    make: Any, since: int | None, until: int | None, at: int, why: str
) -> None:
    person = Person(
        name="tina",
        roles=frozenset({"tech"}),
        valid_from=None if since is None else make.now + since * SECOND,
        valid_until=None if until is None else make.now + until * SECOND,
    )
    said = f"tina {why}" if why else ""
    instant = make.now + at * SECOND
    assert roster.why_absent((person,), "tina", instant) == said
    assert roster.why_not((person,), "tina", "tech", instant) == said


def test_role_and_name_must_be_those_of_the_roster(make: Any) -> None:
    people = make.people()
    assert roster.why_not(people, "tina", "qa", make.now) == "tina does not hold the role qa"
    assert roster.why_not(people, "Tina", "tech", make.now) == "Tina is not on the roster"


SPELLINGS = {
    "itself": ("Tina Lee", True),
    "other case": ("tina LEE", True),
    "full width": ("\uff34\uff49\uff4e\uff41\u3000\uff2c\uff45\uff45", True),
    "more spaces": ("  Tina   Lee ", True),
    "without its space": ("TinaLee", False),
    "somebody else": ("Tina Leo", False),
}


@pytest.mark.parametrize(("other", "same"), SPELLINGS.values(), ids=SPELLINGS)
def test_spelling_makes_nobody_somebody_else(other: str, same: bool) -> None:
    assert roster.is_same("Tina Lee", other) is same


KEYS = {"none": "", "not base64": "tina's key", "with something else in it": "QUJD!QUJD", "cut short": "QUJDR"}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_key_that_cannot_be_read_has_no_id(key: str) -> None:
    assert roster.key_id(key) == ""


def test_id_of_a_key_is_the_digest_of_its_bytes() -> None:
    assert roster.key_id(base64.b64encode(b"k" * 32).decode()) == hashlib.sha256(b"k" * 32).hexdigest()
