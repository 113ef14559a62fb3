"""What every package manager's answer about updates comes down to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from signoff.probes.hosts.sections import Section


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """One security update that is not installed."""

    name: str
    candidate: str
    """The version that waits."""
    source: str
    """Where it comes from, as the package manager names it."""
    since: datetime | None
    """It is no older than this; None: nothing is known of its age."""

    def __str__(self) -> str:
        """Return `name version`."""
        return f"{self.name} {self.candidate}".strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One package manager's whole answer."""

    pending: tuple[Pending, ...]
    sources: tuple[str, ...]
    listed_at: float | None
    """Seconds since 1970; None: never."""


def seconds(answers: Mapping[str, Section], name: str) -> list[float]:
    """Return the numbers that stand alone on the lines of an answer; none if it is missing."""
    lines = answers[name].text.splitlines() if name in answers else []
    return [float(line) for line in map(str.strip, lines) if line.isdecimal()]
