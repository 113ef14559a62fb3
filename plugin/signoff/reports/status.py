"""What a release manager asks every morning: the shortest path to GO by owner, what is overdue, what ends soon."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from signoff.decision.next_steps import Kind
from signoff.reports.change_lines import change_lines
from signoff.reports.commands import (
    approve_command,
    full_run_command,
    revoke_command,
    step_command,
    verify_command,
)
from signoff.reports.facts import item_fact, next_step
from signoff.reports.instants import remaining, shown, zone
from signoff.reports.messages import Messages
from signoff.reports.plaintext import one_line, printable
from signoff.reports.signing import relaxed_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from signoff.decision.expiring import Expiry
    from signoff.decision.next_steps import OwnersPart, Step, WayToGo
    from signoff.model import Language, Signoff
    from signoff.reports.background import Background

_LIMIT = 200
_SHOWN = 12
_INDENT = " " * 6


def render_status(
    signoff: Signoff, way: WayToGo, soon: Sequence[Expiry], language: Language, background: Background
) -> str:
    """Return what follows the verdict and its blockers, without a final newline."""
    status = _Status(signoff, Messages(language), background)
    parts = (
        [*relaxed_lines(signoff, Messages(language))],
        [*status.way(way)],
        [*status.overdue()],
        [*status.soon(soon)],
        [*status.changes()],
    )
    return "\n".join("\n".join(part) + "\n" for part in parts if part).rstrip("\n")


class _Status:
    def __init__(self, signoff: Signoff, m: Messages, background: Background) -> None:
        self._signoff, self._m, self._background = signoff, m, background
        self._zone = zone(signoff.timezone)

    def way(self, way: WayToGo) -> Iterator[str]:
        """Yield what to do, by owner, then what concerns everybody."""
        m, environment = self._m, self._signoff.environment
        if way.done:
            return
        yield m("way.title" if self._signoff.scope is None else "way.title_partial")
        if way.broken:
            yield from self._everybody(m("way.broken"), [verify_command(environment)])
        for part in way.owners:
            yield from self._owner(part)
        if way.refused:
            yield from self._everybody(m("way.refused"), [revoke_command(role, environment) for role in way.refused])
        if way.full_run:
            yield from self._everybody(m("way.full_run"), [full_run_command(environment)])
        if way.sign:
            yield from self._everybody(m("way.sign"), [approve_command(role, environment) for role in way.sign])

    def _everybody(self, text: str, commands: Sequence[str]) -> Iterator[str]:
        yield f"  {text}"
        yield from (f"{_INDENT}{printable(command)}" for command in commands)

    def _owner(self, part: OwnersPart) -> Iterator[str]:
        name = printable(self._background.owner(part.owner, self._m.language))
        yield f"  {self._m('way.owner', owner=name, n=len(part.items))}"
        for step in part.steps:
            yield from self._step(step, part.owner)

    def _step(self, step: Step, owner: str) -> Iterator[str]:
        m = self._m
        if step.kind is Kind.RUN:
            yield f"    {m('way.run', n=len(step.results))}"
        else:
            (result,) = step.results
            what = next_step(result, self._signoff.environment, m).text
            title = f"{result.item.id} {m.text(result.item.title)}"
            yield f"    {m(f'way.{step.kind}')}: {one_line(f'{title} — {item_fact(result, m)}', _LIMIT)}"
            yield f"{_INDENT}→ {one_line(what, _LIMIT)}"
        command = step_command(step, owner, self._signoff.environment)
        if command:
            yield f"{_INDENT}{printable(command)}"

    def overdue(self) -> Iterator[str]:
        """Yield issues whose day has passed, the oldest first."""
        late = sorted((i for i in self._signoff.issues if i.overdue), key=lambda issue: (issue.due, issue.key))
        if late:
            yield self._m("status.overdue", n=len(late))
        for issue in late[:_SHOWN]:
            owner = self._background.owner(issue.owner, self._m.language)
            yield f"  {one_line(f'{issue.due.isoformat()} {issue.key} ({owner}): {issue.summary}', _LIMIT)}"
        yield from self._more(len(late))

    def soon(self, soon: Sequence[Expiry]) -> Iterator[str]:
        """Yield what ends within the week; evidence of one owner that ends at one instant is one line."""
        lines = list(self._soon_lines(soon))
        if lines:
            yield self._m("status.soon")
            yield from lines[:_SHOWN]
            yield from self._more(len(lines))

    def _soon_lines(self, soon: Sequence[Expiry]) -> Iterator[str]:
        m = self._m
        days = groupby(soon, key=lambda expiry: (expiry.at.astimezone(self._zone).date(), expiry.kind, expiry.owner))
        together: list[tuple[Expiry, list[Expiry]]] = []
        for (_, kind, _), group in days:
            members = list(group)
            together += [(members[0], members)] if kind == "evidence" else [(each, [each]) for each in members]
        for first, members in together:
            owner = printable(self._background.owner(first.owner, m.language))
            names = ", ".join(member.name for member in members[:3])
            more = f" {m('word.more', n=len(members) - 3)}" if len(members) > 3 else ""  # noqa: PLR2004 - three are named
            named = f"{m.name('role', names) if first.kind == 'approval' else names}{more}"
            left = remaining(first.at, self._signoff.evaluated_at, m)
            what = m(f"expiry.{first.kind}", name=named, item=first.item, owner=owner)
            yield f"  {shown(first.at, self._zone)} ({left}) {one_line(what, _LIMIT)}"

    def changes(self) -> Iterator[str]:
        """Yield what changed since the decision that was compared with."""
        signoff = self._signoff
        if signoff.changes_since is None or not signoff.changes:
            return
        at = shown(signoff.changes_since, self._zone)
        yield self._m(f"changes.{signoff.changes_from}", at=at, n=len(signoff.changes))
        yield from (f"  {line}" for line in list(change_lines(signoff.changes, self._m))[:_SHOWN])
        yield from self._more(len(signoff.changes))

    def _more(self, total: int) -> Iterator[str]:
        if total > _SHOWN:
            yield f"  {self._m('word.more', n=total - _SHOWN)}"
