"""What a fault is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.demo.layout import Layout
    from signoff.model import Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A mistake as people make it: an edited file, a forgotten setting, a stopped program.

    `break_` makes the mistake and returns, in plain JSON types, whatever mending it needs; `mend` gets that back.
    """

    name: str
    title: Text
    items: tuple[str, ...]
    """Exactly the items of the checklist that it turns red."""
    break_: Callable[[Layout], Any]
    mend: Callable[[Layout, Any], None]
    blinds: tuple[str, ...] = ()
    """Items that can no longer be judged while it lasts: ERROR or NOT_VERIFIED, but not red."""
