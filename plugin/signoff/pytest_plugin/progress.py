"""What a person sees while a run goes on: a line per finished area, and on a terminal what is happening now."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from signoff.model import Outcome
from signoff.pytest_plugin.live_line import LiveLine
from signoff.reports import symbols
from signoff.reports.messages import Messages
from signoff.reports.plaintext import columns, pad

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pytest

    from signoff.model import Cell, Language, Observation
    from signoff.workspace import Workspace

_TITLE_WIDTH = 34
_ORDER = (Outcome.FAIL, Outcome.ERROR, Outcome.SKIP, Outcome.PASS)
_LONG = 2.0
"""Seconds after which a check is named while it runs."""


class Progress:
    """Counts cells by area as they end. Silent with -q.

    Args:
        config: Of pytest.
        workspace: The suite.
        planned: The cells of this run.
        language: Of what is said.
        hosts: Returns how many hosts answered so far, and how many are lost.
    """

    def __init__(
        self,
        config: pytest.Config,
        workspace: Workspace,
        planned: Sequence[Cell],
        language: Language,
        hosts: Callable[[], tuple[int, int]],
    ) -> None:
        self._reporter = config.pluginmanager.getplugin("terminalreporter")
        self._quiet = self._reporter is None or config.get_verbosity() < 0
        if self._reporter is not None and config.get_verbosity() == 0:
            self._reporter.showfspath = False
            self._reporter._show_progress_info = False  # noqa: SLF001 - pytest's percentages have no switch by option
        self._messages = Messages(language)
        self._titles = {area.key: area.title.get(language) for area in workspace.checklist.areas}
        self._area = {item.id: item.area for item in workspace.checklist.items}
        self._planned = Counter(self._area[cell.item] for cell in planned)
        self._open = Counter(self._planned)
        self._pending = set(planned)
        self._total = len(planned)
        self._seen: dict[str, Counter[Outcome]] = {}
        self._running: dict[Cell, float] = {}
        self._hosts = hosts
        self._line = None if self._quiet else _line_on(self._reporter, self._describe)

    def begin(self, cell: Cell) -> None:
        """Note that a check began to run."""
        self._running[cell] = time.monotonic()

    def show(self, observation: Observation) -> None:
        """Count one observation, and print what became complete."""
        cell = observation.cell
        area = self._area[cell.item]
        self._running.pop(cell, None)
        self._seen.setdefault(area, Counter())[observation.outcome] += 1
        if cell in self._pending:
            self._pending.discard(cell)
            self._open[area] -= 1
        if not self._quiet and self._open[area] == 0 and cell not in self._pending:
            self._print(area)

    def close(self) -> None:
        """Clear the live line, and print the areas that the run did not finish."""
        if self._line is not None:
            self._line.close()
        if not self._quiet:
            for area in [area for area in self._seen if self._open[area] > 0]:
                self._print(area)

    def _print(self, area: str) -> None:
        if self._line is not None:
            self._line.erase()
        self._reporter.write_line(f"{pad(self._titles[area], _TITLE_WIDTH)} {_chips(self._seen.get(area, Counter()))}")

    def _describe(self, width: int) -> str:
        """Return how far the run is and what it waits for; what does not fit is left out."""
        text = f"{self._total - len(self._pending)}/{self._total}"
        for part in self._parts():
            longer = f"{text}  {part}"
            if columns(longer) <= width:
                text = longer
        return text

    def _parts(self) -> Iterator[str]:
        """Yield what is worth knowing, the most important first."""
        # Copies: the run goes on while its state is drawn.
        seen: Counter[Outcome] = sum(list(self._seen.values()), Counter())
        running = sorted(dict(self._running).items(), key=lambda each: each[1])
        reached, lost = self._hosts()
        yield _chips(seen)
        if running and (seconds := time.monotonic() - running[0][1]) >= _LONG:
            cell = running[0][0]
            yield self._messages("terminal.slowest", cell=f"{cell.item} {cell.target}", n=int(seconds))
        if reached or lost:
            yield self._messages("terminal.hosts_now", reached=reached, lost=lost)
        for area in dict.fromkeys(self._area[cell.item] for cell, _ in running):
            done = self._planned[area] - self._open[area]
            yield f"{self._titles[area]} {done}/{self._planned[area]}"


def _chips(counts: Counter[Outcome]) -> str:
    return "  ".join(f"{symbols.OUTCOMES[each]} {counts[each]}" for each in _ORDER if counts[each])


def _line_on(reporter: pytest.TerminalReporter, describe: Callable[[int], str]) -> LiveLine | None:
    """Return a live line where the run is shown on a terminal; None elsewhere."""
    writer = reporter._tw  # noqa: SLF001 - pytest's terminal writer has no public name
    if not reporter.isatty:
        return None
    line = LiveLine(describe, lambda: writer.fullwidth, writer._file.fileno())  # noqa: SLF001
    line.start()
    return line
