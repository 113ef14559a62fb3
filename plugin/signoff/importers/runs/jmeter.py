"""JMeter's results: what one sample is, and which lines are only the sum of others.

Fields: https://jmeter.apache.org/usermanual/listeners.html ("CSV Log format", "XML Log format 2.1"). A transaction
controller adds a line of its own, which says so in its message; the samples in it were counted before.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

from signoff.errors import DamagedReportError
from signoff.importers.runs.load_collector import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from signoff.importers.runs.load_note import Note
    from signoff.importers.runs.load_test import LoadTest
    from signoff.importers.runs.streamed import Stream

KIND = "JMeter results"
_TRANSACTION = re.compile(r"Number of samples in transaction : (\d+), number of failing samples : \d+")
_TIMED_OUT = re.compile(r"timeout|timed out", re.IGNORECASE)
_NEEDED = ("timeStamp", "elapsed", "label", "responseCode", "responseMessage", "threadName", "success")
_MOST_THREADS = 200_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """How the CSV was configured (`jmeter.save.saveservice.*`)."""

    columns: Sequence[str] = ()
    """Names of the columns of a file without a header; empty: the first row names them."""
    delimiter: str = ","
    timestamp: str = "ms"
    """`ms`: since 1970; otherwise a format of Python's strptime."""
    timezone: tzinfo = UTC
    """Of time stamps that are no milliseconds."""


class Samples:
    """Counts each request once: a transaction's own line is checked against its samples, and left out."""

    def __init__(self) -> None:
        self.collector = Collector(KIND)
        self._latest: dict[str, float] = {}

    def add(self, values: Mapping[str, str], at: float, where: str) -> None:
        """Count one sample; `values` by the names of the CSV.

        Raises:
            DamagedReportError: a value is no such value, or a transaction stands without its samples.
        """
        milliseconds = _whole(values["elapsed"], f"{where}: elapsed")
        if users := values.get("allThreads"):
            self.collector.users(at, _whole(users, f"{where}: allThreads"))
        thread = values["threadName"]
        if inside := _TRANSACTION.match(values["responseMessage"]):
            if int(inside[1]) and self._latest.get(thread, 0.0) < at:
                raise DamagedReportError(
                    f"{where}: transaction {values['label'][:60]!r} stands without its samples; "
                    "switch off 'Generate parent sample' of the transaction controller"
                )
            return
        if thread not in self._latest and len(self._latest) >= _MOST_THREADS:
            raise DamagedReportError(f"{where}: more than {_MOST_THREADS} threads; import one run alone")
        self._latest[thread] = at
        success = values["success"].lower()
        if success not in {"true", "false"}:
            raise DamagedReportError(f"{where}: success is {success[:20]!r}, neither true nor false")
        code = values["responseCode"]
        timed_out = bool(_TIMED_OUT.search(code) or _TIMED_OUT.search(values["responseMessage"]))
        # An assertion may fail a request that was answered with 200: what counts is what JMeter says.
        self.collector.sample(at, milliseconds, ok=success == "true", status=code, timed_out=timed_out)


def read_csv(file: Stream, note: Note, layout: Layout) -> LoadTest:
    """Return the load test.

    Raises:
        DamagedReportError: a row that is cut short or cannot be read; the message names its line.
        NotVerifiedError: no request in it, or the note does not prove that the file is whole.
    """
    samples = Samples()
    try:
        for values in _rows(file, layout):
            where = f"{KIND}: line {file.line}"
            samples.add(values, _instant(values["timeStamp"], layout, where), where)
    except csv.Error as error:
        raise DamagedReportError(f"{KIND}: line {file.line}: {error}; is the delimiter right?") from error
    note.prove(file.name, file.sha256(), required=True)
    return samples.collector.finish(note, "jmeter")


def _rows(file: Stream, layout: Layout) -> Iterator[Mapping[str, str]]:
    rows = csv.reader(file.lines(), delimiter=layout.delimiter, strict=True)
    columns = list(layout.columns)
    for row in rows:
        if not columns:
            columns = row
            _require(columns)
        elif row and row != columns:
            if len(row) != len(columns):
                raise DamagedReportError(
                    f"{KIND}: line {file.line}: {len(row)} values, {len(columns)} columns; it may be truncated"
                )
            yield dict(zip(columns, row, strict=True))


def _require(columns: Sequence[str]) -> None:
    missing = [name for name in _NEEDED if name not in columns]
    if missing or len(set(columns)) != len(columns):
        raise DamagedReportError(
            f"{KIND}: the first row names no column {', '.join(missing) or 'once'}; "
            "correct the delimiter, name the columns in services.yaml, or have JMeter save more fields"
        )


def _instant(text: str, layout: Layout, where: str) -> float:
    if layout.timestamp == "ms":
        return _whole(text, f"{where}: timeStamp") / 1000
    try:
        return datetime.strptime(text, layout.timestamp).replace(tzinfo=layout.timezone).timestamp()
    except (ValueError, OverflowError) as error:
        raise DamagedReportError(f"{where}: timeStamp does not have the form {layout.timestamp!r}") from error


def _whole(text: str, where: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 15):  # noqa: PLR2004 - any 15 digits are an exact float
        raise DamagedReportError(f"{where} is no whole number; it may be truncated")
    return int(text)
