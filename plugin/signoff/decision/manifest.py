"""The evidence-set manifest: exactly what an approval signs. The same evidence gives the same digest at any instant.

`evaluated_at` is therefore the newest instant in the evidence, not the time of asking; whether issues are overdue is
left out for the same reason. What time does change (evidence going stale, a waiver's end) changes a state, and so the
digest.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from signoff.canonical import digest
from signoff.decision.history import deciding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from signoff.model import (
        Attestation,
        CellResult,
        Checklist,
        Checkpoint,
        Issue,
        ItemResult,
        Person,
        Policy,
        Records,
        Waiver,
    )

SCHEMA = "signoff-evidence-set/1"


def manifest(  # noqa: PLR0913, PLR0917 - everything that an approval covers
    checklist: Checklist,
    inventory_sha256: str,
    policy: Policy,
    results: Sequence[ItemResult],
    issues: Sequence[Issue],
    records: Records,
    checkpoints: Sequence[Checkpoint],
    valid_until: datetime | None,
) -> dict[str, object]:
    """Return the manifest as plain JSON types; its `digest` is what approvals sign."""
    return {
        "schema": SCHEMA,
        "release": policy.release,
        "commit": policy.commit,
        "environment": policy.environment,
        "catalog_sha256": checklist.sha256,
        "inventory_sha256": inventory_sha256,
        "policy_sha256": policy.sha256,
        "roster_sha256": digest([_person(person) for person in sorted(policy.roster, key=lambda p: p.name)]),
        "evaluated_at": _instant(newest(results, issues)),
        "items": [_item(result, records, policy.release) for result in results],
        "register_sha256": digest([_issue(issue) for issue in issues]),
        "rollback": _rollback(policy),
        "ledger_checkpoint": [[c.run, c.seq, c.sha256] for c in sorted(checkpoints)],
        "valid_until": _instant(valid_until),
    }


def newest(results: Sequence[ItemResult], issues: Sequence[Issue]) -> datetime | None:
    """Return the newest instant in the evidence; None if there is none."""
    return max(_instants(results, issues), default=None)


def _instants(results: Sequence[ItemResult], issues: Sequence[Issue]) -> Iterable[datetime]:
    for result in results:
        yield from (seen.finished for cell in result.cells if (seen := deciding(cell)) is not None)
        if result.attestation is not None:
            yield result.attestation.at
    yield from (issue.opened for issue in issues)


def _item(result: ItemResult, records: Records, release: str) -> dict[str, object]:
    waivers = [_waiver(waiver) for waiver in records.waivers if waiver.item == result.item.id]
    statements = [
        _attestation(made) for made in records.attestations if made.item == result.item.id and made.release == release
    ]
    entry: dict[str, object] = {
        "id": result.item.id,
        "state": str(result.state),
        "cells": [_cell(cell) for cell in sorted(result.cells, key=lambda cell: cell.cell)],
    }
    if waivers:
        entry["waiver_sha256"] = digest(sorted(waivers, key=str))
    if statements:
        entry["attestation_sha256"] = digest(sorted(statements, key=str))
    return entry


def _cell(cell: CellResult) -> dict[str, object]:
    seen = deciding(cell)
    return {
        "check": cell.cell.check,
        "target": cell.cell.target,
        "state": str(cell.state),
        "outcome": str(seen.outcome) if seen else None,
        "at": _instant(seen.finished) if seen else None,
        "evidence_sha256": seen.evidence_sha256 if seen else None,
        "code_sha256": seen.code_sha256 if seen else None,
    }


def _waiver(waiver: Waiver) -> dict[str, object]:
    return {
        "id": waiver.id,
        "targets": sorted(waiver.targets),
        "fingerprints": sorted(waiver.fingerprints),
        "covers": sorted(waiver.covers),
        "reason": waiver.reason,
        "risk": waiver.risk,
        "compensating_control": waiver.compensating_control,
        "requested_by": waiver.requested_by,
        "approver": waiver.approver,
        "role": waiver.role,
        "created": _instant(waiver.created),
        "starts": _instant(waiver.starts),
        "expires": _instant(waiver.expires),
    }


def _attestation(made: Attestation) -> dict[str, object]:
    return {
        "passed": made.passed,
        "statement": made.statement,
        "by": made.by,
        "role": made.role,
        "at": _instant(made.at),
        "expires": _instant(made.expires),
        "evidence": [[file.name, file.sha256, file.uri, file.actual_sha256] for file in made.evidence],
        "envelope_sha256": made.envelope_sha256,
    }


def _person(person: Person) -> dict[str, object]:
    return {
        "name": person.name,
        "roles": sorted(person.roles),
        "public_key": person.public_key,
        "valid_from": _instant(person.valid_from),
        "valid_until": _instant(person.valid_until),
    }


def _issue(issue: Issue) -> dict[str, object]:
    return {
        "key": issue.key,
        "fingerprint": issue.fingerprint,
        "targets": list(issue.targets),
        "status": str(issue.status),
        "owner": issue.owner,
        "due": issue.due.isoformat(),
        "due_by_policy": issue.due_by_policy.isoformat() if issue.due_by_policy else None,
        "cause": issue.cause,
        "planned": list(issue.planned),
        "action": issue.action,
        "opened": _instant(issue.opened),
        "resolved_at": _instant(issue.resolved_at),
        "resolved_by": issue.resolved_by,
        "verified_at": _instant(issue.verified_at),
        "verified_run": issue.verified_run,
        "fixed_at": _instant(issue.fixed_at),
        "reopen_count": issue.reopen_count,
        "history": [[_instant(e.at), e.what, e.by, e.run, e.text, _instant(e.recorded)] for e in issue.history],
    }


def _rollback(policy: Policy) -> dict[str, object] | None:
    rule = policy.rollback
    if rule is None:
        return None
    return {
        "error_ratio": repr(rule.error_ratio),
        "response_seconds": repr(rule.response_seconds),
        "percentile": repr(rule.percentile),
        "window_seconds": int(rule.window.total_seconds()),
        "min_samples": rule.min_samples,
    }


def _instant(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).isoformat()
