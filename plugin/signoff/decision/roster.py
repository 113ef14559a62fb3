"""Who may decide what: people, their roles, and whether their key is the one on the roster."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from signoff.model import Person


def find(roster: Sequence[Person], name: str) -> Person | None:
    """Return the person of that name, or None."""
    return next((person for person in roster if person.name == name), None)


def why_not(roster: Sequence[Person], name: str, role: str, at: datetime) -> str:
    """Return why the person may not act in the role at the instant; empty if they may."""
    person = find(roster, name)
    if person is None:
        return f"{name} is not on the roster"
    if role not in person.roles:
        return f"{name} does not hold the role {role}"
    if person.valid_from is not None and at < person.valid_from:
        return f"{name} is on the roster only from {person.valid_from.isoformat()}"
    if person.valid_until is not None and at >= person.valid_until:
        return f"{name} was on the roster only until {person.valid_until.isoformat()}"
    return ""


def key_id(public_key: str) -> str:
    """Return the sha256 of the raw key bytes of a base64 key, in hexadecimal; empty for no or an unreadable key."""
    try:
        raw = base64.b64decode(public_key, validate=True)
    except binascii.Error:
        return ""
    return hashlib.sha256(raw).hexdigest() if raw else ""
