"""A finding of a scanner that is accepted for a while: which one, why, and until when."""

from __future__ import annotations

from pydantic import Field

from signoff.config.fields import Instant
from signoff.config.kinds.base import Strict


class Accepted(Strict):
    """One finding that is known and does not count until a given instant."""

    id: str = Field(min_length=1, description="As the report names it: advisory, CVE, rule or plugin.")
    package: str = Field(default="", description="Only in this package; by default in every one.")
    reason: str = Field(min_length=10, description="Why it does no harm here.")
    until: Instant = Field(description="From this instant on it counts again.")
