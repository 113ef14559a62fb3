"""How long to wait before another try: as the service asks, else longer each time, and never for long."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signoff.publish.answers import Reply

WAIT_LIMIT = 90.0
"""Seconds that one request may wait in all; a service that wants more is left until the next run."""


def pause_before(number: int, reply: Reply | None) -> float:
    """Return the seconds to wait after try `number` (from 1)."""
    asked = None if reply is None else _seconds(reply.header("Retry-After"))
    return float(2 ** (number - 1)) if asked is None else asked


def _seconds(text: str) -> float | None:
    """Return what the header asks for, a number of seconds or a date; None if it asks for nothing readable."""
    if text.strip().isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
