"""Every companion, in the order of the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate.companions import cloud, pager, rehearsals, scanners

if TYPE_CHECKING:
    from estate.companions.model import Companion

__all__ = ["COMPANIONS"]

COMPANIONS: tuple[Companion, ...] = (
    cloud.COMPANION,
    scanners.COMPANION,
    pager.COMPANION,
    rehearsals.COMPANION,
)
