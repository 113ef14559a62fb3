"""Inventory entry of a test suite that ran elsewhere and left a JUnit report."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service


class JUnitReportService(Service):
    """One JUnit report about the release's commit."""

    kind: Literal["test_report"] = "test_report"
    path: str = Field(description="The report (XML), relative to the inventory; its suite has a property `commit`.")
    min_tests: int = Field(default=1, ge=1, description="Fewer executed tests prove nothing.")
    may_skip: tuple[str, ...] = Field(default=(), description="Names of the only tests that may be skipped.")
    max_age: Duration = timedelta(days=7)
    timezone: str = Field(default="UTC", description="Of time stamps without an offset.")

    @property
    def address(self) -> str:
        """The report's path."""
        return self.path
