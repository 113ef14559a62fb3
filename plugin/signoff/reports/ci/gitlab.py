"""GitLab: blocking items for the merge request's code quality widget, and links beside the job.

Source: "Code Quality" and "artifacts:reports:annotations" in GitLab's documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.model import Severity
from signoff.reports.layout import dumps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from signoff.reports.background import Link
    from signoff.reports.ci.notes import Note

_SEVERITIES: Mapping[Severity, str] = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
}
_DEPTH = 3


def code_quality(notes: Sequence[Note]) -> str:
    """Return the report; an empty list when nothing blocks."""
    return dumps([_issue(note) for note in notes], _DEPTH)


def job_links(heading: str, links: Sequence[Link]) -> str:
    """Return the annotations that show links beside the job."""
    return dumps({heading: [{"external_link": {"label": link.label, "url": link.href}} for link in links]}, _DEPTH)


def _issue(note: Note) -> dict[str, object]:
    return {
        "description": f"{note.title}: {note.text}",
        "check_name": note.item,
        "fingerprint": note.fingerprint,
        "severity": _SEVERITIES[note.severity],
        "location": {"path": note.path, "lines": {"begin": note.line}},
    }
