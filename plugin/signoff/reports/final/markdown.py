"""The final report as Markdown: everything that the check found, under the headings of a test completion report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from signoff.decision.next_steps import WayToGo
from signoff.reports.background import EMPTY, Background
from signoff.reports.final.outlook import Outlook
from signoff.reports.final.records import Recorded
from signoff.reports.final.results import Results
from signoff.reports.instants import shown, zone
from signoff.reports.markdown import section
from signoff.reports.messages import Messages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from signoff.decision.expiring import Expiry
    from signoff.model import Language, Outcome, Signoff


@dataclass(frozen=True, kw_only=True, slots=True)
class Deliverable:
    """A file that the check left behind."""

    name: str
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Completion:
    """The end of a check: the decision, and what is told beside it."""

    signoff: Signoff
    way: WayToGo = field(default_factory=WayToGo)
    """What is left to do until GO."""
    soon: tuple[Expiry, ...] = ()
    """What stops to hold soon."""
    results: Mapping[str, Mapping[Outcome, int]] = field(default_factory=dict)
    """For each run, how many results of each outcome it had."""
    deliverables: tuple[Deliverable, ...] = ()


def render_final(completion: Completion, language: Language, background: Background = EMPTY) -> str:
    """Return the report in the language. Every section is there, and says so if there is nothing to tell."""
    m, signoff = Messages(language), completion.signoff
    lines = [f"# {m('final.title')}", "", *_sections(completion, m, background), "---"]
    lines += [m("issues.updated", at=shown(signoff.evaluated_at, zone(signoff.timezone))), ""]
    return "\n".join(lines)


def _sections(completion: Completion, m: Messages, background: Background) -> Iterator[str]:
    signoff = completion.signoff
    results = Results(signoff, m, background, completion.results)
    outlook = Outlook(signoff, m, background, completion.way, completion.soon)
    recorded = Recorded(signoff, m, background)
    parts: dict[str, Iterable[str]] = {
        "summary": results.summary(),
        "scope": results.scope(),
        "deviations": results.deviations(),
        "results": results.by_area(),
        "blocked": results.blocked(),
        "measures": results.measures(),
        "outlook": outlook.lines(),
        "records": recorded.waivers_and_attestations(),
        "rollback": recorded.rollback(),
        "deliverables": recorded.deliverables((each.name, each.sha256) for each in completion.deliverables),
        "lessons": outlook.lessons(),
        "approvals": recorded.approvals(),
    }
    for number, (name, lines) in enumerate(parts.items(), 1):
        yield from section(2, f"{number}. {m(f'final.{name}')}", lines, m("final.nothing"))
