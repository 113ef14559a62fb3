"""Every format that a decision can be exported to: its name, its file's ending, and what writes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from signoff.reports.checklist_markdown import render_checklist
from signoff.reports.exports.ctrf import render_ctrf
from signoff.reports.exports.distrust import distrusted
from signoff.reports.exports.hdf import render_hdf
from signoff.reports.exports.intoto import render_intoto
from signoff.reports.exports.oscal_poam import render_oscal_poam
from signoff.reports.exports.oscal_results import render_oscal_results
from signoff.reports.exports.sarif import render_sarif
from signoff.reports.exports.svr import render_svr
from signoff.reports.exports.table_csv import render_csv
from signoff.reports.redacted import redacted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from signoff.decision.gate import Question
    from signoff.reports.exports.wording import Wording


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """One format."""

    name: str
    suffix: str
    render: Callable[[Wording], str]
    what: str
    """What it is, for whoever chooses."""
    question: Question = "readiness"
    """What the decision is asked that it tells: whether everything is checked, or whether it may go live."""


def _markdown(wording: Wording) -> str:
    return render_checklist(wording.signoff, wording.language, wording.background)


FORMATS: Mapping[str, Format] = {
    each.name: each
    for each in (
        Format(name="oscal-ar", suffix=".json", render=render_oscal_results, what="OSCAL assessment results"),
        Format(name="oscal-poam", suffix=".json", render=render_oscal_poam, what="OSCAL plan of action and milestones"),
        Format(name="hdf", suffix=".json", render=render_hdf, what="Heimdall"),
        Format(name="ctrf", suffix=".json", render=render_ctrf, what="Common Test Report Format"),
        Format(name="intoto", suffix=".json", render=render_intoto, what="in-toto test result"),
        Format(
            name="svr",
            suffix=".json",
            render=render_svr,
            what="in-toto simple verification result, on GO only",
            question="release",
        ),
        Format(name="sarif", suffix=".sarif", render=render_sarif, what="security findings"),
        Format(name="csv", suffix=".csv", render=render_csv, what="items and cells for spreadsheets"),
        Format(name="markdown", suffix=".md", render=_markdown, what="the checklist with ticked boxes"),
    )
}


def export(name: str, wording: Wording, redact: Callable[[str], str]) -> str:
    """Return the decision in the format, without secrets; the same decision always gives the same text.

    Raises:
        KeyError: there is no such format.
        ExportError: the decision cannot be told in it; the message says why.
    """
    told = replace(wording, signoff=distrusted(wording.signoff))
    return FORMATS[name].render(redacted(told, redact))
