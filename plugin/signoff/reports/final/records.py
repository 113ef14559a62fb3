"""Of the final report: what people put on record (waivers, attestations, rollbacks, approvals), and the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.reports import symbols
from signoff.reports.instants import remaining, shown, zone
from signoff.reports.markdown import inline, section, table
from signoff.reports.rollback_markdown import decision_lines, rule_lines
from signoff.reports.state_words import state_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from signoff.model import ApprovalStep, Signoff
    from signoff.reports.background import Background
    from signoff.reports.messages import Messages

_AREA = "rollback"
"""The plan's area about the way back."""


class Recorded:
    """What is told of records."""

    def __init__(self, signoff: Signoff, m: Messages, background: Background) -> None:
        self._signoff, self._m, self._background = signoff, m, background
        self._zone = zone(signoff.timezone)

    def waivers_and_attestations(self) -> Iterator[str]:
        """Yield every waiver that is used, and every attestation."""
        m, now = self._m, self._signoff.evaluated_at
        used = {waiver: result.item.id for result in self._signoff.items for waiver in result.waivers}
        for name, item in used.items():
            waiver = self._background.waiver(name)
            if waiver is None:
                yield f"- {m('word.waiver')} **{inline(name)}** ({item})"
                continue
            until = f"{shown(waiver.expires, self._zone)} ({remaining(waiver.expires, now, m)})"
            yield f"- {m('word.waiver')} **{inline(name)}** ({item}): {inline(waiver.reason)}"
            yield f"  - {m('page.risk')}: {inline(waiver.risk)}"
            yield f"  - {m('page.control')}: {inline(waiver.compensating_control)}"
            yield f"  - {m('page.approver')}: {inline(waiver.approver)} · {m('page.expires')}: {until}"
        for result in self._signoff.items:
            made = result.attestation
            if made is not None:
                failed = "" if made.passed else f" ({m('page.attested_failed')})"
                who = f"{inline(made.by)} ({inline(m.name('role', made.role))}), {shown(made.at, self._zone)}"
                yield f"- {m('page.attestation')} **{result.item.id}**{failed}: {inline(made.statement)}"
                yield f"  - {who} · {m('page.expires')}: {shown(made.expires, self._zone)}"
                yield from (f"  - {inline(file.name)} `{inline(file.sha256)}`" for file in made.evidence)

    def rollback(self) -> Iterator[str]:
        """Yield the criteria, how far the plan's way back is proven, and what was decided after the release."""
        m = self._m
        yield from rule_lines(self._background.rollback, m)
        for result in self._signoff.items:
            if result.item.area == _AREA:
                yield f"- {state_word(result.state, m)} **{result.item.id}** {inline(m.text(result.item.title))}"
        yield ""
        decisions = decision_lines(self._signoff.rollbacks, m, self._zone)
        yield from section(3, m("rollback.title"), decisions, m("rollback.none"))

    def deliverables(self, files: Iterable[tuple[str, str]]) -> Iterator[str]:
        """Yield the digests that this report rests on, and the files with theirs."""
        m, signoff = self._m, self._signoff
        yield f"- {m('word.digest')}: `{inline(signoff.digest)}`"
        for name, sha256 in signoff.inputs.items():
            yield f"- {m(f'final.input_{name}')}: `{inline(sha256)}`"
        yield ""
        yield from table([m("final.file"), "sha256"], ((inline(name), f"`{sha256}`") for name, sha256 in files))
        rows = ((inline(each.run), str(each.seq), f"`{inline(each.sha256)}`") for each in signoff.checkpoints)
        yield from table([m("final.journal"), m("final.records_number"), "sha256"], rows)
        yield f"{m('page.verify')}: `signoff verify`"

    def approvals(self) -> Iterator[str]:
        """Yield each step of the approval chain."""
        m = self._m
        headings = [m(f"page.{name}") for name in ("role", "decision")]
        headings += [m("final.approver"), m("page.signed_at"), m("word.digest"), m("page.comment")]
        yield from table(headings, (self._step(step) for step in self._signoff.approvals))

    def _step(self, step: ApprovalStep) -> tuple[str, ...]:
        m, given = self._m, step.approval
        role, status = (
            inline(m.name("role", step.role)),
            f"{symbols.APPROVALS[step.status]} {m(f'approval.{step.status}')}",
        )
        if given is None:
            return role, status, "", "", "", ""
        said = " · ".join(inline(each) for each in (given.comment, *given.conditions) if each)
        at = shown(given.created, self._zone)
        return role, status, inline(given.approver), at, f"`{inline(given.digest[:12])}`", said
