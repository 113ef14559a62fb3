"""What an approver reads before signing: accepted risks, open issues, what changed, and who has signed so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.model import ApprovalStatus
from signoff.reports.change_lines import change_lines
from signoff.reports.instants import shown, zone
from signoff.reports.messages import Messages
from signoff.reports.plaintext import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signoff.model import Language, Signoff
    from signoff.reports.background import Background

_LIMIT = 200
_CHANGES_SHOWN = 20


def render_before_signing(signoff: Signoff, language: Language, background: Background) -> str:
    """Return the text; empty if there is nothing beside the verdict to know."""
    return "\n".join(_lines(signoff, Messages(language), background))


def _lines(signoff: Signoff, m: Messages, background: Background) -> Iterator[str]:
    where = zone(signoff.timezone)
    used = {waiver for result in signoff.items for waiver in result.waivers}
    waivers = [waiver for waiver in background.waivers if waiver.id in used]
    yield from _part(
        m("signing.waivers", n=len(waivers)),
        [f"{w.id} {w.item}: {w.reason} ({w.approver}, {shown(w.expires, where)})" for w in waivers],
    )
    issues = [issue for issue in signoff.issues if issue.status.is_open]
    yield from _part(
        m("signing.issues", n=len(issues)),
        [f"{i.key} {m(f'issue.{i.status}')}: {i.summary} ({i.owner}, {i.due.isoformat()})" for i in issues],
    )
    yield from relaxed_lines(signoff, m)
    if signoff.changes_since is not None:
        head = m(f"changes.{signoff.changes_from}", at=shown(signoff.changes_since, where), n=len(signoff.changes))
        yield from _part(head, list(change_lines(signoff.changes, m))[:_CHANGES_SHOWN])
    given = [step for step in signoff.approvals if step.approval and step.status is ApprovalStatus.VALID]
    for step in given:
        assert step.approval is not None
        said = "; ".join(filter(None, (step.approval.comment, *step.approval.conditions)))
        role, decision = m.name("role", step.role), m(f"decision.{step.approval.decision}")
        yield one_line(f"✎ {role}: {decision}, {step.approval.approver}{f': {said}' if said else ''}", _LIMIT)


def relaxed_lines(signoff: Signoff, m: Messages) -> Iterator[str]:
    """Yield that rules of separation of duties are switched off; nothing if all of them hold."""
    if signoff.relaxed:
        names = ", ".join(m(f"separation.{rule}") for rule in sorted(signoff.relaxed))
        yield f"⚠ {m('separation.relaxed', rules=names)}"


def _part(head: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield head
        yield from (f"  · {one_line(line, _LIMIT)}" for line in lines)
