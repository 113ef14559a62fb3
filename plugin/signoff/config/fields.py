"""Field types of the input files: durations, ratios, instants and secrets, each refused with what to write."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, SecretStr, WithJsonSchema

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(r"^(\d+)\s*([smhdw])$")


def parse_duration(value: object) -> timedelta:
    """Return the duration written as a whole number and one unit: `90s`, `15m`, `24h`, `30d`, `2w`.

    Raises:
        ValueError: for anything else; a bare number has no unit, and guessing one would be wrong half of the time.
    """
    if isinstance(value, timedelta):
        return value
    match = _DURATION.match(str(value).strip())
    if match is None:
        raise ValueError("not a duration; write a whole number and a unit, such as 90s, 15m, 24h, 30d or 2w")
    try:
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    except OverflowError:
        raise ValueError("longer than any duration can be; write fewer digits") from None


def format_duration(value: timedelta) -> str:
    """Return the shortest form that `parse_duration` reads back."""
    seconds = int(value.total_seconds())
    for unit, size in (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def parse_instant(value: object) -> datetime:
    """Return the UTC instant of an ISO 8601 text with an offset; naive times are refused.

    Raises:
        ValueError: no ISO 8601 instant, or no offset.
    """
    if isinstance(value, datetime):
        instant = value
    else:
        try:
            instant = datetime.fromisoformat(str(value))
        except ValueError:
            raise ValueError(
                "not an instant; write ISO 8601 with an offset, such as 2026-11-22T09:00:00+09:00"
            ) from None
    if instant.tzinfo is None:
        raise ValueError("has no offset; add Z or +09:00")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("outside of the calendar; write a year that somebody may live to see") from None


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones is no zone
        raise ValueError("unknown time zone; write an IANA name such as Asia/Seoul or UTC") from None
    return name


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d+\s*[smhdw]$", "examples": ["15m", "30d"]}),
]
Instant = Annotated[
    datetime,
    BeforeValidator(parse_instant),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Ratio = Annotated[float, Field(ge=0, le=1)]
Port = Annotated[int, Field(ge=1, le=65_535)]
SecretText = SecretStr
TimeZone = Annotated[str, AfterValidator(_zone)]
"""IANA name of a time zone that this machine knows."""
