"""Collect what every host logs into the central log: one JSON object a line, `<host>.log` on mon1.

Run as `python -m signoff.demo.log_shipper DIR`. Follows `~/var/log/*.log` of every host; a host that says nothing
leaves a mark now and then, so that silence means that the collection is broken. Every line says when it was written
and when it was taken. Lines older than logrotate's configuration allows are removed. What was collected is counted for
the node exporter of mon1.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signoff.demo.layout import HOSTS, Layout, write_atomically
from signoff.probes.logs import rotation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

_PAUSE = 0.5
_MARK_SECONDS = 15.0
_PRUNE_SECONDS = 3600.0
_COUNT_SECONDS = 2.0
_LEVELS = ("info", "warning", "error")
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
        self._last = float("-inf")
        self.counts: Counter[str] = Counter(dict.fromkeys(_LEVELS, 0))

    def ship(self, without: Collection[str] = ()) -> None:
        """Append what is new, less the fields that are not wanted, or a mark if there was nothing for long."""
        lines = [line for file in sorted(self._directory.glob("*.log")) for line in self._new(file)]
        now = time.monotonic()
        if not lines and now - self._last >= _MARK_SECONDS:
            lines = [self._line("syslog", "-- MARK --", time.time())]
        if lines:
            self._last = now
            self.counts.update(str(line["level"]) for line in lines)
            texts = [{name: value for name, value in line.items() if name not in without} for line in lines]
            with self._target.open("a", encoding="utf-8") as target:
                target.writelines(json.dumps(text, ensure_ascii=False) + "\n" for text in texts)

    def prune(self, oldest: str) -> None:
        """Remove the lines from before the instant."""
        if not self._target.exists():
            return
        lines = self._target.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if _timestamp(line) >= oldest]
        if len(kept) < len(lines):
            self._target.write_text("".join(kept), encoding="utf-8")

    def _new(self, file: Path) -> Iterator[dict[str, Any]]:
        follower = self._followers.setdefault(file, Follower(file))
        for line in follower.new_lines():
            yield self._line(file.stem, line, file.stat().st_mtime)

    def _line(self, service: str, message: str, written: float) -> dict[str, Any]:
        """Return the line with its fields; one that is JSON already keeps its own."""
        level = "error" if _ERROR.search(message) else "warning" if _WARNING.search(message) else "info"
        line = {"ts": _text(written), "level": level, "host": self._host, "service": service, "message": message}
        return {**(_record(message) or line), "received": _text(time.time())}


def policy_file(layout: Layout) -> Path:
    """Return logrotate's configuration for the central log."""
    return layout.host("mon1") / "etc" / "logrotate.d" / "central"


def settings_file(layout: Layout) -> Path:
    """Return the collector's settings: {"hosts": [names], "without": [fields]}."""
    return layout.host("mon1") / "etc" / "log-shipper.json"


def counts_file(layout: Layout) -> Path:
    """Return where the node exporter of mon1 picks up how many lines were collected."""
    return layout.host("mon1") / "var" / "lib" / "node_exporter" / "central_log.prom"


def main(layout: Layout) -> None:
    """Collect until stopped."""
    layout.central_log.mkdir(parents=True, exist_ok=True)
    hosts = {host: HostLog(layout, host) for host in HOSTS}
    pruned = counted = float("-inf")
    while True:
        now = time.monotonic()
        if now - pruned > _PRUNE_SECONDS:
            _prune(layout, hosts.values())
            pruned = now
        settings = json.loads(settings_file(layout).read_text(encoding="utf-8"))
        for host in settings["hosts"]:
            hosts[host].ship(settings["without"])
        if now - counted > _COUNT_SECONDS:
            write_atomically(counts_file(layout), _counts(hosts), mode=0o644)
            counted = now
        time.sleep(_PAUSE)


def _prune(layout: Layout, hosts: Iterable[HostLog]) -> None:
    text = policy_file(layout).read_text(encoding="utf-8")
    keeps = rotation.keeps(text, str((layout.central_log / "any.log").relative_to(layout.host("mon1"))))
    if keeps is not None:
        oldest = (dt.datetime.now(dt.UTC) - keeps).isoformat()
        for host in hosts:
            host.prune(oldest)


def _counts(hosts: Mapping[str, HostLog]) -> str:
    samples = [
        f'central_log_lines_total{{origin="{host}",level="{level}"}} {count}\n'
        for host, log in hosts.items()
        for level, count in sorted(log.counts.items())
    ]
    return "# TYPE central_log_lines_total counter\n" + "".join(samples)


def _text(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="milliseconds")


def _record(message: str) -> dict[str, Any] | None:
    """Return the fields of a line that is JSON and tells its time and level itself."""
    try:
        record = json.loads(message) if message.startswith("{") else None
    except ValueError:
        return None
    return record if isinstance(record, dict) and {"ts", "level"} <= record.keys() else None


def _timestamp(line: str) -> str:
    try:
        return str(json.loads(line)["ts"])
    except (ValueError, KeyError, TypeError):
        return ""


if __name__ == "__main__":
    main(Layout(Path(sys.argv[1])))
