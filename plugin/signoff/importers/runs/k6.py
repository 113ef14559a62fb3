"""k6's end-of-test summary in both of its forms: what handleSummary() gets, and what --summary-export writes.

Forms: https://grafana.com/docs/k6/latest/results-output/end-of-test/custom-summary/. In the exported one a threshold
says whether it was *crossed*, in the other whether it is ok; its exit status says less than either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.errors import DamagedReportError
from signoff.importers._json import Node
from signoff.importers.runs.load_test import LoadTest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from signoff.importers.runs.load_note import Note

_KIND = "k6 summary"
_QUANTILES: Mapping[float, str] = {0.5: "med", 0.95: "p(95)", 0.99: "p(99)"}


def read(summary: bytes, note: Note) -> LoadTest:
    """Return the load test; users only if there were as many from the first moment to the last.

    Raises:
        DamagedReportError: not such a summary, or its numbers contradict one another.
        NotVerifiedError: the note does not say when it ran.
    """
    root = Node.parse(summary, kind=_KIND, error=DamagedReportError)
    metrics = root.at("metrics")
    requests = _values(metrics.at("http_reqs")).at("count").count()
    failed = _values(metrics.at("http_req_failed"))
    # A rate counts what is true: `passes` are the requests of which "failed" is true.
    failures, fine = failed.at("passes").count(), failed.at("fails").count()
    if not requests or failures + fine != requests:
        raise metrics.refuse(
            f"{requests} requests, of which {failures} failed and {fine} did not; import one whole run"
        )
    took = _values(metrics.at("http_req_duration"))
    started, finished = note.times()
    return LoadTest(
        tool="k6",
        started=started,
        finished=finished,
        users=_users(metrics, started, finished) or note.constant_users(),
        requests=requests,
        failures=failures,
        quantiles={share: took.at(name).response_seconds() for share, name in _QUANTILES.items() if name in took},
        crossed=crossed(metrics),
        target=note.target,
        commit=note.commit,
        generator_cpu_ratio=note.generator_cpu_ratio,
    )


def crossed(metrics: Node) -> tuple[str, ...]:
    """Return the thresholds that were not kept, such as `http_req_duration: p(95)<500`."""
    found = []
    for name, metric in metrics.members().items():
        for threshold, said in metric.at("thresholds").members().items() if "thresholds" in metric else ():
            broken = not said.at("ok").flag() if isinstance(said.value, dict) else said.flag()
            if broken:
                found.append(f"{name}: {threshold}")
    return tuple(found)


def _values(metric: Node) -> Node:
    return metric.at("values") if "values" in metric else metric


def _users(metrics: Node, started: datetime, finished: datetime) -> tuple[tuple[datetime, int], ...]:
    if "vus" not in metrics:
        return ()
    users = _values(metrics.at("vus"))
    least, most = users.at("min").count(), users.at("max").count()
    return ((started, least), (finished, most)) if least == most else ()
