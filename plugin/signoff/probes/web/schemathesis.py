"""Runs schemathesis in the form that was proven to read only: GET, valid data, examples and coverage, at a pace.

Left to its defaults it also sends PUT, POST, PATCH and DELETE to see whether they are refused. The report's form:
https://schemathesis.readthedocs.io/en/stable/reference/reports/ (json, of version 4).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from signoff.errors import CouldNotCheckError, NotVerifiedError, TimedOutError
from signoff.importers._json import Node
from signoff.meter import METER

if TYPE_CHECKING:
    from collections.abc import Sequence

_SETTINGS = "[phases.coverage]\nunexpected-methods = []\n"
_CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
_OLDEST = 4
_GRACE = 60
"""Seconds beyond its own limit that the program may take to start, to end and to write its report."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """What came of the run; no value from any answer."""

    version: str
    tested: int
    """Operations that were asked at least once."""
    selected: int
    requests: int
    failures: tuple[str, ...]
    """What an operation did against its document, such as `Server error: GET /x`."""
    complete: bool


def arguments(
    document_url: str, *, per_second: float, examples: int, seconds: int, exclude: Sequence[str]
) -> list[str]:
    """Return what follows the program's name; the report and settings files are its own business."""
    left_out = [part for operation in exclude for part in ("--exclude-name", operation)]
    return [
        *("run", document_url, "--include-method", "GET", *left_out),
        *("--mode", "positive", "--phases", "examples,coverage", "--max-examples", str(examples)),
        *("--rate-limit", f"{max(round(per_second * 60), 1)}/m", "--workers", "1", "--max-time", str(seconds)),
        *("--request-timeout", "10", "--request-retries", "0", "--max-redirects", "0"),
        *("--checks", _CHECKS, "--continue-on-failure", "--no-color"),
    ]


def run(program: str, line: Sequence[str], *, seconds: int, ca_file: str = "") -> Findings:
    """Run the program and return what it found.

    Raises:
        NotVerifiedError: not installed, older than version 4, or it wrote no report.
        TimedOutError, CouldNotCheckError: no end in time, or requests that were not answered.
    """
    found = shutil.which(program)
    if found is None:
        raise NotVerifiedError(
            f"{program} is not installed where the checks run; install schemathesis in an environment of its own"
        )
    METER.spend("programs")
    version = _version(_call([found, "--version"], seconds=_GRACE))
    with tempfile.TemporaryDirectory(prefix="signoff-st-") as folder:
        settings, report = Path(folder) / "schemathesis.toml", Path(folder) / "report.json"
        settings.write_text(_SETTINGS, encoding="utf-8")
        trust = ["--tls-verify", ca_file] if ca_file else []
        kept = ["--report", "json", "--report-json-path", str(report)]
        said = _call(
            [found, "--config-file", str(settings), *line, *trust, *kept], seconds=seconds + _GRACE, folder=folder
        )
        if not report.is_file():
            raise NotVerifiedError(f"schemathesis {version}: no report: {said.strip()[-200:]}")
        return parse(report.read_bytes())


def parse(text: bytes) -> Findings:
    """Return the findings in a report.

    Raises:
        NotVerifiedError: not such a report.
        CouldNotCheckError: requests were not answered, or the document could not be loaded.
    """
    report = Node.parse(text, kind="report of schemathesis")
    operations = report.at("operations")
    if errors := [one.at("title").text() for one in report.at("errors").items()]:
        raise CouldNotCheckError(f"schemathesis: {', '.join(sorted(set(errors)))}")
    return Findings(
        version=report.at("schemathesis_version").text(),
        tested=operations.at("tested").count(),
        selected=operations.at("selected").count(),
        requests=report.at("test_cases").at("generated").count(),
        failures=tuple(
            f"{one.at('title').text()}: {', '.join(place.text() for place in one.at('operations').items())}"
            for one in report.at("failures").items()
        ),
        complete=report.at("complete").flag(),
    )


def _version(said: str) -> str:
    match = re.search(r"(\d+)\.\d+[\w.]*", said)
    if match is None or int(match[1]) < _OLDEST:
        raise NotVerifiedError(f"schemathesis: version {match[0] if match else 'unknown'}; install version 4 or later")
    return match[0]


def _call(command: list[str], *, seconds: int, folder: str | None = None) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the inventory's program, in a form that reads only
            command,
            capture_output=True,
            check=False,
            cwd=folder,
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": folder or os.devnull, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as error:
        raise TimedOutError(f"schemathesis: no end within {seconds} s") from error
    return (done.stdout + done.stderr).decode("utf-8", "replace")
