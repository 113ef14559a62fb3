"""A decision on keeping a live release, for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.decision.rollback.rule import plain
from signoff.reports.instants import machine

if TYPE_CHECKING:
    from signoff.model import RollbackDecision


def rollback_document(decision: RollbackDecision) -> dict[str, Any]:
    """Return the decision as JSON; measured values are decimals as text."""
    return {
        "verdict": decision.verdict.value,
        "automatic": decision.automatic,
        "at": machine(decision.at),
        "by": decision.by,
        "role": decision.role,
        "reasons": [{"ko": reason.ko, "en": reason.en} for reason in decision.reasons],
        "values": [
            {"service": one.service, "name": one.name, "value": plain(one.value), "limit": plain(one.limit)}
            for one in decision.values
        ],
    }
