"""What one decision said of every item, small enough to be compared with another: of today, of then, or from a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from signoff.model import CellResult, ItemResult, Signoff, State


SnapshotKind = Literal["sign-off", "run", "instant", "file", "now"]
"""What the decision is known as: the last one that was signed, the one after a run, …"""


@dataclass(frozen=True, kw_only=True, slots=True)
class CellShot:
    """One cell."""

    state: State
    note: str = ""
    reason: str = ""
    """First line of what the check said."""
    fingerprint: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemShot:
    """One item."""

    state: State
    cells: Mapping[tuple[str, str], CellShot] = field(default_factory=dict)
    """Check and target to cell."""
    waivers: tuple[str, ...] = ()
    note: str = ""
    attested_by: str = ""
    attested_until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """One decision."""

    at: datetime
    verdict: str
    digest: str
    items: Mapping[str, ItemShot]
    inputs: Mapping[str, str] = field(default_factory=dict)
    """sha256 of checklist, inventory and policy; a name that is missing is not compared."""
    kind: SnapshotKind = "instant"


def snapshot(signoff: Signoff, kind: SnapshotKind = "now") -> Snapshot:
    """Return the decision's snapshot."""
    return Snapshot(
        at=signoff.evaluated_at,
        verdict=str(signoff.verdict),
        digest=signoff.digest,
        items={result.item.id: _item(result) for result in signoff.items},
        inputs=dict(signoff.inputs),
        kind=kind,
    )


def _item(result: ItemResult) -> ItemShot:
    made = result.attestation
    return ItemShot(
        state=result.state,
        cells={(cell.cell.check, cell.cell.target): _cell(cell) for cell in result.cells},
        waivers=result.waivers,
        note=result.note,
        attested_by=made.by if made else "",
        attested_until=made.expires if made else None,
    )


def _cell(cell: CellResult) -> CellShot:
    seen = cell.observation
    return CellShot(
        state=cell.state,
        note=cell.note,
        reason=seen.reason.strip().partition("\n")[0] if seen else "",
        fingerprint=seen.fingerprint if seen else "",
    )
