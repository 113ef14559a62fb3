"""States in words for Markdown: symbol and name, and how many of each there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.model import State
from signoff.reports import symbols

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.model import ItemResult
    from signoff.reports.messages import Messages


def state_word(state: State, m: Messages) -> str:
    """Return `✖ Fail`."""
    return f"{symbols.STATES[state]} {m(f'state.{state}')}"


def state_counts(results: Sequence[ItemResult], m: Messages) -> str:
    """Return how many items are in each state that there is, worst first."""
    counts = [(state, sum(result.state is state for result in results)) for state in State]
    return " · ".join(f"{state_word(state, m)} {count}" for state, count in counts if count)
