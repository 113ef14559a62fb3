"""Rows of two stores side by side: which keys have no source, whether they are the same, and how old the newest is.

Values are compared in one form for all stores, and only counts and digests are told.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Rows = Sequence[Sequence[Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Two lists of rows, as sets in which a row may be there several times."""

    left: int
    """Rows on this side."""
    right: int
    only_left: int
    """Rows that the other side lacks."""
    only_right: int
    left_digest: str
    """SHA-256 over all rows of the side, whatever their order."""
    right_digest: str


def compare(left: Rows, right: Rows) -> Comparison:
    """Return in how many rows the sides differ.

    Raises:
        NotVerifiedError: rows of different widths: these are two different questions.
    """
    widths = {len(row) for row in (*left, *right)}
    if len(widths) > 1:
        raise NotVerifiedError("the two sides have different numbers of columns; ask both for the same ones")
    one, other = Counter(map(_told, left)), Counter(map(_told, right))
    return Comparison(
        left=len(left),
        right=len(right),
        only_left=(one - other).total(),
        only_right=(other - one).total(),
        left_digest=_digest(one.elements()),
        right_digest=_digest(other.elements()),
    )


def newest(rows: Rows, *, now: datetime) -> timedelta:
    """Return the age of the one instant in the rows; without an offset it is one in UTC.

    Raises:
        NotVerifiedError: not one instant, none at all, or one that lies in the future by more than five minutes.
    """
    values = [row[0] for row in rows if len(row) == 1]
    if len(rows) != 1 or len(values) != 1 or not isinstance(values[0], datetime):
        raise NotVerifiedError("not one instant; write one SELECT of one timestamp, such as max(created_at)")
    at = values[0] if values[0].tzinfo else values[0].replace(tzinfo=UTC)
    if at > now + timedelta(minutes=5):
        raise NotVerifiedError(f"the newest row is of {at:%Y-%m-%d %H:%M} UTC, in the future; correct the clock")
    return max(now - at, timedelta())


def _told(row: Sequence[Any]) -> bytes:
    return hashlib.sha256("\x1f".join(map(canonical, row)).encode()).digest()


def _digest(rows: Iterable[bytes]) -> str:
    whole = hashlib.sha256()
    for row in sorted(rows):
        whole.update(row)
    return whole.hexdigest()


def canonical(value: Any) -> str:
    """Return the value in the form that it has in every store."""
    match value:
        case None:
            return "\x00"
        case bool() | int() | float() | Decimal():
            return _number(Decimal(int(value) if isinstance(value, bool) else str(value)))
        case datetime():
            moment = value if value.tzinfo else value.replace(tzinfo=UTC)
            return moment.astimezone(UTC).isoformat(timespec="microseconds")
        case date() | time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case _:
            return str(value)


def _number(number: Decimal) -> str:
    if not number.is_finite():
        return str(number)
    return f"{number.normalize():f}" if number else "0"
