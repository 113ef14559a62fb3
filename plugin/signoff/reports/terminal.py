"""The closing block in the terminal: the verdict in words, what blocks, who mends it, and where the reports are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.model import ApprovalStatus, State, Verdict
from signoff.reports import symbols
from signoff.reports.background import EMPTY, Background
from signoff.reports.blockers import blockers, general_reasons
from signoff.reports.facts import item_fact, next_step
from signoff.reports.instants import shown, zone
from signoff.reports.messages import Messages
from signoff.reports.plaintext import columns, fold, one_line, pad, printable
from signoff.reports.standing import headline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from signoff.model import Language, Signoff
    from signoff.reports.background import Link
    from signoff.reports.blockers import Blocker

_SGR: Mapping[State, str] = {
    State.FAIL: "31",
    State.ERROR: "35",
    State.NOT_VERIFIED: "1",
    State.STALE: "33",
    State.WAIVED: "33",
    State.ATTESTED: "36",
    State.PASS: "34",
    State.NOT_APPLICABLE: "2",
}
CHECKPOINT_LENGTH = 32
"""Characters of a hash that are shown: enough that nobody can forge another chain that has them too."""
_MIN_WIDTH = 40
_FACT_LIMIT = 240
_LABEL_WIDTH = 6


def render_verdict(  # noqa: PLR0913 - the terminal's own properties come in one by one
    signoff: Signoff,
    language: Language,
    colour: bool,
    *,
    width: int = 80,
    limit: int = 10,
    reports: Sequence[Link] = (),
    background: Background = EMPTY,
) -> str:
    """Return the block, without a final newline: at most `limit` blocking items, lines of at most `width` columns."""
    block = _Block(signoff, Messages(language), background, colour=colour, width=max(width, _MIN_WIDTH))
    return "\n".join([*block.verdict(), *block.blockers(limit), *block.reports(reports), *block.ledger()])


class _Block:
    def __init__(
        self, signoff: Signoff, messages: Messages, background: Background, *, colour: bool, width: int
    ) -> None:
        self._signoff = signoff
        self._m = messages
        self._background = background
        self._colour = colour
        self._width = width
        self._blockers = blockers(signoff)

    def verdict(self) -> Iterator[str]:
        """Yield the verdict, what it is about, and the counts."""
        m, signoff = self._m, self._signoff
        head = headline(signoff, m)
        label = f" ({head.label})" if head.label != head.partial else ""
        yield self._paint(f"{head.symbol} {head.title}{label}", head.tone, bold=True)
        if head.partial:
            yield self._paint(head.partial, State.NOT_VERIFIED)
        yield from self._fold(one_line(f"{signoff.product} {signoff.release} · {signoff.environment}", self._width))
        yield from self._fold(head.sentence)
        counts = [(state, signoff.count(state)) for state in State]
        chips = [f"{symbols.STATES[state]} {m(f'state.{state}')} {count}" for state, count in counts if count]
        yield from self._fold(" ".join(f"{chip}  ".replace(" ", "\N{NO-BREAK SPACE}") for chip in chips))
        waiting = [step.role for step in signoff.approvals if step.status is not ApprovalStatus.VALID]
        if signoff.verdict is Verdict.READY and signoff.scope is None and waiting:
            yield from self._fold(m("terminal.waiting", roles=", ".join(m.name("role", role) for role in waiting)))
        if signoff.rollback is not None:
            at = shown(signoff.rollback.at, zone(signoff.timezone))
            yield from self._fold(m("rollback.standing", verdict=m(f"rollback.{signoff.rollback.verdict}"), at=at))

    def blockers(self, limit: int) -> Iterator[str]:
        """Yield what blocks: reasons beyond items first, then items with fact, owner and next step."""
        general = general_reasons(self._signoff)
        if self._blockers:
            yield ""
            yield self._m("terminal.blockers", n=len(self._blockers))
        for blocker in self._blockers[:limit]:
            yield from self._blocker(blocker)
        if len(self._blockers) > limit:
            yield from self._fold(self._m("terminal.more", n=len(self._blockers) - limit), "  ")
        if general:
            yield ""
        for reason in general[:limit]:
            yield from self._fold(f"· {one_line(self._m.text(reason.text), _FACT_LIMIT)}", "  ")

    def reports(self, reports: Sequence[Link]) -> Iterator[str]:
        """Yield where to read on; paths are never folded, so that they can be clicked and copied."""
        if not reports:
            return
        yield ""
        yield self._m("terminal.reports")
        widest = max(columns(link.label) for link in reports)
        for link in reports:
            yield f"  {pad(link.label, widest)}  {printable(link.href)}"

    def ledger(self) -> Iterator[str]:
        """Yield what to write down elsewhere: `signoff verify --checkpoint` proves with it that nothing was cut off."""
        for head in self._signoff.ledgers:
            yield f"{self._m('terminal.ledger')} {head.seq}:{head.sha256[:CHECKPOINT_LENGTH]}"

    def _blocker(self, blocker: Blocker) -> Iterator[str]:
        m, item = self._m, blocker.result.item
        state = blocker.result.state
        found = item_fact(blocker.result, m)
        where = f"[{found.target}]" if found.target else ""
        if blocker.bad > 1:
            where += f" {m('word.of_targets', n=blocker.bad, total=blocker.total)}"
        title = one_line(f"{item.id} {m.text(item.title)} {where}", _FACT_LIMIT)
        first, *rest = self._fold(f"{symbols.STATES[state]} {title}", "  ")
        yield self._paint(first, state)
        yield from rest
        expected = f" ({m('terminal.expected')}: {one_line(found.expected, _FACT_LIMIT)})" if found.expected else ""
        yield from self._labelled("terminal.fact", one_line(found.text, _FACT_LIMIT) + expected)
        yield from self._labelled("terminal.owner", self._who(blocker))
        step = next_step(blocker.result, self._signoff.environment, m)
        yield from self._labelled("terminal.next", one_line(step.text, _FACT_LIMIT))
        if step.command:  # never folded, so that it can be copied
            yield f"{' ' * (4 + _LABEL_WIDTH)}{printable(step.command)}"

    def _who(self, blocker: Blocker) -> str:
        owner = printable(self._background.owner(blocker.result.item.owner, self._m.language))
        if blocker.issue is None:
            return owner
        marks = {"word.extended": blocker.issue.extended, "word.overdue": blocker.issue.overdue}
        flags = "".join(f" ({self._m(key)})" for key, holds in marks.items() if holds)
        return f"{owner} · {self._m('terminal.due')} {blocker.issue.due.isoformat()}{flags}"

    def _labelled(self, label: str, text: str) -> Iterator[str]:
        name = pad(self._m(label), _LABEL_WIDTH)
        indent = " " * (4 + columns(name))
        for number, line in enumerate(fold(text, self._width - len(indent))):
            yield f"    {name}{line}" if number == 0 else f"{indent}{line}"

    def _fold(self, text: str, indent: str = "") -> Iterator[str]:
        for number, line in enumerate(fold(text, self._width - len(indent))):
            yield (line if number == 0 else f"{indent}{line}").replace("\N{NO-BREAK SPACE}", " ").rstrip()

    def _paint(self, text: str, tone: State, *, bold: bool = False) -> str:
        if not self._colour:
            return text
        code = f"1;{_SGR[tone]}" if bold and _SGR[tone] != "1" else _SGR[tone]
        return f"\x1b[{code}m{text}\x1b[0m"
