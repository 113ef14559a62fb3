"""Findings of `signoff lint` in the terminal: place, what is wrong, and the next step; and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.reports.layout import dumps
from signoff.reports.messages import Messages
from signoff.reports.plaintext import one_line
from signoff.reports.readiness_json import text_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.decision.lint.findings import Finding
    from signoff.model import Language

_LIMIT = 600
_ONE_LINE_PER_FINDING = 2


def render_findings(findings: Sequence[Finding], language: Language) -> str:
    """Return the findings, `place: error: what (kind)` and the next step below, and how many there are."""
    m = Messages(language)
    if not findings:
        return m("lint.clean")
    lines = []
    for found in findings:
        level = m("lint.error" if found.error else "lint.warning")
        lines.append(f"{one_line(found.place, _LIMIT)}: {level}: {one_line(m.text(found.text), _LIMIT)} [{found.kind}]")
        lines.append(f"    {one_line(m.text(found.step), _LIMIT)}")
    errors = sum(found.error for found in findings)
    return "\n".join([*lines, "", m("lint.counts", errors=errors, warnings=len(findings) - errors)])


def render_findings_json(findings: Sequence[Finding]) -> str:
    """Return the findings for programs."""
    return dumps([_document(found) for found in findings], _ONE_LINE_PER_FINDING)


def _document(found: Finding) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "level": "error" if found.error else "warning",
        "place": found.place,
        "subject": found.subject,
        "text": text_document(found.text),
        "step": text_document(found.step),
    }
