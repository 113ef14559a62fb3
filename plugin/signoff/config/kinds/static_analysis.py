"""Inventory entry of a static analysis of the source: its SARIF report, and what it may contain."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration
from signoff.config.kinds.accepted import Accepted
from signoff.config.kinds.base import Service


class StaticAnalysisService(Service):
    """One SARIF report about the release's commit."""

    kind: Literal["static_analysis"] = "static_analysis"
    path: str = Field(description="The report (SARIF 2.1), relative to the inventory.")
    provenance: str = Field(
        default="", description="Note beside a report that lacks its commit, its time or the files it covers (JSON)."
    )
    fail_on: Literal["note", "warning", "error"] = Field(default="warning", description="Findings from this level up.")
    may_skip: tuple[str, ...] = Field(default=(), description="Beginnings of problems of the tool that do no harm.")
    accepted: tuple[Accepted, ...] = Field(default=(), description="Findings that do not count for a while.")
    max_age: Duration = timedelta(days=7)

    @property
    def address(self) -> str:
        """The report's path."""
        return self.path
