"""Gatling's `js/stats.json`: the totals of a run, from which every version draws its report.

Percentiles 1 to 4 are the 50th, 75th, 95th and 99th unless `gatling.charting.indicators` says otherwise; times, users
and their number over time are not in it, so that the note has to tell them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.errors import DamagedReportError
from signoff.importers._json import Node
from signoff.importers.runs.load_test import LoadTest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.importers.runs.load_note import Note

_KIND = "Gatling statistics"
_QUANTILES: Mapping[float, str] = {
    0.5: "percentiles1",
    0.75: "percentiles2",
    0.95: "percentiles3",
    0.99: "percentiles4",
}


def read(text: bytes, note: Note) -> LoadTest:
    """Return the load test.

    Raises:
        DamagedReportError: not such statistics, or their numbers contradict one another.
        NotVerifiedError: the note does not say when it ran.
    """
    root = Node.parse(text, kind=_KIND, error=DamagedReportError)
    stats = root.at("stats")
    number = stats.at("numberOfRequests")
    requests, fine, failures = (number.at(name).count() for name in ("total", "ok", "ko"))
    if not requests or fine + failures != requests:
        raise number.refuse(f"{requests} requests, {fine} ok and {failures} not; import the totals of one whole run")
    started, finished = note.times()
    return LoadTest(
        tool="gatling",
        started=started,
        finished=finished,
        users=note.constant_users(),
        requests=requests,
        failures=failures,
        quantiles={share: stats.at(name).at("total").response_seconds() for share, name in _QUANTILES.items()},
        target=note.target,
        commit=note.commit,
        generator_cpu_ratio=note.generator_cpu_ratio,
    )
