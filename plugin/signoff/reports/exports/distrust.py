"""What an export may still say of a decision whose records cannot be trusted: nothing good."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from signoff.model import ItemResult, State, Verdict

if TYPE_CHECKING:
    from signoff.model import CellResult, Signoff


def distrusted(signoff: Signoff) -> Signoff:
    """Return the decision as it may be told: if it is INVALID, whatever was satisfied could not be checked.

    Most formats have no word for "the evidence was tampered with". A reader that counts passes must find none.
    """
    if signoff.verdict is not Verdict.INVALID:
        return signoff
    why = next((reason.text.en for reason in signoff.reasons if reason.verdict is Verdict.INVALID), "")
    note = why or "stored records cannot be trusted"
    return replace(signoff, items=tuple(_item(result, note) for result in signoff.items))


def _item(result: ItemResult, note: str) -> ItemResult:
    if not result.state.satisfied:
        return replace(result, cells=tuple(_cell(cell, note) for cell in result.cells))
    # Attestation, waivers and "not applicable" are records too.
    cells = tuple(_cell(cell, note) for cell in result.cells)
    return ItemResult(item=result.item, state=State.ERROR, cells=cells, note=note)


def _cell(cell: CellResult, note: str) -> CellResult:
    if not cell.state.satisfied:
        return cell
    return replace(cell, state=State.ERROR, observation=None, waiver="", flaky=False, note=note)
