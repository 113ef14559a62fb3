"""The sign-off page: one HTML file that answers an executive in ten seconds and an auditor in ten years.

It needs no script, no server and no other file, and forbids itself to load any. Everything from the outside world
passes the templates' autoescape; nothing else writes HTML.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from signoff.model import State, Verdict
from signoff.reports.area_bars import area_bars
from signoff.reports.background import EMPTY, Background
from signoff.reports.blockers import blockers, general_reasons
from signoff.reports.cell_rows import rows
from signoff.reports.instants import zone
from signoff.reports.links import safe_links
from signoff.reports.messages import Messages
from signoff.reports.page_text import PageText
from signoff.reports.register import tally
from signoff.reports.standing import headline
from signoff.reports.templating import csp_hash, render, style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.model import Issue, ItemResult, Language, Signoff
    from signoff.reports.background import Link

_RUN_LIMIT = 20


def render_page(
    signoff: Signoff, language: Language, background: Background = EMPTY, links: Sequence[Link] = ()
) -> str:
    """Return the page. `links` point to the other artifacts of the run; other schemes than http(s) are left out."""
    messages = Messages(language)
    sheet = style("page.css")
    return render(
        "page.html.jinja",
        m=messages,
        text=PageText(messages, background, signoff, zone(signoff.timezone)),
        signoff=signoff,
        background=background,
        head=headline(signoff, messages),
        blockers=blockers(signoff),
        general=general_reasons(signoff),
        bars=area_bars(signoff),
        groups=_by_state(signoff),
        issues=_open_first(signoff.issues),
        issue_counts=tally(signoff.issues),
        runs=signoff.runs[::-1][:_RUN_LIMIT],
        rows=rows,
        states=tuple(State),
        verdicts=tuple(Verdict),
        links=safe_links(links),
        style=sheet,
        style_hash=csp_hash(sheet),
    )


def _by_state(signoff: Signoff) -> list[tuple[State, list[ItemResult]]]:
    """Return the judged items by state, worst first, in the checklist's order within a state."""
    ordered = sorted(signoff.judged, key=lambda result: result.state.rank)
    return [(state, list(results)) for state, results in groupby(ordered, key=lambda result: result.state)]


def _open_first(issues: Sequence[Issue]) -> list[Issue]:
    return sorted(issues, key=lambda issue: (not issue.status.is_open, issue.due, issue.key))
