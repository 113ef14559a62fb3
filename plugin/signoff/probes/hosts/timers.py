"""When a systemd timer was last due, by the host's own systemd."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from signoff.errors import NotVerifiedError

_CALENDAR = re.compile(r"OnCalendar=(?P<expression>[^;]+?) ;")
_ELAPSE = re.compile(r"^\s*(?:Next elapse|Iter\. #\d+|Iteration #\d+): \w{3} (?P<at>\S+ \S+) UTC$", re.MULTILINE)
_IN_UTC = re.compile(r"^\s*\(in UTC\): \w{3} (?P<at>\S+ \S+) UTC$", re.MULTILINE)
_NEVER = re.compile(r"^\s*Next elapse: never$", re.MULTILINE)
_ITERATIONS = 1000
_WINDOWS = (timedelta(hours=4), timedelta(days=2), timedelta(days=14), timedelta(days=120), timedelta(days=800))
"""How far back is asked, the nearest first, each within ten times of the one before; yearly timers need the last."""
_ASK = "systemd-analyze calendar --iterations=%s --base-time=%s %s"


@dataclass(frozen=True, kw_only=True, slots=True)
class Timer:
    """One timer unit."""

    host: Any
    name: str
    active: bool
    """Whether it waits for its next time; one that was stopped or disabled starts nothing."""
    expressions: tuple[str, ...]

    def previous(self, now: datetime, count: int = 1) -> tuple[datetime, ...]:
        """Return the last `count` UTC instants at which it was due no later than `now`, newest first.

        Raises:
            NotVerifiedError: it was due less often within the last two years, or systemd cannot compute it.
        """
        for window in _WINDOWS:
            found = self._elapses(now - window, now)
            if len(found) >= count:
                return tuple(reversed(found[-count:]))
        raise NotVerifiedError(f"{self.name}: not due {count} times within two years; lower schedule.runs")

    def _elapses(self, since: datetime, until: datetime) -> list[datetime]:
        found: set[datetime] = set()
        for expression in self.expressions:
            base = f"{since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
            mine = _instants(self.host.check_output(_ASK, str(_ITERATIONS), base, expression))
            if len(mine) == _ITERATIONS and mine[-1] <= until:
                raise NotVerifiedError(f"{self.name}: due more often than can be counted; write the schedule as cron")
            found.update(at for at in mine if at <= until)
        return sorted(found)


def read_timer(host: Any, name: str) -> Timer:
    """Return the timer.

    Raises:
        NotVerifiedError: there is none of that name, or it has no OnCalendar.
    """
    unit = name if name.endswith(".timer") else f"{name}.timer"
    shown = host.check_output("systemctl show --property=LoadState,ActiveState,TimersCalendar -- %s", unit)
    values: dict[str, list[str]] = {}
    for line in shown.splitlines():
        key, _, value = line.partition("=")
        values.setdefault(key, []).append(value)
    if values.get("LoadState") != ["loaded"]:
        raise NotVerifiedError(f"{unit}: systemd knows no such timer; correct its name")
    calendars = values.get("TimersCalendar", [])
    expressions = tuple(match["expression"] for text in calendars for match in _CALENDAR.finditer(text))
    if not expressions:
        raise NotVerifiedError(f"{unit}: it has no OnCalendar; write the schedule as cron, or give the timer one")
    return Timer(host=host, name=unit, active=values.get("ActiveState") == ["active"], expressions=expressions)


def _instants(text: str) -> list[datetime]:
    """Return the elapses; on a host that is not in UTC each is followed by the same instant in UTC."""
    found = [match["at"] for match in _IN_UTC.finditer(text)] or [match["at"] for match in _ELAPSE.finditer(text)]
    if not found and not _NEVER.search(text):
        raise NotVerifiedError(f"systemd-analyze calendar answers in another form: {text[:100]!r}")
    return sorted(datetime.fromisoformat(at).replace(tzinfo=UTC) for at in found)
