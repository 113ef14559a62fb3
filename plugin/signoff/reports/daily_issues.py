"""The issues of one stage on one day: found today, solved today, and those that go on, each with owner and plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.reports.markdown import box, inline, section
from signoff.reports.register import due_words, flags, sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from signoff.model import Issue, Signoff
    from signoff.reports.background import Background
    from signoff.reports.messages import Messages


class StageIssues:
    """The register, told stage by stage."""

    def __init__(
        self, signoff: Signoff, m: Messages, background: Background, today: Callable[[datetime | None], bool]
    ) -> None:
        self._issues, self._m, self._background, self._today = signoff.issues, m, background, today
        self._items = {result.item.id: result.item for result in signoff.items}

    def of_stage(self, number: int) -> Iterator[str]:
        """Yield the sections of a stage."""
        m = self._m
        mine = [one for one in self._issues if one.item in self._items and self._items[one.item].stage == number]
        found = [one for one in mine if self._found(one)]
        solved = [one for one in mine if one not in found and self._solved(one)]
        going_on = [one for one in mine if one not in found and one not in solved and one.status.is_open]
        yield from section(3, m("daily.issues_found"), self._lines(found), m("daily.no_issues_found"))
        yield from section(3, m("daily.issues_solved"), self._lines(solved), m("daily.no_issues_solved"))
        yield from section(3, m("daily.issues_open"), self._lines(going_on))

    def gone(self) -> Iterator[str]:
        """Yield the open issues of items that the checklist no longer has."""
        yield from self._lines(one for one in self._issues if one.item not in self._items and one.status.is_open)

    def _found(self, issue: Issue) -> bool:
        again = any(event.what in {"opened", "failed again"} and self._today(event.at) for event in issue.history)
        return self._today(issue.opened) or again

    def _solved(self, issue: Issue) -> bool:
        return not issue.status.is_open and (self._today(issue.verified_at) or self._today(issue.resolved_at))

    def _lines(self, issues: Iterable[Issue]) -> Iterator[str]:
        for issue in issues:
            yield from self._issue(issue)

    def _issue(self, issue: Issue) -> Iterator[str]:
        m, item = self._m, self._items.get(issue.item)
        status = " · ".join([m.name("issue", issue.status), *flags(issue, m)])
        yield f"- {box(not issue.status.is_open)} **{inline(issue.key)}** {inline(issue.summary)}"
        owner = inline(self._background.owner(issue.owner, m.language))
        yield f"  - {m('issues.status')}: {status}"
        yield f"  - {m('issues.owner')}: {owner} · {m('issues.due')}: {inline(due_words(issue, m))}"
        if issue.action:
            yield f"  - {m('issues.action')}: {inline(issue.action)}"
        steps = issue.planned or (sentences(m.text(item.remediation)) if item else ())
        if issue.status.is_open and steps:
            yield f"  - {m('issues.planned')}: {' '.join(inline(step) for step in steps)}"
