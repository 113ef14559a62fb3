"""The whole decision as versioned JSON: the file that other programs read. Its shape is `readiness.schema.json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.model import State
from signoff.reports.instants import machine
from signoff.reports.layout import dumps
from signoff.reports.rollback_json import rollback_document

if TYPE_CHECKING:
    from datetime import datetime

    from signoff.model import (
        ApprovalStep,
        Attestation,
        CellResult,
        Change,
        HostsAsked,
        Issue,
        ItemResult,
        Reason,
        Run,
        Signoff,
        Text,
    )

SCHEMA_VERSION = 1
"""Raised when a reader of the previous version would misread a document."""
_ONE_LINE_PER_CELL = 4


def render_json(signoff: Signoff) -> str:
    """Return the decision as JSON, one cell a line; the same decision always gives the same text."""
    return dumps(_document(signoff), _ONE_LINE_PER_CELL)


def _document(signoff: Signoff) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "verdict": signoff.verdict.value,
        "product": signoff.product,
        "release": signoff.release,
        "commit": signoff.commit,
        "environment": signoff.environment,
        "evaluated_at": machine(signoff.evaluated_at),
        "timezone": signoff.timezone,
        "valid_until": _instant(signoff.valid_until),
        "digest": signoff.digest,
        "inputs": dict(sorted(signoff.inputs.items())),
        "separation_relaxed": sorted(signoff.relaxed),
        "scope": None if signoff.scope is None else sorted(signoff.scope),
        "asked": None if signoff.asked is None else _asked(signoff.asked),
        "counts": {state.value: signoff.count(state) for state in State},
        "reasons": [reason_document(reason) for reason in signoff.reasons],
        "items": [_item(result) for result in signoff.items],
        "issues": [issue_document(issue) for issue in signoff.issues],
        "approvals": [_approval(step) for step in signoff.approvals],
        "runs": [_run(run) for run in signoff.runs],
        "compared": None
        if signoff.changes_since is None
        else {"with": signoff.changes_from, "at": machine(signoff.changes_since)},
        "changes": [change_document(change) for change in signoff.changes],
        "rollback": None if signoff.rollback is None else rollback_document(signoff.rollback),
        "checkpoints": [{"run": each.run, "seq": each.seq, "sha256": each.sha256} for each in signoff.checkpoints],
        "ledgers": [{"ledger": each.ledger, "seq": each.seq, "sha256": each.sha256} for each in signoff.ledgers],
    }


def _asked(asked: HostsAsked) -> dict[str, Any]:
    return {"pattern": asked.pattern, "hosts": list(asked.hosts), "total": asked.total}


def _instant(instant: datetime | None) -> str | None:
    return machine(instant) if instant else None


def text_document(text: Text) -> dict[str, str]:
    """Return a bilingual text as JSON."""
    return {"ko": text.ko, "en": text.en}


def reason_document(reason: Reason) -> dict[str, Any]:
    """Return one cause of the verdict as JSON."""
    return {
        "verdict": reason.verdict.value,
        "item": reason.item,
        "kind": reason.kind,
        "text": text_document(reason.text),
    }


def _item(result: ItemResult) -> dict[str, Any]:
    item = result.item
    absent = result.not_applicable
    return {
        "id": item.id,
        "area": item.area,
        "section": item.section,
        "owner": item.owner,
        "stage": item.stage,
        "severity": item.severity.value,
        "blocking": item.blocking,
        "method": item.method.value,
        "title": text_document(item.title),
        "state": result.state.value,
        "note": result.note,
        "valid_until": _instant(result.valid_until),
        "waivers": list(result.waivers),
        "attestation": _attestation(result.attestation),
        "not_applicable": {"reason": absent.reason, "approver": absent.approver} if absent else None,
        "cells": [_cell(cell) for cell in result.cells],
    }


def _attestation(attestation: Attestation | None) -> dict[str, Any] | None:
    if attestation is None:
        return None
    return {
        "passed": attestation.passed,
        "statement": attestation.statement,
        "by": attestation.by,
        "role": attestation.role,
        "at": machine(attestation.at),
        "expires": machine(attestation.expires),
        "evidence": [{"name": file.name, "sha256": file.sha256, "uri": file.uri} for file in attestation.evidence],
    }


def _cell(result: CellResult) -> dict[str, Any]:
    seen = result.observation
    return {
        "check": result.cell.check,
        "target": result.cell.target,
        "state": result.state.value,
        "observed": seen.observed if seen else "",
        "expected": seen.expected if seen else "",
        "reason": seen.reason if seen else "",
        "note": result.note,
        "inspected": seen.inspected if seen else None,
        "at": machine(seen.finished) if seen else None,
        "run": seen.run if seen else None,
        "fingerprint": seen.fingerprint if seen else "",
        "evidence_sha256": seen.evidence_sha256 if seen else "",
        "flaky": result.flaky,
        "waiver": result.waiver,
    }


def issue_document(issue: Issue) -> dict[str, Any]:
    """Return one entry of the register as JSON."""
    return {
        "key": issue.key,
        "item": issue.item,
        "fingerprint": issue.fingerprint,
        "targets": list(issue.targets),
        "status": issue.status.value,
        "owner": issue.owner,
        "severity": issue.severity.value,
        "summary": issue.summary,
        "opened": machine(issue.opened),
        "opened_run": issue.opened_run,
        "due": issue.due.isoformat(),
        "due_by_policy": issue.due_by_policy.isoformat() if issue.due_by_policy else None,
        "cause": issue.cause,
        "planned": list(issue.planned),
        "action": issue.action,
        "resolved_at": _instant(issue.resolved_at),
        "resolved_by": issue.resolved_by,
        "verified_at": _instant(issue.verified_at),
        "verified_run": issue.verified_run,
        "reopen_count": issue.reopen_count,
        "overdue": issue.overdue,
        "late_days": issue.late_days,
    }


def _approval(step: ApprovalStep) -> dict[str, Any]:
    signed = step.approval
    return {
        "role": step.role,
        "status": step.status.value,
        "note": step.note,
        "decision": signed.decision if signed else None,
        "approver": signed.approver if signed else None,
        "digest": signed.digest if signed else None,
        "created": machine(signed.created) if signed else None,
        "valid_until": machine(signed.valid_until) if signed else None,
        "comment": signed.comment if signed else "",
        "conditions": list(signed.conditions) if signed else [],
        "envelope_sha256": signed.envelope_sha256 if signed else "",
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "selector": run.selector,
        "planned_cells": len(run.planned),
        "started": machine(run.started),
        "ended": _instant(run.ended),
        "interrupted": run.interrupted,
        "controller": run.controller,
        "user": run.user,
        "git_revision": run.git_revision,
        "stream": run.stream,
    }


def change_document(change: Change) -> dict[str, Any]:
    """Return one change as JSON."""
    return {
        "item": change.item,
        "before": change.before.value if change.before else None,
        "after": change.after.value if change.after else None,
        "cause": change.cause,
        "target": change.target,
        "detail": change.detail,
    }
