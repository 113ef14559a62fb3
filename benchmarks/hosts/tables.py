"""Markdown tables of what was measured, and their place in benchmarks/README.md."""

from __future__ import annotations

import platform
import statistics
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from runs import Run

_README = Path(__file__).parents[1] / "README.md"


def machine() -> str:
    """Return one line that says when and on what the figures were seen."""
    cores = len([line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("processor")])
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {cores} cores that run both sides, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}"
    )


def compared(runs: Sequence[Run], order: Sequence[str], reference: str) -> str:
    """Return one table per number of hosts and round trip; `reference` is the contender that others are times of."""
    groups: dict[tuple[int, float], list[Run]] = defaultdict(list)
    for run in runs:
        groups[run.hosts, run.round_trip].append(run)
    parts = []
    for (hosts, delay), members in sorted(groups.items()):
        parts += [f"**{hosts} host{'s' * (hosts > 1)}, {delay:g} ms added round trip**\n"]
        parts += [_group(members, order, reference), ""]
    return "\n".join(parts)


def _group(runs: Sequence[Run], order: Sequence[str], reference: str) -> str:
    by_name = _by_name(runs)
    rows = []
    base = by_name.get(reference)
    for name in sorted(by_name, key=order.index):
        mine = by_name[name]
        ratios = [_times(mine, base, value) for value in (_wall, _client)] if base else ["", ""]
        figures = [
            _spread(mine, _wall),
            ratios[0],
            _middle(mine, _client),
            ratios[1],
            _middle(mine, lambda r: r.host_cpu),
        ]
        rows.append([name, str(len(mine)), *figures])
    head = ["", "runs", "wall s (min-max)", "× floor", "client CPU s", "× floor", "hosts' CPU s"]
    return table(head, rows)


def slopes(runs: Sequence[Run], order: Sequence[str]) -> str:
    """Return how many round trips each contender waits for, one after the other: growth of wall time by latency."""
    cells: dict[str, dict[int, str]] = defaultdict(dict)
    for name, mine in _by_name(runs).items():
        for hosts in sorted({run.hosts for run in mine}):
            walls = {
                delay: statistics.median(run.wall for run in mine if (run.hosts, run.round_trip) == (hosts, delay))
                for delay in sorted({run.round_trip for run in mine if run.hosts == hosts})
            }
            low, high = min(walls), max(walls)
            if high > low:
                cells[name][hosts] = f"{(walls[high] - walls[low]) * 1000 / (high - low):.0f}"
    columns = sorted({hosts for row in cells.values() for hosts in row})
    rows = [[name, *(cells[name].get(hosts, "") for hosts in columns)] for name in sorted(cells, key=order.index)]
    return table(["round trips waited for", *(f"{hosts} hosts" for hosts in columns)], rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def write_readme(section: str, text: str) -> None:
    """Replace what stands between the section's two markers in benchmarks/README.md.

    Raises:
        ValueError: the markers are not there.
    """
    old = _README.read_text(encoding="utf-8")
    first, last = f"<!-- {section}: begin -->\n", f"<!-- {section}: end -->"
    head, begin, rest = old.partition(first)
    _, end, tail = rest.partition(last)
    if not begin or not end:
        raise ValueError(f"{_README.name} has no markers for {section}")
    _README.write_text(f"{head}{first}\n{text.strip()}\n\n{last}{tail}", encoding="utf-8")


def _by_name(runs: Sequence[Run]) -> dict[str, list[Run]]:
    by_name: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_name[run.contender].append(run)
    return by_name


def _wall(run: Run) -> float:
    return run.wall


def _client(run: Run) -> float:
    return run.client_cpu


def _middle(runs: Sequence[Run], value: Callable[[Run], float]) -> str:
    return f"{statistics.median(map(value, runs)):.2f}"


def _spread(runs: Sequence[Run], value: Callable[[Run], float]) -> str:
    values = sorted(map(value, runs))
    return f"{statistics.median(values):.2f} ({values[0]:.2f}-{values[-1]:.2f})"


def _times(mine: Sequence[Run], base: Sequence[Run], value: Callable[[Run], float]) -> str:
    return f"{statistics.median(map(value, mine)) / statistics.median(map(value, base)):.2f}"
