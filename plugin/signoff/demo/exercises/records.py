"""The forms in which exercises are written down."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg

from signoff.demo.layout import DemoError, load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signoff.demo.layout import Layout

PERFORMED_BY = "the embedded environment, while it was started"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step of an exercise, and how long it took."""

    name: str
    passed: bool
    seconds: float


@dataclass(slots=True)
class Drill:
    """A rehearsal in progress; each step is timed as it is made."""

    kind: str
    environment: str
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    steps: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what happens inside.

        Raises:
            DemoError: the step failed, and is written down as such; whether the drill goes on is the caller's choice.
        """
        clock, passed = time.monotonic(), False
        try:
            yield
            passed = True
        except psycopg.Error as error:
            raise DemoError(f"{name}: {error}") from error
        finally:
            self.steps.append(Step(name=name, passed=passed, seconds=round(time.monotonic() - clock, 3)))

    def record(self, layout: Layout, *, seconds: float, downtime_seconds: float) -> dict[str, Any]:
        """Return what was done, for the file."""
        commit = load(layout).commit
        return {
            "schema_version": 1,
            "kind": self.kind,
            "release": f"1.0.0+{commit[:7]}",
            "commit": commit,
            "environment": self.environment,
            "performed_at": instant(self.started),
            "finished": instant(datetime.now(UTC)),
            "passed": all(step.passed for step in self.steps),
            "seconds": round(seconds, 3),
            "downtime_seconds": round(downtime_seconds, 3),
            "participants": [PERFORMED_BY],
            "steps": [asdict(step) for step in self.steps],
        }


def instant(at: datetime) -> str:
    """Return the UTC instant as every record writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
