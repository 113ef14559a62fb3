"""The status for programs: verdict, blockers, the shortest path to GO by owner, what is overdue and what ends soon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.model import State
from signoff.reports.blockers import blockers
from signoff.reports.commands import approve_command, full_run_command, step_command
from signoff.reports.instants import machine
from signoff.reports.layout import dumps
from signoff.reports.readiness_json import change_document, reason_document, text_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.decision.expiring import Expiry
    from signoff.decision.next_steps import OwnersPart, WayToGo
    from signoff.model import Signoff

SCHEMA_VERSION = 1
_DEPTH = 4


def render_status_json(signoff: Signoff, way: WayToGo, soon: Sequence[Expiry]) -> str:
    """Return the status as JSON with a final newline."""
    environment = signoff.environment
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "verdict": signoff.verdict.value,
        "release": signoff.release,
        "environment": environment,
        "evaluated_at": machine(signoff.evaluated_at),
        "digest": signoff.digest,
        "counts": {state.value: signoff.count(state) for state in State},
        "reasons": [reason_document(reason) for reason in signoff.reasons],
        "blockers": [
            {
                "item": each.result.item.id,
                "state": each.result.state.value,
                "owner": each.result.item.owner,
                "severity": each.result.item.severity.value,
                "issue": each.issue.key if each.issue else None,
                "due": each.issue.due.isoformat() if each.issue else None,
            }
            for each in blockers(signoff)
        ],
        "way": {
            "records_broken": way.broken,
            "owners": [_owner(part, environment) for part in way.owners],
            "full_run": full_run_command(environment) if way.full_run else None,
            "refused": list(way.refused),
            "sign": [{"role": role, "command": approve_command(role, environment)} for role in way.sign],
        },
        "overdue": [
            {"issue": issue.key, "item": issue.item, "owner": issue.owner, "due": issue.due.isoformat()}
            for issue in signoff.issues
            if issue.overdue
        ],
        "expiring": [
            {"at": machine(e.at), "kind": e.kind, "name": e.name, "item": e.item, "owner": e.owner} for e in soon
        ],
        "changes": [change_document(change) for change in signoff.changes],
    }
    return dumps(document, _DEPTH)


def _owner(part: OwnersPart, environment: str) -> dict[str, Any]:
    return {
        "owner": part.owner,
        "items": list(part.items),
        "steps": [
            {
                "kind": step.kind.value,
                "items": [result.item.id for result in step.results],
                "remediation": text_document(step.results[0].item.remediation) if len(step.results) == 1 else None,
                "command": step_command(step, part.owner, environment) or None,
            }
            for step in part.steps
        ],
    }
