"""A load test from the files that its tool left, whichever tool that was."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal

from signoff.errors import DamagedReportError, NotVerifiedError
from signoff.importers.admissible import read_file
from signoff.importers.runs import (
    gatling,
    gatling_assertions,
    gatling_stats,
    jmeter,
    jmeter_xml,
    k6,
    k6_points,
    load_note,
    locust,
)
from signoff.importers.runs.streamed import stream

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.importers.runs.load_note import Note
    from signoff.importers.runs.load_test import LoadTest

Tool = Literal["locust", "jmeter", "k6", "gatling"]


def read(  # noqa: PLR0913 - one for each file that a tool may leave
    tool: Tool,
    *,
    results: Path,
    note: Path,
    history: Path | None = None,
    failures: Path | None = None,
    assertions: Path | None = None,
    layout: jmeter.Layout | None = None,
) -> LoadTest:
    """Return the load test.

    Args:
        tool: Which wrote the files.
        results: Locust's JSON or `…_stats.csv`, JMeter's JTL, k6's summary, Gatling's simulation.log or stats.json.
        note: See `load_note`.
        history: Locust's `…_stats_history.csv`, or k6's `--out json`.
        failures: Locust's `…_failures.csv`.
        assertions: Gatling's `js/assertions.json`.
        layout: How JMeter's CSV was configured.

    Raises:
        NotVerifiedError: a file is missing, empty, of another run, or not proved to be whole.
        DamagedReportError: a file is not what it claims to be; the message names the place.
    """
    about = load_note.read(read_file(note), tool=tool)
    if tool == "locust":
        return _locust(results, note, history, failures, about)
    if tool == "jmeter":
        return _jmeter(results, about, layout or jmeter.Layout())
    return _k6(results, history, about) if tool == "k6" else _gatling(results, assertions, about)


def _locust(results: Path, note: Path, history: Path | None, failures: Path | None, about: Note) -> LoadTest:
    if history is None:
        raise NotVerifiedError(f"{results.name}: how many users there were is in …_stats_history.csv; name it: history")
    return locust.read(
        stats=_proved(results, about, required=False),
        history=_proved(history, about, required=False),
        context=read_file(note),
        failures=None if failures is None else _proved(failures, about, required=False),
    )


def _jmeter(results: Path, about: Note, layout: jmeter.Layout) -> LoadTest:
    with stream(results) as file:
        if _starts_with(results, b"<"):
            return jmeter_xml.read(file, about)
        return jmeter.read_csv(file, about, layout)


def _k6(results: Path, history: Path | None, about: Note) -> LoadTest:
    summary = k6.read(_proved(results, about, required=False), about)
    if history is None:
        return summary
    with stream(history) as file:
        points = k6_points.read(file, about)
    if points.requests != summary.requests:
        raise DamagedReportError(f"{history.name}: {points.requests} requests, the summary counts {summary.requests}")
    return points.with_crossed(summary.crossed)


def _gatling(results: Path, assertions: Path | None, about: Note) -> LoadTest:
    if _starts_with(results, b"{"):
        test = gatling_stats.read(_proved(results, about, required=False), about)
    else:
        with stream(results) as file:
            test = gatling.read(file, about)
    if assertions is None:
        return test
    return test.with_crossed(gatling_assertions.broken(_proved(assertions, about, required=False), test))


def _proved(path: Path, about: Note, *, required: bool) -> bytes:
    content = read_file(path)
    about.prove(path.name, hashlib.sha256(content).hexdigest(), required=required)
    return content


def _starts_with(path: Path, mark: bytes) -> bool:
    with stream(path) as file:
        return file.read(1_000).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(mark)
