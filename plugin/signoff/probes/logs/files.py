"""A central log kept as files of JSON lines, one per host, read on the machine that collects them."""

from __future__ import annotations

import json
import shlex
import time
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.logs import rotation
from signoff.probes.logs.model import Found, Keeping, LogAlert, NewestLine, OldestLine, Volume, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_TAIL_LINES = 200
"""Lines from the end among which the newest that can be read is looked for: a stack trace may follow it."""
_HEAD_LINES = 50
_RECENT = timedelta(minutes=15)
_SERVICE_LINES = 20
_MAX_FOUND = 5
_NUMBERS = 6
"""Columns of `df -P`, the last of which is where the volume is mounted."""


class FileLog:
    """The files of one collector.

    Args:
        host: The connected testinfra host that keeps the files.
        path: Path of one host's file, with `{host}` where its name stands; relative ones start at the login folder.
        time_field: Field with the instant, ISO 8601 with an offset.
        received_field: Field with the instant at which the collector took the line; empty: there is none.
        service_field: Field with the service.
        hosts: All hosts whose files there must be, for what is asked of each file.
        rotation_file: Configuration of logrotate for the files; empty: unknown.
        views: Paths of programs that answer standing questions.
    """

    def __init__(  # noqa: PLR0913 - one log, described once
        self,
        host: Any,
        path: str,
        *,
        time_field: str = "ts",
        received_field: str = "",
        service_field: str = "service",
        hosts: Sequence[str] = (),
        rotation_file: str = "",
        views: Sequence[str] = (),
    ) -> None:
        self._host = host
        self._path = path
        self._time_field = time_field
        self._received_field = received_field
        self._service_field = service_field
        self._hosts = tuple(hosts)
        self._rotation_file = rotation_file
        self._views = tuple(views)

    def newest(self, hosts: Sequence[str], services: Sequence[str] = ()) -> tuple[NewestLine, ...]:
        """Return each host's and each service's newest line, by one command.

        Raises:
            NotVerifiedError: the collector's clock cannot be read.
        """
        tails = [f"tail -n {_TAIL_LINES} -- {self._file(name)}" for name in hosts]
        found = self._records([*tails, *(self._lines_of(name) for name in services)])
        names = [*hosts, *(f"service {name}" for name in services)]
        return tuple(self._newest(name, *one) for name, one in zip(names, found, strict=True))

    def search(
        self, text: str, *, within: float, pause: float = 1.0, sleep: Callable[[float], None] = time.sleep
    ) -> Found:
        """Look for a text in all hosts' files until it is there, for `within` seconds at most.

        Raises:
            NotVerifiedError: grep cannot read the files.
        """
        command = f"grep -h -F -m {_MAX_FOUND} -e {shlex.quote(text)} -- {self._every_file()}"
        last: list[Any] = []

        def ask() -> list[Mapping[str, Any]]:
            last[:] = [self._host.run(command)]
            return [record for line in last[0].stdout.splitlines() if (record := _record(line)) is not None]

        found = wait_for(ask, within=within, pause=pause, sleep=sleep)
        if not found.lines and last[0].rc > 1:
            raise NotVerifiedError(f"the central log cannot be searched: {last[0].stderr.strip()[:200]}")
        return found

    def keeping(self) -> tuple[Keeping, ...]:
        """Return what logrotate's configuration says of the files.

        Raises:
            NotVerifiedError: no configuration is named or readable, or it says nothing about these files or in days.
        """
        if not self._rotation_file:
            raise NotVerifiedError("nobody says what removes old files; write `rotation:`, the file for logrotate")
        text = self._host.run_expect([0], f"cat -- {shlex.quote(self._rotation_file)}").stdout
        keeps = rotation.keeps(text, self._path.format(host="any"))
        return (Keeping(what=self._path, keeps=keeps, source=self._rotation_file),)

    def oldest(self) -> tuple[OldestLine, ...]:
        """Return the oldest line of each host, in rotated and compressed files too."""
        commands = [
            f'f=$(ls -1tr -- {self._file(name)}* | head -n 1); [ -n "$f" ] && '
            f'case "$f" in *.gz) gzip -cd -- "$f";; *) cat -- "$f";; esac | head -n {_HEAD_LINES}'
            for name in self._hosts
        ]
        found = []
        for name, (records, now) in zip(self._hosts, self._records(commands), strict=True):
            first = min((at for one in records if (at := _instant(one, self._time_field))), default=None)
            found.append(OldestLine(what=name, age=now - first if first else None))
        return tuple(found)

    def volumes(self) -> tuple[Volume, ...]:
        """Return the file system that the files are on: its space and its inodes.

        Raises:
            NotVerifiedError: df cannot tell.
        """
        folder = shlex.quote(str(PurePosixPath(self._path.partition("{host}")[0] + "x").parent))
        output = self._host.run_expect([0], f"df -P -k -- {folder} && df -P -i -- {folder}").stdout
        rows = [line.split() for line in output.splitlines()]
        shares = [
            (row[-1], row[4]) for row in rows if len(row) >= _NUMBERS and row[4].endswith("%") and row[4] != "Use%"
        ]
        volumes = [
            Volume(name=f"{self._host.backend.hostname}:{place} {what}", used=int(share.rstrip("%")) / 100)
            for (place, share), what in zip(shares, ("space", "inodes"), strict=False)
            if share.rstrip("%").isdigit()
        ]
        if not volumes:
            raise NotVerifiedError(f"df tells nothing about {folder} on the collector")
        return tuple(volumes)

    def alerts(self) -> tuple[LogAlert, ...]:
        """Return nothing: files watch nobody."""
        return ()

    def views(self) -> frozenset[str]:
        """Return those of the named programs that can be run."""
        if not self._views:
            return frozenset()
        tests = "; ".join(f"test -x {one} -a -s {one} && echo {one}" for one in map(shlex.quote, self._views))
        return frozenset(self._host.run(f"{{ {tests}; }}; true").stdout.splitlines())

    def _file(self, host: str) -> str:
        return shlex.quote(self._path.format(host=host))

    def _every_file(self) -> str:
        return "*".join(shlex.quote(part) if part else "" for part in self._path.split("{host}"))

    def _lines_of(self, service: str) -> str:
        pattern = f"{json.dumps(self._service_field)}: ?{json.dumps(service)}"
        look = f'grep -h -E -e {shlex.quote(pattern)} -- "$f" | tail -n {_SERVICE_LINES}'
        return f'for f in {self._every_file()}; do [ -f "$f" ] && {look}; done'

    def _records(self, commands: Sequence[str]) -> list[tuple[list[Mapping[str, Any]], datetime]]:
        """Run all commands as one, and return the JSON lines of each with the collector's time."""
        parts = "".join(f"echo; echo @@{number}; {command}; " for number, command in enumerate(commands))
        output = self._host.run(f"date +%s; {{ {parts}true; }} 2>/dev/null").stdout
        clock, _, rest = output.partition("\n")
        if not clock.isdigit():
            raise NotVerifiedError("the collector's clock cannot be read: date +%s gave no number")
        now = datetime.fromtimestamp(int(clock), UTC)
        texts = [text.partition("\n")[2] for text in rest.split("\n@@")[1:]]
        return [([record for line in text.splitlines() if (record := _record(line))], now) for text in texts]

    def _newest(self, source: str, records: list[Mapping[str, Any]], now: datetime) -> NewestLine:
        dated = [(at, one) for one in records if (at := _instant(one, self._time_field)) is not None]
        if not dated:
            return NewestLine(source=source, at=None, age=None)
        at = max(instant for instant, _ in dated)
        return NewestLine(source=source, at=at, age=now - at, lag=self._lag(dated, now))

    def _lag(self, dated: list[tuple[datetime, Mapping[str, Any]]], now: datetime) -> timedelta | None:
        """Return the longest way of those lines that were taken in the last quarter of an hour, or of the last one."""
        ways = [
            (received, received - at)
            for at, one in dated
            if (received := _instant(one, self._received_field)) is not None
        ]
        recent = [lag for received, lag in ways if now - received <= _RECENT]
        return max(recent) if recent else max(ways)[1] if ways else None


def _instant(record: Mapping[str, Any], field: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(record[field]))
    except (KeyError, ValueError):
        return None
    return at.astimezone(UTC) if at.tzinfo is not None else None


def _record(line: str) -> Mapping[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
