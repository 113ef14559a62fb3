"""Durations as log servers write them: `744h`, `30d`, `2w3d`, `720h0m0s`, `1y`."""

from __future__ import annotations

import re
from datetime import timedelta

from signoff.errors import NotVerifiedError

_SECONDS = {
    "nanos": 1e-9,
    "micros": 1e-6,
    "ms": 1e-3,
    "s": 1,
    "m": 60,
    "h": 3_600,
    "d": 86_400,
    "w": 604_800,
    "y": 31_536_000,
}
_PART = re.compile(r"(\d+(?:\.\d+)?)(nanos|micros|ms|s|m|h|d|w|y)")


def parse(text: str) -> timedelta:
    """Return the duration; `0`, `0s` and nothing at all are zero.

    Raises:
        NotVerifiedError: it is none.
    """
    plain = text.strip()
    if plain in {"", "0"}:
        return timedelta()
    parts = _PART.findall(plain)
    if "".join(number + unit for number, unit in parts) != plain:
        raise NotVerifiedError(f"{plain[:40]!r} is no duration; which version is this?")
    return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in parts))
