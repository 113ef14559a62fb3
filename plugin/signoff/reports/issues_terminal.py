"""The register in the terminal: one line an issue, or everything about one of them and what would close it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.model import IssueStatus
from signoff.reports import symbols
from signoff.reports.background import EMPTY, Background
from signoff.reports.instants import shown, zone
from signoff.reports.messages import Messages
from signoff.reports.plaintext import columns, fold, one_line, pad
from signoff.reports.register import due_words, flags, sentences, tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from signoff.model import Issue, IssueEvent, Item, Language, Signoff

_LIMIT = 600
_CELLS_NAMED = 5


def render_issue_list(
    signoff: Signoff, issues: Sequence[Issue], language: Language, background: Background = EMPTY, *, width: int = 80
) -> str:
    """Return the issues, two lines each, and the tally of the whole register."""
    m = Messages(language)
    lines = []
    for issue in issues:
        owner = background.owner(issue.owner, language)
        words = [m.name("issue", issue.status), f"{m('terminal.due')} {issue.due}", *flags(issue, m), owner]
        lines.append(
            f"{symbols.ISSUES[issue.status]} {issue.key}  {' · '.join(one_line(word, _LIMIT) for word in words)}"
        )
        lines += [f"    {line}" for line in fold(one_line(issue.summary, _LIMIT), width - 4)]
    if not issues:
        lines.append(m("issues.none_match") if signoff.issues else m("issues.none"))
    if signoff.issues:
        lines += ["", m("issues.counts", **tally(signoff.issues))]
    return "\n".join(lines)


def render_issue(
    signoff: Signoff, issue: Issue, language: Language, background: Background = EMPTY, *, width: int = 80
) -> str:
    """Return everything about one issue."""
    return "\n".join(_One(signoff, issue, Messages(language), background, width).lines())


def closing_step(issue: Issue, messages: Messages, timezone: str) -> str:
    """Return what would close the issue, in one sentence."""
    m = messages
    if issue.lacks_action:
        return m("issues.closes_by_action", key=issue.key)
    if issue.status is IssueStatus.VERIFIED:
        return m("issues.closes_with_release")
    if issue.status is IssueStatus.CLOSED:
        return m("issues.closed")
    if issue.status is IssueStatus.WAIVED:
        return m("issues.closes_waived")
    named = [f"{cell.check}[{cell.target}]" for cell in issue.unproven[:_CELLS_NAMED]]
    more = len(issue.unproven) - _CELLS_NAMED
    cells = ", ".join(named) + (f", +{more}" if more > 0 else "")
    if issue.resolved_at is None:
        return m("issues.closes_by_pass", cells=cells)
    return m("issues.closes_after_claim", cells=cells, at=shown(issue.resolved_at, zone(timezone)))


class _One:
    def __init__(self, signoff: Signoff, issue: Issue, messages: Messages, background: Background, width: int) -> None:
        self._signoff = signoff
        self._issue = issue
        self._m = messages
        self._background = background
        self._zone = zone(signoff.timezone)
        self._width = width
        self._result = next((r for r in signoff.items if r.item.id == issue.item), None)

    def lines(self) -> Iterator[str]:
        """Yield the whole page."""
        issue, m = self._issue, self._m
        status = " · ".join([m.name("issue", issue.status), *flags(issue, m)])
        yield f"{symbols.ISSUES[issue.status]} {issue.key}  {status}"
        rows = list(self._rows())
        widest = max(columns(label) for label, _ in rows) + 2
        for label, text in rows:
            yield from self._folded(pad(label, widest), text)
        yield f"{m('issues.history')}:"
        for event in issue.history:
            yield from self._folded("  ", self._event(event))

    def _rows(self) -> Iterator[tuple[str, str]]:
        issue, m = self._issue, self._m
        item = self._result.item if self._result else None
        yield m("word.item"), f"{issue.item} {m.text(item.title) if item else ''}"
        yield m("issues.summary"), issue.summary
        yield m("issues.targets"), ", ".join(issue.targets) or m("word.none")
        yield m("issues.fingerprint"), issue.fingerprint
        yield m("issues.opened"), f"{shown(issue.opened, self._zone)}, {m('issues.run', run=issue.opened_run)}"
        yield m("issues.cause"), issue.cause or m("issues.cause_unknown")
        yield m("issues.owner"), self._background.owner(issue.owner, m.language)
        yield m("issues.due"), due_words(issue, m)
        for step in self._planned(item):
            yield m("issues.planned"), step
        yield m("issues.action"), issue.action or m("issues.lacks_action" if issue.lacks_action else "issues.no_action")
        for sha256 in self._evidence():
            yield m("issues.evidence"), sha256
        for waiver in self._waivers():
            yield m("issues.waivers"), waiver
        yield m("issues.closes"), closing_step(issue, m, self._signoff.timezone)

    def _planned(self, item: Item | None) -> Sequence[str]:
        return self._issue.planned or (sentences(self._m.text(item.remediation)) if item else ())

    def _evidence(self) -> list[str]:
        """Return the digests of what was last seen on the issue's targets."""
        cells = self._result.cells if self._result else ()
        seen = [cell for cell in cells if cell.cell.target in self._issue.targets and cell.observation is not None]
        return [
            f"{cell.cell.check}[{cell.cell.target}] {cell.state} {cell.observation.evidence_sha256}"
            for cell in seen
            if cell.observation is not None
        ]

    def _waivers(self) -> list[str]:
        accepting = [
            waiver
            for waiver in self._background.waivers
            if waiver.item == self._issue.item and self._issue.fingerprint in waiver.fingerprints
        ]
        return [f"{waiver.id}, {waiver.approver}, {shown(waiver.expires, self._zone)}" for waiver in accepting]

    def _event(self, event: IssueEvent) -> str:
        who = event.by or self._m("issues.run", run=event.run)
        if event.recorded is not None:
            who += f" ({self._m('issues.recorded', at=shown(event.recorded, self._zone))})"
        text = f": {event.text}" if event.text else ""
        return f"{shown(event.at, self._zone)}  {self._m.name('event', event.what)}, {who}{text}"

    def _folded(self, label: str, text: str) -> Iterator[str]:
        indent = " " * columns(label)
        for number, line in enumerate(fold(one_line(text, _LIMIT), max(20, self._width - len(indent)))):
            yield f"{label if number == 0 else indent}{line}"
