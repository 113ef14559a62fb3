"""The shortest path from today's verdict to GO: who has to do what, in which order, with nothing done twice."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from signoff.model import ApprovalStatus, Method, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from signoff.model import Issue, ItemResult, Signoff


class Kind(StrEnum):
    """What has to be done about an item, in the order in which it is best done."""

    MEND = "mend"
    """The system breaks the rule."""
    RESTORE = "restore"
    """The question could not be put: connection, permission, tool."""
    NAME_TARGET = "name_target"
    IMPLEMENT = "implement"
    ATTEST = "attest"
    RUN = "run"
    """Nobody asked yet, or what was seen is too old, or must be proven again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One thing to do."""

    kind: Kind
    results: tuple[ItemResult, ...]
    issue: Issue | None = None
    """For `MEND`: the open issue that is due first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnersPart:
    """What one owner has to do."""

    owner: str
    items: tuple[str, ...]
    """Ids of the owner's items that are in the way."""
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class WayToGo:
    """Everything between the verdict and GO, in its order."""

    broken: bool = False
    """Stored records cannot be trusted: nothing else helps before that is understood."""
    owners: tuple[OwnersPart, ...] = ()
    """Whoever has most to mend comes first."""
    full_run: bool = False
    """Everything must be looked at once more when all is mended."""
    refused: tuple[str, ...] = ()
    """Roles whose refusal stands: its author has to take it back."""
    sign: tuple[str, ...] = ()
    """Roles that have to sign, in this order."""

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return not (self.broken or self.owners or self.full_run or self.refused or self.sign)


def way_to_go(signoff: Signoff, *, full_recheck: bool) -> WayToGo:
    """Return what is left to do for the judged items and, unless they are a selection, for the release.

    Args:
        signoff: the decision.
        full_recheck: whether the policy asks for a full check after the last fix.
    """
    kinds = {reason.kind for reason in signoff.reasons}
    parts: dict[str, list[tuple[Kind, ItemResult]]] = {}
    for kind, result in _needs(signoff):
        parts.setdefault(result.item.owner, []).append((kind, result))
    mending = any(kind is Kind.MEND for needs in parts.values() for kind, _ in needs)
    owners = [_part(owner, needs, signoff) for owner, needs in parts.items()]
    whole = signoff.scope is None
    return WayToGo(
        broken="integrity" in kinds,
        owners=tuple(sorted(owners, key=lambda part: (_first(part), -len(part.items), part.owner))),
        full_run=whole and ("recheck" in kinds or (full_recheck and mending)),
        refused=tuple(step.role for step in signoff.approvals if step.status is ApprovalStatus.REJECTED),
        sign=tuple(step.role for step in signoff.approvals if step.status is not ApprovalStatus.VALID) if whole else (),
    )


def kind_of(result: ItemResult) -> Kind | None:
    """Return what has to be done about an item that is not satisfied; None if others decide it, or nothing has to."""
    if result.state.satisfied or result.item.method is Method.DERIVED:
        return None
    if result.state is State.FAIL:
        return Kind.MEND
    if result.state is State.ERROR:
        return Kind.RESTORE
    satisfied = all(cell.state.satisfied for cell in result.cells)
    if result.item.method.needs_attestation and satisfied:
        return Kind.ATTEST
    if not result.cells:
        return Kind.NAME_TARGET if result.item.checks else Kind.IMPLEMENT
    return Kind.RUN


def _needs(signoff: Signoff) -> Iterator[tuple[Kind, ItemResult]]:
    """Yield every blocking item that needs something done; one that passes may still have to be proven again."""
    again = {reason.item for reason in signoff.reasons if reason.kind in {"monitor", "issue"}}
    for result in signoff.judged:
        if not result.item.blocking:
            continue
        kind = kind_of(result)
        if kind is not None:
            yield kind, result
        elif result.item.id in again and result.state.satisfied:
            yield Kind.RUN, result


def _part(owner: str, needs: Sequence[tuple[Kind, ItemResult]], signoff: Signoff) -> OwnersPart:
    open_ = sorted((i for i in signoff.issues if i.status.is_open), key=lambda issue: (issue.due, issue.key))
    first: dict[str, Issue] = {}
    for issue in open_:
        first.setdefault(issue.item, issue)
    steps = [
        Step(kind=kind, results=(result,), issue=first.get(result.item.id) if kind is Kind.MEND else None)
        for wanted in list(Kind)[:-1]
        for kind, result in needs
        if kind is wanted
    ]
    # What was mended or made possible is run in the same go as what nobody ran yet.
    # What a person found bad has nothing to run; an issue whose checks are gone is still named.
    run = tuple(r for kind, r in needs if kind in {Kind.RESTORE, Kind.RUN} or (kind is Kind.MEND and r.cells))
    if run:
        steps.append(Step(kind=Kind.RUN, results=run))
    return OwnersPart(owner=owner, items=tuple(result.item.id for _, result in needs), steps=tuple(steps))


def _first(part: OwnersPart) -> int:
    return list(Kind).index(part.steps[0].kind)
