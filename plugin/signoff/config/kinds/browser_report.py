"""Inventory entry of a run in browsers that are not here: Safari, telephones, a grid of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service


class BrowserReportService(Service):
    """One report of a grid, by browser."""

    kind: Literal["browser_report"] = "browser_report"
    path: str = Field(
        description="JUnit (XML) whose suites have the properties browserName, browserVersion and platformName, "
        "or JSON of docs/browsers.md; relative to the inventory."
    )
    target: str = Field(default="", description="Address that must have been visited; empty: any.")
    min_tests: int = Field(default=1, ge=1, description="Fewer executed tests in a browser prove nothing.")
    max_age: Duration = timedelta(days=7)
    timezone: str = Field(default="UTC", description="Of time stamps without an offset.")

    @property
    def address(self) -> str:
        """The report's path."""
        return self.path
