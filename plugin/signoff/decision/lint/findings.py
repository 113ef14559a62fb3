"""One thing that `signoff lint` says of the records, in both languages, with its place and the next step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from signoff.model import Text

SOON = timedelta(days=7)
"""How long before its end something is announced."""

Kind = Literal[
    "invalid",
    "contradiction",
    "matches-nothing",
    "not-needed",
    "expires-soon",
    "overlap",
    "other-release",
    "no-evidence",
    "roster",
    "ignored-action",
    "action-missing",
    "short-secret",
    "unknown-signer",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One finding."""

    kind: Kind
    error: bool
    """Whether a record says something that does not count; otherwise it is a warning."""
    place: str
    """`file:line` where it is written, or what it is about."""
    subject: str
    """Waiver id, item or person."""
    text: Text
    step: Text
    """What to do next."""


def order(found: Finding) -> tuple[bool, str, str, str]:
    """Return the key by which findings are listed: errors first, then by place."""
    return not found.error, found.place, found.subject, found.kind
