"""The decision as an in-toto Simple Verification Result: what a deployment asks for, written for a GO alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.errors import ExportError
from signoff.model import State, Verdict
from signoff.reports.exports.identity import URN
from signoff.reports.exports.intoto import judged_by, statement
from signoff.reports.instants import machine
from signoff.reports.layout import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signoff.model import Signoff
    from signoff.reports.exports.wording import Wording

SVR = "https://in-toto.io/attestation/svr/v0.2"
VERIFIER = f"{URN}:verifier:v1"
"""Raised when the meaning of a property changes."""
_REASONS_TOLD = 3
_DEPTH = 3


def render_svr(wording: Wording) -> str:
    """Return the unsigned statement.

    Raises:
        ExportError: the verdict is not GO. The format lists what holds and has no word for what does not.
    """
    signoff = wording.signoff
    if signoff.verdict is not Verdict.GO or signoff.scope is not None:
        told = [reason.text.get(wording.language) for reason in signoff.reasons]
        more = f" (+{len(told) - _REASONS_TOLD})" if len(told) > _REASONS_TOLD else ""
        why = "; ".join(told[:_REASONS_TOLD]) + more
        raise ExportError(f"an SVR is written for a GO alone; the verdict is {signoff.verdict}{why and f': {why}'}")
    predicate = {
        "verifier": {"id": VERIFIER, "policies": judged_by(signoff)},
        "timeCreated": machine(signoff.evaluated_at),
        "properties": list(_properties(signoff)),
    }
    return dumps(statement(signoff, SVR, predicate), _DEPTH)


def _properties(signoff: Signoff) -> Iterator[str]:
    # The environment is part of the name: a GO for one is never read as a GO for another.
    yield f"SIGNOFF_RELEASE_APPROVED:{signoff.environment}"
    yield from (f"SIGNOFF_APPROVED_BY:{step.role}" for step in signoff.approvals)
    if signoff.valid_until is not None:
        yield f"SIGNOFF_VALID_UNTIL:{machine(signoff.valid_until)}"
    if not signoff.count(State.WAIVED):
        yield "SIGNOFF_WITHOUT_WAIVERS"
    areas = dict.fromkeys(result.item.area for result in signoff.items)
    for area in areas:
        if all(result.state.satisfied for result in signoff.items if result.item.area == area):
            yield f"SIGNOFF_AREA_SATISFIED:{area}"
