"""What a fault is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.estate import Estate
    from signoff.model import Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A mistake as people make it: an edited file, a forgotten setting, a stopped program.

    `break_` makes the mistake, waits until it shows and returns, in plain JSON types, whatever mending it needs; `mend`
    gets that back, in another process perhaps, and waits until everything is well again.
    """

    name: str
    """Unique; lower case and hyphens."""
    title: Text
    items: tuple[str, ...]
    """Exactly the items of the checklist that it turns red."""
    break_: Callable[[Estate], Any]
    mend: Callable[[Estate, Any], None]
    blinds: tuple[str, ...] = ()
    """Items that can no longer be judged while it lasts: ERROR or NOT_VERIFIED, but not red."""
    alone: bool = False
    """It changes what other faults rely on (a host goes away), so it is never broken together with others."""
