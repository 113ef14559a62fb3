"""A small cron: runs the jobs of backup1's crontab when they are due.

Run as `python -m signoff.demo.backup_scheduler DIR`. The crontab is read again every time, so that a changed or removed
line counts at once. A job that fails is reported and does not stop the others.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cronsim import CronSim

from signoff.demo import backups
from signoff.demo.layout import Layout

_ENTRY = re.compile(r"^(?P<schedule>(?:[^\s#=]+\s+){5})(?P<command>.+)$")
_PAUSE = 1.0
_JOB_SECONDS = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One line: five fields in UTC, and a command for the shell."""

    schedule: str
    command: str


def read(text: str) -> list[Job]:
    """Return the jobs of a crontab; comments and variables are passed over."""
    matches = [_ENTRY.match(line) for line in text.splitlines()]
    return [Job(schedule=match["schedule"].strip(), command=match["command"].strip()) for match in matches if match]


def due(jobs: list[Job], after: datetime, until: datetime) -> list[Job]:
    """Return the jobs that fire later than `after` and no later than `until`, each once however often it would have."""
    return [job for job in jobs if next(CronSim(job.schedule, after)) <= until]


def run(job: Job, home: Path) -> None:
    """Run the job to its end, and say how it went."""
    started = time.monotonic()
    done = subprocess.run(
        ["/bin/sh", "-c", job.command],
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        timeout=_JOB_SECONDS,
    )
    outcome = "ok" if done.returncode == 0 else f"ERROR {done.returncode}: {done.stderr.strip()[-500:]}"
    print(f"{job.command}: {outcome} ({time.monotonic() - started:.1f} s)", flush=True)  # noqa: T201 - its log


def main(layout: Layout) -> None:
    """Run jobs until stopped."""
    home = layout.host("backup1")
    last = datetime.now(UTC)
    while True:
        time.sleep(_PAUSE)
        now = datetime.now(UTC)
        for job in due(read(backups.crontab(layout).read_text(encoding="utf-8")), last, now):
            run(job, home)
        last = now


if __name__ == "__main__":
    main(Layout(Path(sys.argv[1])))
