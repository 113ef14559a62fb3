"""Which of two colours gets the traffic, and what it is that sends it there; one vocabulary for every balancer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Switch:
    """What decides where the traffic goes."""

    where: str
    """For people: the file, the rule or the selector that has to be changed to switch."""
    shares: Mapping[str, float]
    """Share of the traffic (0 to 1) by destination; destinations that get nothing may be left out."""
    known: frozenset[str] | None = None
    """Every destination that it could lead to; None: it does not say."""

    @property
    def serving(self) -> tuple[str, ...]:
        """Return the destinations that get traffic."""
        return tuple(sorted(name for name, share in self.shares.items() if share > 0))
