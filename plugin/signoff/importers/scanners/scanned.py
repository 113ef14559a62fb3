"""One report by its format, united with the note beside it that says what the report leaves out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from signoff.errors import DamagedReportError, NotVerifiedError
from signoff.importers import provenance
from signoff.importers.admissible import read_file, require_release
from signoff.importers.scanners import (
    cyclonedx,
    grype,
    lynis,
    nessus,
    nmap,
    npm_audit,
    openscap,
    osv_scanner,
    pip_audit,
    sarif,
    sslyze,
    testssl,
    trivy,
    zap,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import tzinfo
    from pathlib import Path

    from signoff.importers.provenance import Provenance
    from signoff.importers.scanners.report import Report

FORMATS: Mapping[str, Callable[..., Report]] = {
    "cyclonedx": cyclonedx.read,
    "grype": grype.read,
    "lynis": lynis.read,
    "nessus": nessus.read,
    "nmap": nmap.read,
    "npm-audit": npm_audit.read,
    "openscap": openscap.read,
    "osv-scanner": osv_scanner.read,
    "pip-audit": pip_audit.read,
    "sarif": sarif.read,
    "sslyze": sslyze.read,
    "testssl": testssl.read,
    "trivy": trivy.read,
    "zap": zap.read,
}
"""Format, as the inventory names it, to its reader."""
LOCAL_TIME = frozenset({"lynis", "openscap"})
"""Formats whose times may lack an offset; their readers take a time zone."""


def parse(text: bytes, form: str, *, timezone: tzinfo | None = None) -> Report:
    """Return a report of a known format.

    Raises:
        DamagedReportError: it is none of that format, or incomplete.
    """
    if timezone is not None and form in LOCAL_TIME:
        return FORMATS[form](text, timezone=timezone)
    return FORMATS[form](text)


def read(path: Path, form: str, *, note: Path | None = None, timezone: tzinfo | None = None) -> Report:
    """Return the report in a file. A note beside it fills in what the report does not say, and contradicts nothing.

    Raises:
        DamagedReportError: the report is none of that format, or incomplete; the message begins with the file's name.
        NotVerifiedError: no such file, a note about another report, or two commits.
    """
    text = read_file(path)
    try:
        report = parse(text, form, timezone=timezone)
    except DamagedReportError as error:
        raise DamagedReportError(f"{path.name}: {error}") from error
    return report if note is None else _united(report, provenance.read(read_file(note), report=text), path.name)


def _united(report: Report, note: Provenance, name: str) -> Report:
    for commit in report.commits:
        require_release(f"{name}: the note beside it", note.commit, commit)
    if not note.tool.strip():
        raise NotVerifiedError(f"{name}: the note beside it names no tool; write it again")
    return replace(
        report,
        version=report.version or note.tool,
        created=report.created or note.created,
        commits=report.commits or frozenset({note.commit}),
        database=report.database or note.database_updated,
        inspected=report.inspected or note.inspected,
    )
