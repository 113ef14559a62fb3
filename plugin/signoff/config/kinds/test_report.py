"""Inventory entry of a test suite that ran elsewhere and left a JUnit or mochawesome report."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, model_validator

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service


class JUnitReportService(Service):
    """One report about the release's commit: of pytest, Selenium, Cypress, Playwright or any other suite."""

    kind: Literal["test_report"] = "test_report"
    path: str = Field(
        description="The report, relative to the inventory; for JUnit a pattern such as results/*.xml may name several "
        "files of one run. JUnit names the commit in a suite's property `commit`, unless `provenance` does."
    )
    format: Literal["junit", "mochawesome"] = "junit"
    provenance: str = Field(
        default="", description="Note beside the report that names the commit (JSON); mochawesome needs one."
    )
    target: str = Field(
        default="",
        description="Address that must have been tested: JUnit's property or the note's `target`; empty: any.",
    )
    min_tests: int = Field(default=1, ge=1, description="Fewer executed tests prove nothing.")
    may_skip: tuple[str, ...] = Field(default=(), description="Names of the only tests that may be skipped.")
    max_age: Duration = timedelta(days=7)
    timezone: str = Field(default="UTC", description="Of time stamps without an offset.")

    @model_validator(mode="after")
    def _can_be_dated(self) -> JUnitReportService:
        if self.format == "mochawesome" and not self.provenance:
            raise ValueError("a mochawesome report names no commit; name its note in provenance")
        if "*" in self.path and (self.provenance or self.format != "junit"):
            raise ValueError("a pattern is for JUnit files that name their commit; merge the others into one")
        return self

    @property
    def address(self) -> str:
        """The report's path."""
        return self.path
