"""A central log kept as files of JSON lines, one per host, read on the machine that collects them."""

from __future__ import annotations

import json
import shlex
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_TAIL_LINES = 200
"""Lines from the end among which the newest that can be read is looked for: a stack trace may follow it."""
_MAX_FOUND = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class NewestLine:
    """The newest line of one host, against the clock of the machine that collects."""

    host: str
    at: datetime | None
    """None: the host has no file, or none of its last lines has a readable time."""
    age: timedelta | None
    """Negative if the host's clock is ahead."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Lines that a search found, and how long it took until the first of them was there."""

    lines: tuple[Mapping[str, Any], ...]
    seconds: float


class CentralLog:
    """The files of one collector.

    Args:
        host: The connected testinfra host that keeps the files.
        path: Path of one host's file, with `{host}` where its name stands; relative ones start at the login folder.
        time_field: Field with the instant, ISO 8601 with an offset.
    """

    def __init__(self, host: Any, path: str, *, time_field: str = "ts") -> None:
        self._host = host
        self._path = path
        self._time_field = time_field

    def newest(self, hosts: Sequence[str]) -> tuple[NewestLine, ...]:
        """Return each host's newest line, by one command.

        Raises:
            NotVerifiedError: the collector's clock cannot be read.
        """
        parts = [
            f"echo; echo @@{number}; tail -n {_TAIL_LINES} -- {shlex.quote(self._path.format(host=name))}"
            for number, name in enumerate(hosts)
        ]
        output = self._host.run(f"date +%s; {{ {'; '.join(parts)}; }} 2>/dev/null").stdout
        clock, _, rest = output.partition("\n")
        if not clock.isdigit():
            raise NotVerifiedError("the collector's clock cannot be read: date +%s gave no number")
        now = datetime.fromtimestamp(int(clock), UTC)
        tails = [tail.partition("\n")[2] for tail in rest.split("\n@@")[1:]]
        return tuple(self._newest(name, tail, now) for name, tail in zip(hosts, tails, strict=True))

    def search(
        self,
        text: str,
        *,
        within: float,
        pause: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Found:
        """Look for a text in all hosts' files until it is there, for `within` seconds at most.

        Raises:
            NotVerifiedError: grep cannot read the files.
        """
        pattern = "*".join(shlex.quote(part) if part else "" for part in self._path.split("{host}"))
        command = f"grep -h -F -m {_MAX_FOUND} -e {shlex.quote(text)} -- {pattern}"
        started = time.monotonic()
        while True:
            result = self._host.run(command)
            elapsed = time.monotonic() - started
            lines = [record for line in result.stdout.splitlines() if (record := _record(line)) is not None]
            if lines or elapsed >= within:
                break
            sleep(pause)
        if not lines and result.rc > 1:
            raise NotVerifiedError(f"the central log cannot be searched: {result.stderr.strip()[:200]}")
        return Found(lines=tuple(lines), seconds=elapsed)

    def _newest(self, host: str, tail: str, now: datetime) -> NewestLine:
        instants = [at for line in tail.splitlines() if (at := self._instant(line)) is not None]
        newest = max(instants, default=None)
        return NewestLine(host=host, at=newest, age=now - newest if newest else None)

    def _instant(self, line: str) -> datetime | None:
        record = _record(line)
        try:
            at = datetime.fromisoformat(str(record[self._time_field])) if record else None
        except (KeyError, ValueError):
            return None
        return at.astimezone(UTC) if at is not None and at.tzinfo is not None else None


def _record(line: str) -> Mapping[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
