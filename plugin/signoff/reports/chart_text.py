"""What the charts of the page say in words: the text alternative of each picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.reports import symbols
from signoff.reports.plaintext import columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from signoff.model import State
    from signoff.reports.heat_map import HeatMap, Row
    from signoff.reports.messages import Messages
    from signoff.reports.run_chart import Column, LinePart

_LETTER = 5.8
"""Pixels of a narrow letter in the charts' labels; a Korean one takes two."""


_LABEL_WIDTH = 160.0
_SAYS = 3
"""Letters, the mark of what is cut among them, below which a label says nothing."""


@dataclass(frozen=True, slots=True)
class ChartText:
    """Bound to one language."""

    messages: Messages

    def counts(self, counts: Mapping[State, int]) -> str:
        """Return `Fail 2, Pass 70`, states without any left out."""
        return ", ".join(f"{self.messages(f'state.{state}')} {count}" for state, count in counts.items() if count)

    def runs(self, chart: Sequence[Column]) -> str:
        """Return what the chart of the runs shows."""
        return self.messages("page.trend_label", n=len(chart), counts=self.counts(chart[-1].counts))

    def line(self, line: Sequence[LinePart]) -> str:
        """Return what the small line shows."""
        return self.messages("page.trend_line", n=len(line), first=line[0].open, last=line[-1].open)

    def map(self, found: HeatMap) -> str:
        """Return what the heat map shows."""
        return self.messages("page.map_label", targets=found.targets, items=len(found.items), rows=len(found.rows))

    def said(self, line: Sequence[State | None]) -> str:
        """Return in words what the runs said of an item, oldest first."""
        return ", ".join(self.messages(f"state.{state}" if state else "page.not_asked") for state in line)

    def dots(self, line: Sequence[State | None]) -> str:
        """Return the same in symbols."""
        return "".join(symbols.STATES[state] if state else "·" for state in line)

    def label(self, row: Row) -> str:
        """Return the first target of a row, and how many more it stands for."""
        more = f" +{row.count - 1}" if row.count > 1 else ""
        return f"{self.fitted(row.label, _LABEL_WIDTH - len(more) * _LETTER)}{more}"

    @staticmethod
    def fitted(text: str, pixels: float) -> str:
        """Return as much of a label as has room; nothing if that would say nothing."""
        shown = text
        while len(shown) > _SAYS and columns(shown) * _LETTER > pixels:
            shown = f"{shown[:-2].rstrip()}…"
        return shown if columns(shown) * _LETTER <= pixels else ""
