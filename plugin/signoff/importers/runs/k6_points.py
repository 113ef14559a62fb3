"""k6's measurements one by one (`--out json`), from which it can be told how many users there were, and when.

Form: https://grafana.com/docs/k6/latest/results-output/real-time/json/; error codes:
https://grafana.com/docs/k6/latest/javascript-api/error-codes/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.errors import DamagedReportError
from signoff.importers._json import Node
from signoff.importers.runs.load_collector import Collector

if TYPE_CHECKING:
    from signoff.importers.runs.load_note import Note
    from signoff.importers.runs.load_test import LoadTest
    from signoff.importers.runs.streamed import Stream

_KIND = "k6 points"
_TIMED_OUT = frozenset({"1050", "1211", "1220"})
"""Request, dial and read of the connection."""


def read(file: Stream, note: Note) -> LoadTest:
    """Return the load test.

    Raises:
        DamagedReportError: a line that is cut short or cannot be read; the message names it.
        NotVerifiedError: no request in it, or the note does not prove that the file is whole.
    """
    collector, expected = Collector(_KIND), 0
    for line in file.lines():
        point = Node.parse(line, kind=f"{_KIND}: line {file.line}", error=DamagedReportError)
        metric = point.at("metric").text("")
        if point.at("type").text() != "Point" or metric not in {"vus", "http_req_duration", "http_reqs"}:
            continue
        data = point.at("data")
        at = data.at("time").instant().timestamp()
        if metric == "vus":
            collector.users(at, data.at("value").count())
        elif metric == "http_reqs":
            expected += 1
        else:
            _request(collector, data, at)
    if expected != collector.requests:
        raise DamagedReportError(f"{_KIND}: {expected} requests, {collector.requests} response times; is it cut short?")
    note.prove(file.name, file.sha256(), required=True)
    return collector.finish(note, "k6")


def _request(collector: Collector, data: Node, at: float) -> None:
    tags, took = data.at("tags"), data.at("value").seconds()
    if took > 1e9:  # noqa: PLR2004 - eleven days: refused by the collector as well, which wants whole numbers
        raise data.at("value").wrong("milliseconds")
    collector.sample(
        at - took / 1000,
        round(took),
        # Without a status that k6 expects, it counts a request as failed.
        ok=tags.at("expected_response").text() == "true",
        status=tags.at("status").text("0"),
        timed_out=tags.at("error_code").text("") in _TIMED_OUT,
    )
