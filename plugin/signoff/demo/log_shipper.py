"""Collect what every host logs into the central log: one JSON object a line, `<host>.log` on mon1.

Run as `python -m signoff.demo.log_shipper DIR`. Follows `~/var/log/*.log` of every host; a host that says nothing
leaves a mark now and then, so that silence means that the collection is broken. Lines older than the retention are
removed.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from signoff.demo.layout import HOSTS, Layout

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAUSE = 0.5
_MARK_SECONDS = 15.0
_PRUNE_SECONDS = 3600.0
_ERROR = re.compile(r"\b(ERROR|FATAL|PANIC|ALERT|EMERG|Traceback)\b")
_WARNING = re.compile(r"\bWARN(ING)?\b", re.IGNORECASE)


class Follower:
    """One log file, read from where the last look ended; starts again when the file is rotated."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode = 0
        self._offset = 0

    def new_lines(self) -> Iterator[str]:
        """Yield the complete lines that were added since the last call."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return
        if status.st_ino != self._inode or status.st_size < self._offset:
            self._inode, self._offset = status.st_ino, 0
        if status.st_size == self._offset:
            return
        with self._path.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        complete, newline, _ = data.rpartition(b"\n")
        self._offset += len(complete) + len(newline)
        for line in complete.splitlines():
            if line.strip():
                yield line.decode("utf-8", "replace")


class HostLog:
    """Everything that one host logs, and its file in the central log."""

    def __init__(self, layout: Layout, host: str) -> None:
        self._host = host
        self._directory = layout.host(host) / "var" / "log"
        self._target = layout.central_log / f"{host}.log"
        self._followers: dict[Path, Follower] = {}
        self._last = 0.0

    def ship(self) -> None:
        """Append what is new, or a mark if there was nothing for long."""
        lines = [line for file in sorted(self._directory.glob("*.log")) for line in self._new(file)]
        now = time.monotonic()
        if not lines and now - self._last >= _MARK_SECONDS:
            lines = [self._render("syslog", "-- MARK --")]
        if lines:
            self._last = now
            with self._target.open("a", encoding="utf-8") as target:
                target.writelines(lines)

    def prune(self, oldest: str) -> None:
        """Remove the lines from before the instant."""
        if not self._target.exists():
            return
        lines = self._target.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if _timestamp(line) >= oldest]
        if len(kept) < len(lines):
            # In place: the shop's instances hold the file open and append to it.
            self._target.write_text("".join(kept), encoding="utf-8")

    def _new(self, file: Path) -> Iterator[str]:
        follower = self._followers.setdefault(file, Follower(file))
        for line in follower.new_lines():
            yield self._render(file.stem, line)

    def _render(self, service: str, message: str) -> str:
        level = "error" if _ERROR.search(message) else "warning" if _WARNING.search(message) else "info"
        line = {"ts": _now(), "level": level, "host": self._host, "service": service, "message": message}
        return json.dumps(line, ensure_ascii=False) + "\n"


def policy_file(layout: Layout) -> Path:
    """Return the central log's settings: {"retention_days": n}."""
    return layout.host("mon1") / "etc" / "central-log.json"


def main(layout: Layout) -> None:
    """Collect until stopped."""
    layout.central_log.mkdir(parents=True, exist_ok=True)
    hosts = [HostLog(layout, host) for host in HOSTS]
    pruned = float("-inf")
    while True:
        if time.monotonic() - pruned > _PRUNE_SECONDS:
            days = json.loads(policy_file(layout).read_text(encoding="utf-8"))["retention_days"]
            oldest = (dt.datetime.now(dt.UTC) - dt.timedelta(days=days)).isoformat()
            for host in hosts:
                host.prune(oldest)
            pruned = time.monotonic()
        for host in hosts:
            host.ship()
        time.sleep(_PAUSE)


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")


def _timestamp(line: str) -> str:
    try:
        return str(json.loads(line)["ts"])
    except (ValueError, KeyError, TypeError):
        return ""


if __name__ == "__main__":
    main(Layout(Path(sys.argv[1])))
