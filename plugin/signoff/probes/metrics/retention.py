"""For how long Prometheus keeps its samples, as it says itself: by time, by size, or by both."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from signoff.errors import NotVerifiedError
from signoff.probes.metrics.prometheus import parse_seconds

_SIZE = re.compile(r"[0-9.]+\s?[KMGTPE]?i?B")


@dataclass(frozen=True, kw_only=True, slots=True)
class Retention:
    """When samples are thrown away: whichever limit is reached first."""

    time: timedelta | None
    """None: age alone is no reason."""
    by_size: str
    """Such as `100GB`; empty: size alone is no reason."""

    def __str__(self) -> str:
        """Return `15 days, 0:00:00 or 100GB`."""
        return " or ".join(filter(None, (str(self.time) if self.time is not None else "", self.by_size)))


def read_retention(text: str) -> Retention:
    """Return what `storageRetention` means: `15d`, `100GB` or `15d or 100GB`.

    Raises:
        NotVerifiedError: something else, or nothing.
    """
    time, size = None, ""
    for part in filter(None, (part.strip() for part in text.split(" or "))):
        seconds = parse_seconds(part)
        if seconds is not None:
            time = timedelta(seconds=seconds)
        elif _SIZE.fullmatch(part):
            size = part
        else:
            raise NotVerifiedError(f"Prometheus: keeps its samples for {part!r}, which is not known here")
    if time is None and not size:
        raise NotVerifiedError("Prometheus: does not say for how long it keeps its samples; which version is this?")
    return Retention(time=time, by_size=size)
