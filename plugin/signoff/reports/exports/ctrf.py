"""The decision as a CTRF report (Common Test Report Format): one test an item, one step a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.model import State, Verdict
from signoff.reports.exports.identity import identifier
from signoff.reports.exports.wording import name_of
from signoff.reports.instants import machine
from signoff.reports.layout import dumps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from signoff.model import CellResult, ItemResult, Observation, Signoff
    from signoff.reports.exports.wording import Wording

SPEC_VERSION = "0.0.0"
STATUSES: Mapping[State, str] = {
    State.FAIL: "failed",
    State.ERROR: "failed",
    State.NOT_VERIFIED: "pending",
    State.STALE: "pending",
    State.WAIVED: "other",
    State.ATTESTED: "passed",
    State.PASS: "passed",
    State.NOT_APPLICABLE: "skipped",
}
_ONE_LINE_PER_TEST = 3


def render_ctrf(wording: Wording) -> str:
    """Return the report; the state of each item is its `rawStatus`."""
    signoff = wording.signoff
    document = {
        "reportFormat": "CTRF",
        "specVersion": SPEC_VERSION,
        "reportId": identifier("ctrf", signoff.environment, signoff.digest, machine(signoff.evaluated_at)),
        "timestamp": machine(signoff.evaluated_at),
        "generatedBy": "pytest-signoff",
        "results": {
            "tool": {"name": "pytest-signoff", **({"version": wording.version} if wording.version else {})},
            "summary": _summary(signoff),
            "tests": [_test(result, wording) for result in signoff.items],
            "environment": _environment(signoff),
        },
    }
    return dumps(document, _ONE_LINE_PER_TEST)


def _summary(signoff: Signoff) -> dict[str, Any]:
    seen = [cell.observation for result in signoff.items for cell in result.cells if cell.observation]
    found = [STATUSES[result.state] for result in signoff.items]
    counts = {status: found.count(status) for status in ("passed", "failed", "skipped", "pending", "other")}
    start = _milliseconds(min((each.started for each in seen), default=signoff.evaluated_at))
    stop = _milliseconds(max((each.finished for each in seen), default=signoff.evaluated_at))
    states = {state.value: signoff.count(state) for state in State}
    return {
        "tests": len(found),
        **counts,
        "flaky": sum(_flaky(result) for result in signoff.items),
        "start": start,
        "stop": stop,
        "extra": {"verdict": signoff.verdict.value, "digest": signoff.digest, "states": states},
    }


def _environment(signoff: Signoff) -> dict[str, Any]:
    return {
        "reportName": f"{signoff.product} {signoff.release} ({signoff.environment})",
        "appName": signoff.product,
        "appVersion": signoff.release,
        "commit": signoff.commit,
        "testEnvironment": signoff.environment,
        "healthy": signoff.verdict in {Verdict.GO, Verdict.READY},
        "extra": {"verdict": signoff.verdict.value, "reasons": [reason.text.en for reason in signoff.reasons]},
    }


def _test(result: ItemResult, wording: Wording) -> dict[str, Any]:
    item, seen = result.item, [cell.observation for cell in result.cells if cell.observation]
    test: dict[str, Any] = {
        "testId": item.id,
        "name": f"{item.id} {wording.title(item)}",
        "status": STATUSES[result.state],
        "rawStatus": result.state.value,
        "duration": sum(_duration(each) for each in seen),
        "suite": [wording.area(item), wording.section(item)],
        "type": item.method.value,
        "flaky": _flaky(result),
        "labels": {
            "area": item.area,
            "section": item.section,
            "owner": item.owner,
            "stage": item.stage,
            "severity": item.severity.value,
            "blocking": item.blocking,
        },
        **_span(seen),
    }
    if result.state is not State.PASS:
        test["message"] = wording.why(result)
    if result.waivers:
        test["labels"]["waivers"] = list(result.waivers)
    if result.cells:
        test["steps"] = [_step(cell, wording) for cell in result.cells]
    return test


def _span(seen: Iterable[Observation]) -> dict[str, int]:
    times = [(each.started, each.finished) for each in seen]
    if not times:
        return {}
    return {"start": _milliseconds(min(times)[0]), "stop": _milliseconds(max(end for _, end in times))}


def _step(cell: CellResult, wording: Wording) -> dict[str, Any]:
    seen = cell.observation
    extra: dict[str, Any] = {"state": cell.state.value, "fact": wording.fact(cell)}
    if seen is not None:
        extra |= {"expected": seen.expected, "run": seen.run, "at": machine(seen.finished), "attempt": seen.attempt}
        extra["evidence_sha256"] = seen.evidence_sha256
    return {"name": name_of(cell), "status": STATUSES[cell.state], "extra": extra}


def _flaky(result: ItemResult) -> bool:
    """Whether it passed, though only on a second try; a flaky check that counts as failed is a failure."""
    return result.state is State.PASS and any(cell.flaky for cell in result.cells)


def _duration(seen: Observation) -> int:
    return max(0, _milliseconds(seen.finished) - _milliseconds(seen.started))


def _milliseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)
