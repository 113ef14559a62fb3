"""Instants and durations as people read them, in the project's time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from datetime import tzinfo

    from signoff.reports.messages import Messages

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


def zone(name: str) -> tzinfo:
    """Return the time zone, or UTC if this machine does not know the name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def shown(instant: datetime, where: tzinfo) -> str:
    """Return `2025-06-27 14:00 +09:00`; the offset is always written, `UTC` for none."""
    local = instant.astimezone(where)
    offset = local.strftime("%z")
    suffix = "UTC" if offset == "+0000" else f"{offset[:3]}:{offset[3:5]}"
    return f"{local:%Y-%m-%d %H:%M} {suffix}"


def machine(instant: datetime) -> str:
    """Return the instant in UTC as RFC 3339, to the second unless it has a fraction: `2025-06-27T05:00:00Z`."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def span(duration: timedelta, messages: Messages) -> str:
    """Return the duration in its largest whole unit: `5 min`, `14 days`."""
    for unit, key in ((_DAY, "days"), (_HOUR, "hours"), (_MINUTE, "minutes")):
        if duration >= unit and not duration % unit:
            return messages(f"span.{key}", n=duration // unit)
    return messages("span.seconds", n=round(duration.total_seconds()))


def remaining(until: datetime, now: datetime, messages: Messages) -> str:
    """Return how long something still holds: whole days, then hours, or that it has ended."""
    left = until - now
    if left <= timedelta(0):
        return messages("span.over")
    if left < _DAY:
        return messages("span.left_hours", n=left // _HOUR)
    return messages("span.left_days", n=left // _DAY)
