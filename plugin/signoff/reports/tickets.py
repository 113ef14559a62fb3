"""Where an issue of the register is tracked elsewhere, as far as a publication noted it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from signoff.reports.background import Link
from signoff.reports.links import is_safe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.model import Signoff


def tickets(signoff: Signoff) -> Mapping[str, Link | None]:
    """Return the last known ticket of each issue by the issue's key; without a safe address it has none."""
    found: dict[str, Link | None] = defaultdict(lambda: None)
    for told in signoff.publications:
        if told.channel == "jira" and told.step == "done" and told.place:
            found[told.subject] = Link(label=told.place, href=told.url if is_safe(told.url) else "")
    return found
