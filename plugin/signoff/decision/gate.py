"""The verdict, and every reason for it: what cannot be judged is not passed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from signoff.decision.notes import in_both
from signoff.decision.rollback import standing
from signoff.model import ApprovalStatus, Method, Outcome, Reason, State, Text, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.decision.recheck import Recheck
    from signoff.model import ApprovalStep, Issue, ItemResult, Observation, Policy, RollbackDecision

Question = Literal["readiness", "release"]
"""Is everything checked (READY, before the approvals), or may it go live (GO, with them)?"""

_ORDER = (Verdict.INVALID, Verdict.NO_GO, Verdict.INCOMPLETE)
_LOOKED_AT = frozenset({State.PASS, State.ATTESTED, State.WAIVED})
_WORDS = {
    State.FAIL: Text(ko="실패", en="failed"),
    State.ERROR: Text(ko="점검 불가(오류)", en="could not be checked"),
    State.NOT_VERIFIED: Text(ko="미검증", en="not verified"),
    State.STALE: Text(ko="증거 만료", en="evidence is stale"),
}
_APPROVAL_WORDS = {
    ApprovalStatus.MISSING: Text(ko="없음", en="missing"),
    ApprovalStatus.EXPIRED: Text(ko="만료됨", en="expired"),
    ApprovalStatus.SUPERSEDED: Text(ko="이후 증거가 변경되어 무효", en="superseded by newer evidence"),
    ApprovalStatus.REVOKED: Text(ko="철회됨", en="revoked"),
}
_VOID = Text(ko="무효", en="void")
_TARGETS_NAMED = 3


def reasons(  # noqa: PLR0913, PLR0917 - the gate looks at everything
    judged: Sequence[ItemResult],
    issues: Sequence[Issue],
    approvals: Sequence[ApprovalStep],
    recheck: Recheck | None,
    problems: Sequence[str],
    watched: Sequence[Observation],
    *,
    policy: Policy,
    question: Question,
    partial: bool,
    rollback: RollbackDecision | None = None,
) -> tuple[Reason, ...]:
    """Return everything that speaks against the release, worst first; nothing: it may go.

    Args:
        judged: the items in question.
        issues: the register.
        approvals: the chain, in its order.
        recheck: what is missing of the full check after the last fix.
        problems: what is wrong with the stored evidence, from the store.
        watched: bad news from monitoring runs.
        policy: whether a full check after the last fix is asked for.
        question: whether approvals are asked for.
        partial: a selection is judged: approvals, the full check, and other items' issues do not concern it.
        rollback: what stands of the watch over the live release.
    """
    found = [_invalid(problem) for problem in problems]
    found += [_item_reason(result) for result in judged if result.item.blocking and not result.state.satisfied]
    blocking = {result.item.id for result in judged if result.item.blocking}
    found += [_issue_reason(issue) for issue in issues if issue.item in blocking and issue.status.is_open]
    found += [_watched_reason(seen) for seen in watched if seen.cell.item in blocking]
    if not any(r.state in _LOOKED_AT and r.item.method is not Method.DERIVED and _has_looked(r) for r in judged):
        found.append(_nothing_verified())
    if not partial:
        found += standing.reasons(rollback)
        found += [_rejected(step) for step in approvals if step.status is ApprovalStatus.REJECTED]
        if policy.full_recheck and recheck is not None and not recheck.done:
            found.append(_recheck_reason(recheck))
        if question == "release":
            found += [_approval_reason(step) for step in approvals if step.status in _APPROVAL_WORDS]
            found += [_no_roles()] if not approvals else []
    return tuple(sorted(found, key=lambda reason: _ORDER.index(reason.verdict)))


def _has_looked(result: ItemResult) -> bool:
    """Whether the item has something of its own to go by: what is only computed from others verifies nothing."""
    return bool(result.cells) or not result.item.derives


def verdict(found: Sequence[Reason], approvals: Sequence[ApprovalStep], *, partial: bool) -> Verdict:
    """Return the answer that the reasons leave. Without any it is GO if every approval is valid, else READY."""
    if found:
        return min((reason.verdict for reason in found), key=_ORDER.index)
    if partial:
        return Verdict.PARTIAL_OK
    signed = bool(approvals) and all(step.status is ApprovalStatus.VALID for step in approvals)
    return Verdict.GO if signed else Verdict.READY


def _invalid(problem: str) -> Reason:
    text = Text(ko=f"저장된 기록을 신뢰할 수 없음: {problem}", en=f"stored records cannot be trusted: {problem}")
    return Reason(verdict=Verdict.INVALID, item="", text=text, kind="integrity")


def _item_reason(result: ItemResult) -> Reason:
    words = _WORDS[result.state]
    at_fault = [cell for cell in result.cells if cell.state is result.state]
    named = [cell.cell.target for cell in at_fault if cell.cell.target != "-"]
    targets = list(dict.fromkeys(named))
    shown = ", ".join(targets[:_TARGETS_NAMED])
    more = len(targets) - _TARGETS_NAMED
    where = Text(
        ko=f" ({shown}{f' 외 {more}개' if more > 0 else ''})" if targets else "",
        en=f" ({shown}{f' and {more} more' if more > 0 else ''})" if targets else "",
    )
    why = _why(result, at_fault[0].note if at_fault else "", _observed(result))
    return Reason(
        verdict=Verdict.NO_GO if result.state is State.FAIL else Verdict.INCOMPLETE,
        item=result.item.id,
        text=Text(
            ko=f"{result.item.id} {words.ko}{where.ko}{f': {why.ko}' if why.ko else ''}",
            en=f"{result.item.id} {words.en}{where.en}{f': {why.en}' if why.en else ''}",
        ),
        kind="item",
    )


def _observed(result: ItemResult) -> str:
    seen = next((cell.observation for cell in result.cells if cell.state is result.state), None)
    if seen is None or result.state not in {State.FAIL, State.ERROR}:
        return ""
    return seen.reason.strip().partition("\n")[0]


def _why(result: ItemResult, cell_note: str, observed: str) -> Text:
    if observed:
        return Text(ko=observed, en=observed)
    return in_both(cell_note or result.note)


def _issue_reason(issue: Issue) -> Reason:
    text = Text(
        ko=f"{issue.key} 이슈가 아직 해결 확인되지 않음 ({issue.status}, 담당 {issue.owner}, 기한 {issue.due})",
        en=f"issue {issue.key} is not verified as fixed ({issue.status}, owner {issue.owner}, due {issue.due})",
    )
    return Reason(verdict=Verdict.INCOMPLETE, item=issue.item, text=text, kind="issue")


def _watched_reason(seen: Observation) -> Reason:
    text = Text(
        ko=f"감시 실행 {seen.run}에서 {seen.cell} {seen.outcome}: 기록 실행으로 다시 확인할 것",
        en=f"monitoring run {seen.run} saw {seen.outcome} on {seen.cell}; look again with a recorded run",
    )
    verdict = Verdict.NO_GO if seen.outcome is Outcome.FAIL else Verdict.INCOMPLETE
    return Reason(verdict=verdict, item=seen.cell.item, text=text, kind="monitor")


def _nothing_verified() -> Reason:
    text = Text(ko="검증된 항목이 하나도 없음", en="nothing at all was verified")
    return Reason(verdict=Verdict.INCOMPLETE, item="", text=text, kind="nothing")


def _recheck_reason(recheck: Recheck) -> Reason:
    fixed = recheck.fixed.isoformat(timespec="seconds")
    if recheck.missing:
        count, first = len(recheck.missing), recheck.missing[0]
        text = Text(
            ko=f"마지막 수정({fixed}) 이후 전체 점검이 필요함: {first} 등 {count}건을 다시 확인하지 않음",
            en=f"run the whole checklist once more: {count} checks not seen since the last fix, {fixed}: {first}, …",
        )
    else:
        text = Text(
            ko=f"마지막 수정({fixed}) 이후의 전체 점검들이 24시간 넘게 떨어져 있음: 전체 점검을 다시 실행할 것",
            en=f"run the whole checklist once more: full runs since the last fix, {fixed}, lie more than 24 h apart",
        )
    return Reason(verdict=Verdict.INCOMPLETE, item="", text=text, kind="recheck")


def _rejected(step: ApprovalStep) -> Reason:
    who = step.approval.approver if step.approval else step.role
    comment = f": {step.approval.comment}" if step.approval and step.approval.comment else ""
    text = Text(ko=f"{step.role} 승인 거부 ({who}){comment}", en=f"rejected by {who} as {step.role}{comment}")
    return Reason(verdict=Verdict.NO_GO, item="", text=text, kind="rejected")


def _approval_reason(step: ApprovalStep) -> Reason:
    # A void approval without a note: what it signed is no longer what there is.
    words = _VOID if step.status is ApprovalStatus.SUPERSEDED and step.note else _APPROVAL_WORDS[step.status]
    note = in_both(step.note)
    text = Text(
        ko=f"{step.role} 승인 {words.ko}{f': {note.ko}' if note.ko else ''}",
        en=f"approval by {step.role} is {words.en}{f': {note.en}' if note.en else ''}",
    )
    return Reason(verdict=Verdict.INCOMPLETE, item="", text=text, kind="approval")


def _no_roles() -> Reason:
    text = Text(ko="정책에 승인 역할이 없음", en="the policy names no approval role")
    return Reason(verdict=Verdict.INCOMPLETE, item="", text=text, kind="approval")
