"""The register as a Markdown issue list: by area, one checkbox an issue, with cause, owner, due date and proof."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import quote

from signoff.model import IssueStatus, Verdict
from signoff.reports.background import EMPTY, Background
from signoff.reports.instants import shown, zone
from signoff.reports.markdown import box, inline
from signoff.reports.messages import Messages
from signoff.reports.register import due_words, flags, sentences, tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from signoff.model import Issue, Item, Language, Signoff
    from signoff.reports.background import Link


def render_issues(
    signoff: Signoff, language: Language, background: Background = EMPTY, references: Sequence[Link] = ()
) -> str:
    """Return the issue list in the language. A box is ticked once the fix was verified or the issue waived.

    `references` are the other reports of the same evaluation.
    """
    return "\n".join([*_IssueList(signoff, language, background, references).lines(), ""])


class _IssueList:
    def __init__(
        self, signoff: Signoff, language: Language, background: Background, references: Sequence[Link]
    ) -> None:
        self._signoff = signoff
        self._references = references
        self._background = background
        self._m = Messages(language)
        self._zone = zone(signoff.timezone)
        self._items = {result.item.id: result.item for result in signoff.items}

    def lines(self) -> Iterator[str]:
        """Yield the document."""
        m, signoff = self._m, self._signoff
        yield f"# {m('issues.title')}"
        yield ""
        yield f"## {m('issues.overview')}"
        yield ""
        names = {"product": signoff.product, "release": signoff.release, "environment": signoff.environment}
        yield m("issues.intro", **{key: inline(value) for key, value in names.items()})
        yield ""
        yield m("issues.counts", **tally(signoff.issues)) if signoff.issues else m("issues.none")
        for heading, issues in self._by_area():
            yield ""
            yield f"## {heading}"
            yield ""
            for issue in issues:
                yield from self._issue(issue)
        yield from self._plan()
        if self._references:
            yield ""
            yield f"## {m('issues.references')}"
            yield ""
        for link in self._references:
            yield f"- [{inline(link.label)}]({quote(link.href)})"
        yield ""
        yield "---"
        if signoff.issues:
            first = min(issue.opened for issue in signoff.issues)
            yield m("issues.first_found", at=first.astimezone(self._zone).date().isoformat())
        yield m("issues.updated", at=shown(signoff.evaluated_at, self._zone))

    def _by_area(self) -> Iterator[tuple[str, list[Issue]]]:
        """Yield headings with their issues, areas in the checklist's order, then issues of items that are gone."""
        areas = dict.fromkeys(item.area for item in self._items.values())
        for area in areas:
            mine = [each for each in self._signoff.issues if self._area_of(each) == area]
            if mine:
                yield self._m("issues.area", area=inline(self._background.area(area, self._m.language))), mine
        gone = [issue for issue in self._signoff.issues if issue.item not in self._items]
        if gone:
            yield self._m("issues.area_unknown"), gone

    def _area_of(self, issue: Issue) -> str | None:
        item = self._items.get(issue.item)
        return item.area if item else None

    def _issue(self, issue: Issue) -> Iterator[str]:
        m = self._m
        item = self._items.get(issue.item)
        title = f"{inline(m.text(item.title))} " if item else ""
        yield f"- {box(not issue.status.is_open)} **{title}({issue.item})**: {inline(issue.summary)}"
        yield f"  - {m('issues.status')}: {self._status(issue)}"
        yield f"  - {m('issues.targets')}: {inline(', '.join(issue.targets)) or m('word.none')}"
        yield f"  - {m('issues.cause')}: {inline(issue.cause) or m('issues.cause_unknown')}"
        yield f"  - {m('issues.owner')}: {inline(self._background.owner(issue.owner, m.language))}"
        yield f"  - {m('issues.due')}: {inline(due_words(issue, m))}"
        yield from self._planned(issue, item)
        resolved = self._date(issue).isoformat() if issue.resolved_at or issue.verified_at else m("issues.not_resolved")
        if issue.claim_recorded is not None:
            resolved += f" ({m('issues.recorded', at=shown(issue.claim_recorded, self._zone))})"
        yield f"  - {m('issues.resolved')}: {resolved}"
        missing = m("issues.lacks_action" if issue.lacks_action else "issues.no_action")
        yield f"  - {m('issues.action')}: {inline(issue.action) or missing}"
        yield f"  - {m('issues.verification')}: {self._verification(issue)}"

    def _status(self, issue: Issue) -> str:
        return " · ".join([f"{self._m.name('issue', issue.status)} ({inline(issue.key)})", *flags(issue, self._m)])

    def _planned(self, issue: Issue, item: Item | None) -> Iterator[str]:
        steps = issue.planned or (sentences(self._m.text(item.remediation)) if item else ())
        if not steps:
            yield f"  - {self._m('issues.planned')}: {self._m('word.none')}"
            return
        yield f"  - {self._m('issues.planned')}:"
        for step in steps:
            yield f"    - {inline(step)}"

    def _date(self, issue: Issue) -> date:
        """Return the project's calendar day on which the issue was solved."""
        solved = issue.resolved_at or issue.verified_at
        return solved.astimezone(self._zone).date() if solved else date.max

    def _verification(self, issue: Issue) -> str:
        if issue.verified_at is None or issue.status not in {IssueStatus.VERIFIED, IssueStatus.CLOSED}:
            return self._m("issues.not_verified")
        return self._m("issues.verified", at=shown(issue.verified_at, self._zone), run=inline(issue.verified_run))

    def _plan(self) -> Iterator[str]:
        """Yield the plan's four steps: fix, verify each, check everything again, release only on GO."""
        signoff = self._signoff
        fixed = all(issue.resolved_at or not issue.status.is_open for issue in signoff.issues)
        verified = not any(issue.status.is_open for issue in signoff.issues)
        ready = signoff.scope is None and signoff.verdict.exit_status == 0
        go = signoff.verdict is Verdict.GO
        yield ""
        yield f"## {self._m('issues.plan')}"
        yield ""
        steps = (("fix", fixed), ("verify", verified), ("full", ready), ("go", go))
        for number, (step, done) in enumerate(steps, 1):
            yield f"{number}. {box(done)} {self._m(f'issues.plan_{step}')}"
