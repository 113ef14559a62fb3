"""The body of a Confluence page in storage format: the decision itself, so that nobody has to download it.

It is XML with the namespaces `ac` and `ri`, written by templates with autoescape; what XML cannot write is replaced.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from signoff.model import State
from signoff.reports import symbols
from signoff.reports.background import EMPTY, Background
from signoff.reports.blockers import blockers, general_reasons
from signoff.reports.change_lines import change_lines
from signoff.reports.instants import zone
from signoff.reports.messages import Messages
from signoff.reports.page_text import PageText
from signoff.reports.register import flags
from signoff.reports.standing import headline
from signoff.reports.state_words import state_counts
from signoff.reports.templating import render

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from signoff.model import Issue, IssueStatus, ItemResult, Language, Outcome, Signoff
    from signoff.reports.daily_markdown import Day

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write."""
_MOST_ISSUES = 300
_COLOURS: Mapping[State, str] = {
    State.FAIL: "Red",
    State.ERROR: "Purple",
    State.NOT_VERIFIED: "Grey",
    State.STALE: "Yellow",
    State.WAIVED: "Yellow",
    State.ATTESTED: "Green",
    State.PASS: "Blue",
    State.NOT_APPLICABLE: "Grey",
}
"""Colours that the status macro knows; symbol and word carry the meaning."""


@dataclass(frozen=True, slots=True)
class _Text(PageText):
    """The page's helpers, and what only storage format needs."""

    def colour(self, state: State) -> str:
        """Return the status macro's colour of a state."""
        return _COLOURS[state]

    def issue_tone(self, status: IssueStatus) -> State:
        """Return the state whose colour an issue wears."""
        return symbols.ISSUE_TONES[status]

    def flags(self, issue: Issue) -> list[str]:
        """Return what to notice beside the issue's status."""
        return flags(issue, self.messages)

    def counts(self, results: Sequence[ItemResult]) -> str:
        """Return how many items are in each state."""
        return state_counts(results, self.messages)


@dataclass(frozen=True, slots=True)
class _Count:
    state: State
    count: int


def render_signoff(
    signoff: Signoff, language: Language, background: Background = EMPTY, files: Sequence[tuple[str, str]] = ()
) -> str:
    """Return the body of the decision's page; `files` are names of attachments, each with its label's message key."""
    text = _helpers(signoff, language, background)
    by_area = groupby(sorted(signoff.judged, key=attrgetter("item.area")), key=attrgetter("item.area"))
    grouped = {area: sorted(results, key=lambda one: one.state.rank) for area, results in by_area}
    order = dict.fromkeys(result.item.area for result in signoff.judged)
    register = sorted(signoff.issues, key=lambda issue: (not issue.status.is_open, issue.due, issue.key))
    return _xml(
        "confluence_signoff.xml.jinja",
        signoff,
        text,
        counts=[_Count(state, signoff.count(state)) for state in State],
        blockers=blockers(signoff),
        general=general_reasons(signoff),
        changes=list(change_lines(signoff.changes, text.messages)),
        register=register[:_MOST_ISSUES],
        more_issues=max(0, len(register) - _MOST_ISSUES),
        areas=[(area, grouped[area]) for area in order],
        files=files,
    )


def render_day(day: Day, language: Language, background: Background = EMPTY) -> str:
    """Return the body of one day's page."""
    signoff = day.signoff
    text = _helpers(signoff, language, background)
    m = text.messages
    runs = [run for run in signoff.runs if run.id in day.results or day.has(run.started)]
    return _xml(
        "confluence_daily.xml.jinja",
        signoff,
        text,
        satisfied=sum(result.state.satisfied for result in signoff.judged),
        runs=[(run, _outcomes(day.results.get(run.id, {}))) for run in runs],
        changes=list(change_lines(day.changes, m)),
        stages=list(_stages(signoff, background, m)),
        told=[
            ("daily.issues_found", [i for i in signoff.issues if _found(i, day)], "daily.no_issues_found"),
            ("daily.issues_solved", [i for i in signoff.issues if _solved(i, day)], "daily.no_issues_solved"),
        ],
    )


def _helpers(signoff: Signoff, language: Language, background: Background) -> _Text:
    return _Text(Messages(language), background, signoff, zone(signoff.timezone))


def _xml(template: str, signoff: Signoff, text: _Text, **values: object) -> str:
    m = text.messages
    body = render(template, m=m, t=text, signoff=signoff, head=headline(signoff, m), **values)
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", str(body))


def _stages(signoff: Signoff, background: Background, m: Messages) -> Iterator[tuple[int, str, list[ItemResult]]]:
    for number in sorted({result.item.stage for result in signoff.judged}):
        title = background.stages.get(number)
        mine = [result for result in signoff.judged if result.item.stage == number]
        yield number, m.text(title) if title else "", sorted(mine, key=lambda one: one.state.rank)


def _outcomes(counts: Mapping[Outcome, int]) -> str:
    return " ".join(f"{symbols.OUTCOMES[each]} {counts[each]}" for each in symbols.OUTCOMES if counts.get(each))


def _found(issue: Issue, day: Day) -> bool:
    again = any(event.what in {"opened", "failed again"} and day.has(event.at) for event in issue.history)
    return day.has(issue.opened) or again


def _solved(issue: Issue, day: Day) -> bool:
    ended: tuple[datetime | None, ...] = (issue.verified_at, issue.resolved_at)
    return not issue.status.is_open and any(day.has(at) for at in ended)
