"""Of the final report: what is still open and risky, how that is contained, what to do next, and what was learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.decision.next_steps import Kind
from signoff.model import IssueStatus
from signoff.reports.facts import item_fact, next_step
from signoff.reports.instants import remaining, shown, zone
from signoff.reports.markdown import inline, section
from signoff.reports.register import due_words, flags, sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from signoff.decision.expiring import Expiry
    from signoff.decision.next_steps import WayToGo
    from signoff.model import Issue, Signoff
    from signoff.reports.background import Background
    from signoff.reports.messages import Messages

_FACT_LIMIT = 160


class Outlook:
    """What is told of issues, risks and next steps."""

    def __init__(
        self, signoff: Signoff, m: Messages, background: Background, way: WayToGo, soon: Sequence[Expiry]
    ) -> None:
        self._signoff, self._m, self._background, self._way, self._soon = signoff, m, background, way, soon
        self._zone = zone(signoff.timezone)
        self._items = {result.item.id: result.item for result in signoff.items}

    def lines(self) -> Iterator[str]:
        """Yield open issues, risks, mitigation and recommendations; each says so if there are none."""
        m = self._m
        yield from section(3, m("final.open_issues"), self._open_issues(), m("final.no_open_issues"))
        yield from section(3, m("final.risks"), self._risks(), m("final.no_risks"))
        yield from section(3, m("final.mitigation"), self._mitigation(), m("final.nothing"))
        yield from section(3, m("final.recommendations"), self._recommendations(), m("final.nothing"))

    def _open(self) -> list[Issue]:
        found = [issue for issue in self._signoff.issues if issue.status.is_open]
        return sorted(found, key=lambda issue: (issue.due, issue.key))

    def _owner(self, key: str) -> str:
        return inline(self._background.owner(key, self._m.language))

    def _open_issues(self) -> Iterator[str]:
        m = self._m
        for issue in self._open():
            status = " · ".join([m.name("issue", issue.status), *flags(issue, m)])
            due = inline(due_words(issue, m))
            yield f"- **{inline(issue.key)}** {inline(issue.summary)}"
            severity = m(f"severity.{issue.severity}")
            owner = self._owner(issue.owner)
            yield f"  - {status} · {m('word.severity')}: {severity} · {owner} · {m('word.due')}: {due}"

    def _risks(self) -> Iterator[str]:
        """Yield what may hurt although it lets the release through."""
        m = self._m
        used = {waiver for result in self._signoff.items for waiver in result.waivers}
        for waiver in self._background.waivers:
            if waiver.id in used:
                left = remaining(waiver.expires, self._signoff.evaluated_at, m)
                yield f"- {m('word.waiver')} {inline(waiver.id)} ({waiver.item}, {left}): {inline(waiver.risk)}"
        for result in self._signoff.items:
            if not result.item.blocking and not result.state.satisfied:
                fact = inline(str(item_fact(result, m)), _FACT_LIMIT)
                yield f"- {m('word.not_blocking')}: **{result.item.id}** {fact}"
            if any(cell.flaky for cell in result.cells):
                yield f"- {m('word.flaky')}: **{result.item.id}** {inline(m.text(result.item.title))}"
        for rule in sorted(self._signoff.relaxed):
            yield f"- {m('final.relaxed')}: {m(f'separation.{rule}')}"

    def _mitigation(self) -> Iterator[str]:
        m = self._m
        for issue in self._open():
            item = self._items.get(issue.item)
            steps = issue.planned or (sentences(m.text(item.remediation)) if item else ())
            planned = " ".join(inline(step) for step in steps) or m("final.no_plan")
            yield f"- **{inline(issue.key)}** ({self._owner(issue.owner)}): {planned}"
        used = {waiver for result in self._signoff.items for waiver in result.waivers}
        for waiver in self._background.waivers:
            if waiver.id in used:
                yield f"- {m('word.waiver')} {inline(waiver.id)}: {inline(waiver.compensating_control)}"

    def _recommendations(self) -> Iterator[str]:
        """Yield what to do until GO, by owner, and what must be renewed so that GO lasts."""
        m, environment = self._m, self._signoff.environment
        for part in self._way.owners:
            yield f"- {self._owner(part.owner)}"
            for step in part.steps:
                if step.kind is Kind.RUN:
                    ids = ", ".join(result.item.id for result in step.results)
                    yield f"  - {m('way.run', n=len(step.results))}: {ids}"
                for result in step.results if step.kind is not Kind.RUN else ():
                    yield f"  - **{result.item.id}** {inline(next_step(result, environment, m).text)}"
        if self._way.full_run:
            yield f"- {m('way.full_run')}"
        if self._way.sign:
            roles = ", ".join(inline(m.name("role", role)) for role in self._way.sign)
            yield f"- {m('terminal.waiting', roles=roles)}"
        for expiry in self._soon:
            name = m.name("role", expiry.name) if expiry.kind == "approval" else expiry.name
            what = m(
                f"expiry.{expiry.kind}",
                name=name,
                item=expiry.item,
                owner=self._background.owner(expiry.owner, m.language),
            )
            yield f"- {m('final.renew', at=shown(expiry.at, self._zone))}: {inline(what)}"

    def lessons(self) -> Iterator[str]:
        """Yield what the register teaches (what came back, came late, or had a cause), then room for people's words."""
        m = self._m
        for issue in self._signoff.issues:
            told = flags(issue, m) + ([m("issues.lacks_action")] if issue.lacks_action else [])
            if told or issue.status in {IssueStatus.VERIFIED, IssueStatus.CLOSED}:
                yield f"- **{inline(issue.key)}** {' · '.join([inline(issue.summary), *told])}"
                if issue.cause:
                    yield f"  - {m('issues.cause')}: {inline(issue.cause)}"
                if issue.action:
                    yield f"  - {m('issues.action')}: {inline(issue.action)}"
        for result in self._signoff.items:
            if any(cell.flaky for cell in result.cells):
                yield f"- {m('word.flaky')}: **{result.item.id}** {inline(m.text(result.item.title))}"
        yield f"- {m('final.lessons_blank')}"
