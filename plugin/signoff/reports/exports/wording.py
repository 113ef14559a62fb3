"""What every export says of an item and of a cell, in the language that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.model import NO_TARGET, Outcome, State
from signoff.reports.background import EMPTY, Background
from signoff.reports.facts import cell_fact, item_fact
from signoff.reports.messages import Messages
from signoff.reports.plaintext import clip, one_line

if TYPE_CHECKING:
    from signoff.model import CellResult, Issue, Item, ItemResult, Language, Signoff, Waiver

LINE = 300
"""Longest line, in characters."""
TEXT = 4000
"""Longest text: exports are read by programs with limits of their own; the journal has everything."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """A decision with its names, in one language."""

    signoff: Signoff
    language: Language
    background: Background = EMPTY
    version: str = ""
    """Of this program, for formats that name their writer."""

    @property
    def messages(self) -> Messages:
        """The catalogue of the language."""
        return Messages(self.language)

    def title(self, item: Item) -> str:
        """Return the item's title on one line."""
        return one_line(item.title.get(self.language), LINE) or item.id

    def remediation(self, item: Item) -> str:
        """Return what mends the item."""
        return clip(item.remediation.get(self.language), TEXT)

    def area(self, item: Item) -> str:
        """Return the name of the item's area."""
        return self.background.area(item.area, self.language)

    def section(self, item: Item) -> str:
        """Return the name of the item's section."""
        return self.background.section(item.area, item.section, self.language)

    def why(self, result: ItemResult) -> str:
        """Return why the item is in its state, on one line."""
        absent = result.not_applicable
        said = f"{absent.reason} ({absent.approver})" if absent else str(item_fact(result, self.messages))
        return one_line(said, LINE)

    def fact(self, cell: CellResult) -> str:
        """Return what was seen of the cell, or why nothing is known, as it was said."""
        return clip(cell_fact(cell, self.messages).text, TEXT)

    def waivers(self, result: ItemResult) -> tuple[Waiver, ...]:
        """Return the waivers that the item rests on, as far as they are known."""
        found = (self.background.waiver(waiver) for waiver in result.waivers)
        return tuple(waiver for waiver in found if waiver is not None)

    def open_issues(self, result: ItemResult) -> tuple[Issue, ...]:
        """Return the issues of the item that are not proven to be mended."""
        return tuple(issue for issue in self.signoff.issues if issue.item == result.item.id and issue.status.is_open)


def name_of(cell: CellResult) -> str:
    """Return `check[target]`, or the check alone if it concerns the release as a whole."""
    return cell.cell.check if cell.cell.target == NO_TARGET else f"{cell.cell.check}[{cell.cell.target}]"


def failed_and_waived(cell: CellResult) -> bool:
    """Whether what was seen is a failure that was accepted."""
    seen = cell.observation
    return cell.state is State.WAIVED and seen is not None and seen.outcome is Outcome.FAIL
