"""The sign-off page: one HTML file that answers an executive in ten seconds and an auditor in ten years.

It needs no server and no other file, and forbids itself to load any. Its one small script only filters the items;
without it the page has everything. What comes from the outside world passes the templates' autoescape; nothing else
writes HTML.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from signoff.model import ApprovalStatus, State, Verdict
from signoff.reports.area_bars import area_bars
from signoff.reports.background import EMPTY, Background
from signoff.reports.blockers import blockers, general_reasons
from signoff.reports.cell_rows import rows
from signoff.reports.chart_text import ChartText
from signoff.reports.heat_map import heat_map
from signoff.reports.instants import zone
from signoff.reports.item_filter import item_filter
from signoff.reports.links import safe_links
from signoff.reports.messages import Messages
from signoff.reports.page_text import PageText
from signoff.reports.register import tally
from signoff.reports.run_chart import HEIGHT, LINE_HEIGHT, STATES, run_chart, run_line, said_of
from signoff.reports.standing import headline
from signoff.reports.templating import csp_hash, render, script, style
from signoff.reports.tickets import tickets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from signoff.model import Issue, ItemResult, Language, Signoff, Waiver
    from signoff.reports.background import Link

_RUN_LIMIT = 20
_CHANGES_LIMIT = 200
"""More are read with `signoff diff`."""


def render_page(
    signoff: Signoff, language: Language, background: Background = EMPTY, links: Sequence[Link] = ()
) -> str:
    """Return the page. `links` point to the other artifacts of the run; other schemes than http(s) are left out."""
    messages = Messages(language)
    sheet, program, chart = style("page.css"), script("page.js"), run_chart(signoff)
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
        waivers=sorted(background.waivers, key=_end),
        used_waivers=_used(background.waivers, signoff.judged),
        conditions=_conditions(signoff),
        attested=_first_to_end(signoff.judged),
        changes_limit=_CHANGES_LIMIT,
        issues=_open_first(signoff.issues),
        issue_counts=tally(signoff.issues),
        tickets=tickets(signoff),
        judged_ids={result.item.id for result in signoff.judged},
        groups=_by_state(signoff),
        filter=item_filter(signoff),
        rows=rows,
        map=heat_map(signoff),
        chart=chart,
        charts=ChartText(messages),
        chart_height=HEIGHT,
        line=run_line(chart),
        line_height=LINE_HEIGHT,
        said_of=said_of,
        run_states=tuple(STATES.values()),
        run_counts={column.run.id: column.counts for column in chart},
        runs=signoff.runs[::-1][:_RUN_LIMIT],
        states=tuple(State),
        verdicts=tuple(Verdict),
        links=safe_links(links),
        style=sheet,
        style_hash=csp_hash(sheet),
        script=program,
        script_hash=csp_hash(program),
    )


def _by_state(signoff: Signoff) -> list[tuple[State, list[ItemResult]]]:
    """Return the judged items by state, worst first, in the checklist's order within a state."""
    ordered = sorted(signoff.judged, key=lambda result: result.state.rank)
    return [(state, list(results)) for state, results in groupby(ordered, key=lambda result: result.state)]


def _open_first(issues: Sequence[Issue]) -> list[Issue]:
    return sorted(issues, key=lambda issue: (not issue.status.is_open, issue.due, issue.key))


def _end(waiver: Waiver) -> datetime:
    return waiver.expires


def _used(waivers: Sequence[Waiver], results: Sequence[ItemResult]) -> list[Waiver]:
    """Return the waivers that the decision rests on, first what ends first."""
    used = {name for result in results if result.state is State.WAIVED for name in result.waivers}
    return sorted((waiver for waiver in waivers if waiver.id in used), key=_end)


def _conditions(signoff: Signoff) -> list[str]:
    """Return the conditions of the signatures that count."""
    valid = (step.approval for step in signoff.approvals if step.status is ApprovalStatus.VALID)
    return [condition for approval in valid if approval is not None for condition in approval.conditions]


def _first_to_end(results: Sequence[ItemResult]) -> list[ItemResult]:
    """Return the attested items, first the one whose attestation ends first."""
    ends = {result.item.id: result.attestation.expires for result in results if result.attestation is not None}
    return sorted((r for r in results if r.item.id in ends), key=lambda result: ends[result.item.id])
