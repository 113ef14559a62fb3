"""What a person sees while a run goes on: a line per finished area, and on a terminal the cell that just ended."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from signoff.model import Outcome
from signoff.reports import symbols
from signoff.reports.messages import Messages
from signoff.reports.plaintext import clip, pad

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from signoff.model import Cell, Language, Observation
    from signoff.workspace import Workspace

_TITLE_WIDTH = 34
_ORDER = (Outcome.FAIL, Outcome.ERROR, Outcome.SKIP, Outcome.PASS)


class Progress:
    """Counts cells by area as they end. Silent with -q."""

    def __init__(
        self, config: pytest.Config, workspace: Workspace, planned: Sequence[Cell], language: Language
    ) -> None:
        self._reporter = config.pluginmanager.getplugin("terminalreporter")
        self._quiet = self._reporter is None or config.get_verbosity() < 0
        self._live = not self._quiet and self._reporter.isatty
        if self._reporter is not None and config.get_verbosity() == 0:
            self._reporter.showfspath = False
            self._reporter._show_progress_info = False  # noqa: SLF001 - pytest's percentages have no switch by option
        self._messages = Messages(language)
        self._titles = {area.key: area.title.get(language) for area in workspace.checklist.areas}
        self._area = {item.id: item.area for item in workspace.checklist.items}
        self._open = Counter(self._area[cell.item] for cell in planned)
        self._pending = set(planned)
        self._total = len(planned)
        self._seen: dict[str, Counter[Outcome]] = {}

    def show(self, observation: Observation) -> None:
        """Count one observation, and print what became complete."""
        cell = observation.cell
        area = self._area[cell.item]
        self._seen.setdefault(area, Counter())[observation.outcome] += 1
        if cell in self._pending:
            self._pending.discard(cell)
            self._open[area] -= 1
        if self._quiet:
            return
        if self._open[area] == 0 and cell not in self._pending:
            self._line(area)
        if self._live:
            done = self._total - len(self._pending)
            text = (
                f"{done}/{self._total}  {symbols.OUTCOMES[observation.outcome]} {cell.item} {cell.check} {cell.target}"
            )
            self._reporter.rewrite(clip(text, self._reporter._tw.fullwidth - 1), erase=True)  # noqa: SLF001

    def close(self) -> None:
        """Clear the live line, and print the areas that the run did not finish."""
        if self._live:
            self._reporter.rewrite("", erase=True)
        if not self._quiet:
            for area in [area for area in self._seen if self._open[area] > 0]:
                self._line(area)

    def _line(self, area: str) -> None:
        counts = self._seen.get(area, Counter())
        chips = "  ".join(f"{symbols.OUTCOMES[each]} {counts[each]}" for each in _ORDER if counts[each])
        if self._live:
            self._reporter.rewrite("", erase=True)
        self._reporter.write_line(f"{pad(self._titles[area], _TITLE_WIDTH)} {chips}")
