"""When a job in a crontab was last due."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

_NAMED = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_ENTRY = re.compile(r"^(?P<when>@\w+|(?:\S+\s+){4}\S+)\s+(?P<command>.+)$")
_VARIABLE = re.compile(r"^(?P<name>\w+)\s*=\s*(?P<value>.*)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One line of a crontab, with the time zone that applies to it."""

    schedule: str
    """Five fields."""
    zone: tzinfo
    line: str

    def previous(self, now: datetime, count: int = 1) -> tuple[datetime, ...]:
        """Return the last `count` UTC instants at which the job was due before `now`, newest first.

        Raises:
            NotVerifiedError: it was not due that often within the last fifty years.
        """
        firings = CronSim(self.schedule, now.astimezone(self.zone), reverse=True)
        found = tuple(at.astimezone(UTC) for at in islice(firings, count))
        if len(found) < count:
            raise NotVerifiedError(f"schedule {self.schedule!r} has no computable time; write one that comes round")
        return found


def read_crontab(host: Any, path: str = "") -> str:
    """Return a crontab of the host: the file, or the login account's own.

    Raises:
        NotVerifiedError: it cannot be read.
    """
    return str(host.check_output("cat -- %s", path) if path else host.check_output("crontab -l"))


def zone_of(host: Any) -> str:
    """Return the IANA name of the host's time zone, by which its cron fires.

    Raises:
        NotVerifiedError: the host does not say.
    """
    found = host.run("readlink -f /etc/localtime", read_only=True).stdout.strip()
    _, mark, name = found.partition("/zoneinfo/")
    if not mark:
        named = host.run("cat /etc/timezone", read_only=True).stdout.strip()
        if not named:
            raise NotVerifiedError("the host does not say in which time zone it is; write schedule.timezone")
        return str(named)
    return str(name)


def find_job(crontab: str, command: str, *, zone: Callable[[], str]) -> Job:
    """Return the one job whose line contains the text.

    Args:
        crontab: The file's content; a user column does not matter.
        command: Part of the command line that no other job has.
        zone: Says the host's time zone; `CRON_TZ` in the file wins, and then nobody is asked.

    Raises:
        NotVerifiedError: none or several such jobs, or a schedule that cannot be computed.
    """
    jobs: list[tuple[str, str, str]] = []
    own = ""
    for line in map(str.strip, crontab.splitlines()):
        if not line or line.startswith("#"):
            continue
        if variable := _VARIABLE.match(line):
            own = variable["value"].strip("\"' ") if variable["name"] == "CRON_TZ" else own
        elif (entry := _ENTRY.match(line)) and command in entry["command"]:
            jobs.append((entry["when"], own, line))
    if len(jobs) != 1:
        raise NotVerifiedError(f"{len(jobs)} cron jobs run {command!r}; name a text that exactly one line contains")
    ((when, own, line),) = jobs
    return make_job(when, own or zone(), line=line)


def make_job(when: str, zone: str, *, line: str = "") -> Job:
    """Return a job by its schedule alone.

    Raises:
        NotVerifiedError: the schedule or the zone cannot be computed.
    """
    schedule = _NAMED.get(when.lower(), when)
    try:
        CronSim(schedule, datetime.now(UTC))
        return Job(schedule=schedule, zone=ZoneInfo(zone), line=line)
    except CronSimError as error:
        raise NotVerifiedError(f"schedule {when!r} has no computable time: {error}; write five fields") from error
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise NotVerifiedError(f"unknown time zone {zone!r}; write an IANA name such as Asia/Seoul") from error
