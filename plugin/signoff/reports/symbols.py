"""The symbol of each state, verdict and status: meaning is carried by symbol and word first, by colour last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.model import ApprovalStatus, IssueStatus, Outcome, RollbackVerdict, State, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

STATES: Mapping[State, str] = {
    State.FAIL: "✖",
    State.ERROR: "⚠",
    State.NOT_VERIFIED: "○",
    State.STALE: "◷",
    State.WAIVED: "⚑",
    State.ATTESTED: "✎",
    State.PASS: "✔",
    State.NOT_APPLICABLE: "–",  # noqa: RUF001 - a dash that is as wide as the other symbols
}

OUTCOMES: Mapping[Outcome, str] = {
    Outcome.FAIL: STATES[State.FAIL],
    Outcome.ERROR: STATES[State.ERROR],
    Outcome.SKIP: STATES[State.NOT_VERIFIED],
    Outcome.PASS: STATES[State.PASS],
}

VERDICTS: Mapping[Verdict, str] = {
    Verdict.GO: "✔",
    Verdict.READY: "✔",
    Verdict.PARTIAL_OK: "✔",
    Verdict.NO_GO: "✖",
    Verdict.INCOMPLETE: "○",
    Verdict.INVALID: "⚠",
}

VERDICT_TONES: Mapping[Verdict, State] = {
    Verdict.GO: State.PASS,
    Verdict.READY: State.PASS,
    Verdict.PARTIAL_OK: State.PASS,
    Verdict.NO_GO: State.FAIL,
    Verdict.INCOMPLETE: State.STALE,
    Verdict.INVALID: State.ERROR,
}
"""The state whose colours a verdict wears, on the page and in the terminal."""

APPROVALS: Mapping[ApprovalStatus, str] = {
    ApprovalStatus.VALID: "✔",
    ApprovalStatus.REJECTED: "✖",
    ApprovalStatus.SUPERSEDED: "◷",
    ApprovalStatus.EXPIRED: "◷",
    ApprovalStatus.REVOKED: "✖",
    ApprovalStatus.MISSING: "○",
}

APPROVAL_TONES: Mapping[ApprovalStatus, State] = {
    ApprovalStatus.VALID: State.PASS,
    ApprovalStatus.REJECTED: State.FAIL,
    ApprovalStatus.SUPERSEDED: State.STALE,
    ApprovalStatus.EXPIRED: State.STALE,
    ApprovalStatus.REVOKED: State.FAIL,
    ApprovalStatus.MISSING: State.NOT_VERIFIED,
}

ROLLBACK_TONES: Mapping[RollbackVerdict, State] = {
    RollbackVerdict.KEEP: State.PASS,
    RollbackVerdict.HOLD: State.STALE,
    RollbackVerdict.ROLL_BACK: State.FAIL,
}

ISSUES: Mapping[IssueStatus, str] = {
    IssueStatus.OPEN: "✖",
    IssueStatus.IN_PROGRESS: "◷",
    IssueStatus.RESOLVED: "○",
    IssueStatus.REOPENED: "✖",
    IssueStatus.VERIFIED: "✔",
    IssueStatus.WAIVED: "⚑",
    IssueStatus.CLOSED: "✔",
}

ISSUE_TONES: Mapping[IssueStatus, State] = {
    IssueStatus.OPEN: State.FAIL,
    IssueStatus.IN_PROGRESS: State.STALE,
    IssueStatus.RESOLVED: State.NOT_VERIFIED,
    IssueStatus.REOPENED: State.FAIL,
    IssueStatus.VERIFIED: State.PASS,
    IssueStatus.WAIVED: State.WAIVED,
    IssueStatus.CLOSED: State.PASS,
}
