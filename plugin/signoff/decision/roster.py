"""Who may decide what: people, their roles, and whether their key is the one on the roster."""

from __future__ import annotations

import base64
import binascii
import hashlib
import unicodedata
from typing import TYPE_CHECKING

from signoff.decision.notes import Why

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from signoff.model import Person


def find(roster: Sequence[Person], name: str) -> Person | None:
    """Return the person of that name, or None."""
    return next((person for person in roster if person.name == name), None)


def is_same(name: str, other: str) -> bool:
    """Return whether two spellings name one person: case, width and spaces make nobody somebody else."""
    return _plain(name) == _plain(other)


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def why_absent(roster: Sequence[Person], name: str, at: datetime) -> str:
    """Return why the person is not on the roster at the instant; empty if they are."""
    person = find(roster, name)
    if person is None:
        return Why.NOT_ON_ROSTER(who=name)
    if person.valid_from is not None and at < person.valid_from:
        return Why.NOT_YET_ON_ROSTER(who=name, since=person.valid_from.isoformat())
    if person.valid_until is not None and at >= person.valid_until:
        return Why.NO_LONGER_ON_ROSTER(who=name, until=person.valid_until.isoformat())
    return ""


def why_not(roster: Sequence[Person], name: str, role: str, at: datetime) -> str:
    """Return why the person may not act in the role at the instant; empty if they may."""
    person = find(roster, name)
    if person is not None and role not in person.roles:
        return Why.ROLE_NOT_HELD(who=name, role=role)
    return why_absent(roster, name, at)


def key_id(public_key: str) -> str:
    """Return the sha256 of the raw key bytes of a base64 key, in hexadecimal; empty for no or an unreadable key."""
    try:
        raw = base64.b64decode(public_key, validate=True)
    except binascii.Error:
        return ""
    return hashlib.sha256(raw).hexdigest() if raw else ""
