"""Files as load generators write them, made by hand: forty minutes with fifty users, all of it well."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from signoff.importers.runs import load

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.importers.runs.jmeter import Layout
    from signoff.importers.runs.load_test import LoadTest

START = 1_795_000_000
"""Unix time."""
NOTE: dict[str, Any] = {
    "schema_version": 1,
    "target": "https://staging.example.test",
    "commit": "0123456",
    "generator": {"name": "load1", "cpu_peak_ratio": 0.4},
}
TIMES: dict[str, Any] = {"started": "2026-11-18T11:06:40Z", "finished": "2026-11-18T11:46:40Z"}


def jtl(rows: int = 240, *, header: bool = True, delimiter: str = ",") -> str:
    """Return JMeter's CSV: a sample every ten seconds, and a transaction around every second one."""
    names = ["timeStamp", "elapsed", "label", "responseCode", "responseMessage", "threadName", "success", "allThreads"]
    lines = [delimiter.join(names)] if header else []
    for number in range(rows):
        at, ok = (START + 10 * number) * 1000, number % 100 != 7
        code = "200" if ok else "503"
        values = [at, 40 + number % 10, "GET /", code, "OK", f"users 1-{number % 5}", str(ok).lower(), 50]
        lines.append(delimiter.join(map(str, values)))
        if number % 2:
            message = "Number of samples in transaction : 1; number of failing samples : 0".replace(";", ",")
            quoted = f'"{message}"'
            values = [at - 1, 900, "buy", "200", quoted, f"users 1-{number % 5}", str(ok).lower(), 50]
            lines.append(delimiter.join(map(str, values)))
    return "\n".join(lines) + "\n"


def jtl_xml(rows: int = 240) -> str:
    """Return JMeter's XML: requests with a redirect in them, and transactions with requests in them."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<testResults version="1.2">']
    for number in range(rows):
        at, ok = (START + 10 * number) * 1000, str(number % 100 != 7).lower()
        one = f't="{40 + number % 10}" ts="{at}" s="{ok}" lb="GET /" rc="200" rm="OK" tn="users 1-1" na="50"'
        if number % 2:
            message = "Number of samples in transaction : 1, number of failing samples : 0"
            lines.append(f'<sample t="900" ts="{at}" s="{ok}" lb="buy" rc="200" rm="{message}" tn="users 1-1" na="50">')
            lines.append(f"<httpSample {one}><java.net.URL>http://x</java.net.URL></httpSample></sample>")
        else:
            lines.append(
                f'<httpSample {one}><httpSample t="5" ts="{at}" s="true" lb="redirect" rc="302"/></httpSample>'
            )
    return "\n".join([*lines, "</testResults>"])


def gatling(requests: int = 240, *, users: int = 50) -> str:
    """Return Gatling's log as 3.4 to 3.11 write it."""
    lines = [f"RUN\tshop.Buy\tbuy\t{START * 1000}\t\t3.10.3"]
    lines += [f"USER\tbuyers\tSTART\t{START * 1000 + number}" for number in range(users)]
    for number in range(requests):
        at, ok = (START + 10 * number) * 1000, number % 100 != 7
        said = "OK\t" if ok else "KO\tstatus.find.is(200), but actually found 503"
        lines.append(f"REQUEST\t\thome\t{at}\t{at + 40 + number % 10}\t{said}")
        lines.append(f"GROUP\tbuying\t{at}\t{at + 900}\t45\tOK")
    lines += [f"USER\tbuyers\tEND\t{(START + 2400) * 1000 + number}" for number in range(users)]
    return "\n".join(lines) + "\n"


def k6_summary(*, exported: bool = False, crossed: bool = False, requests: int = 240) -> dict[str, Any]:
    """Return k6's summary in one of its forms; `crossed`: a threshold was not kept."""
    trend = {"avg": 45.0, "min": 40.0, "med": 45.0, "max": 49.0, "p(90)": 48.0, "p(95)": 49.0}
    failed = {"passes": 3, "fails": requests - 3}
    values = {
        "http_reqs": {"count": requests, "rate": 1.0},
        "http_req_failed": failed | ({"value": 0.01} if exported else {"rate": 0.01}),
        "http_req_duration": trend,
        "vus": {"value": 50, "min": 50, "max": 50},
    }
    if exported:
        values["http_req_duration"] = {**trend, "thresholds": {"p(95)<500": crossed}}
        return {"metrics": values, "root_group": {}}
    metrics: dict[str, Any] = {
        name: {"type": "any", "contains": "default", "values": one} for name, one in values.items()
    }
    metrics["http_req_duration"]["thresholds"] = {"p(95)<500": {"ok": not crossed}}
    return {"metrics": metrics, "state": {"testRunDurationMs": 2_400_000.0}, "root_group": {}, "options": {}}


def k6_points(requests: int = 240) -> str:
    """Return k6's measurements one by one."""
    lines = [json.dumps({"type": "Metric", "metric": "vus", "data": {"type": "gauge"}})]
    for number in range(requests):
        time = f"{datetime.fromtimestamp(START + 10 * number, UTC):%Y-%m-%dT%H:%M:%S}.123456789Z"
        ok = number % 100 != 7
        tags = {"status": "200" if ok else "0", "expected_response": str(ok).lower()}
        tags |= {} if ok else {"error_code": "1050"}
        for metric, value in (("http_reqs", 1), ("http_req_duration", 45.5), ("vus", 50)):
            data = {"time": time, "value": value, "tags": tags if metric != "vus" else {}}
            lines.append(json.dumps({"type": "Point", "metric": metric, "data": data}))
    return "\n".join(lines) + "\n"


def gatling_stats(requests: int = 240) -> dict[str, Any]:
    """Return Gatling's totals."""
    stats: dict[str, Any] = {f"percentiles{number}": {"total": 40 + 3 * number} for number in (1, 2, 3, 4)}
    stats["numberOfRequests"] = {"total": requests, "ok": requests - 3, "ko": 3}
    return {"type": "GROUP", "name": "All Requests", "stats": stats, "contents": {}}


def gatling_assertions(*results: str, start: int = START, old: bool = False) -> dict[str, Any]:
    """Return limits on the 95th percentile, `kept` or not; `old`: as Gatling 2 named the values."""
    limits, values = ("conditionValues", "values") if old else ("expectedValues", "actualValue")
    words = {"path": "Global", "target": "95th percentile of response time", "condition": "is less than"}
    message = "Global: 95th percentile of response time is less than 45.0"
    found = [{**words, limits: [45.0], "result": one == "kept", "message": message, values: [49.0]} for one in results]
    return {"simulation": "shop.Buy", "simulationId": "buy", "start": start * 1000, "assertions": found}


@dataclass(frozen=True, slots=True)
class Folder:
    """Where the files of one run are put."""

    path: Path

    def imported(  # noqa: PLR0913 - one for each file that a tool may leave
        self,
        tool: load.Tool,
        results: bytes | str,
        /,
        *,
        history: str | None = None,
        assertions: str | None = None,
        layout: Layout | None = None,
        proved: bool = True,
        **note: Any,
    ) -> LoadTest:
        """Write the files and a note that proves them, and read them."""
        digests = []
        for name, content in (("results", results), ("history", history), ("assertions", assertions)):
            if content is not None:
                data = content.encode() if isinstance(content, str) else content
                (self.path / name).write_bytes(data)
                digests.append({"name": name, "sha256": hashlib.sha256(data).hexdigest()})
        proof = {"files": digests} if proved else {}
        (self.path / "note.json").write_text(json.dumps({**NOTE, **proof, **note}))
        return load.read(
            tool,
            results=self.path / "results",
            note=self.path / "note.json",
            history=self.path / "history" if history is not None else None,
            assertions=self.path / "assertions" if assertions is not None else None,
            layout=layout,
        )


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)
