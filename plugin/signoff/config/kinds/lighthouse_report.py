"""Inventory entry of Lighthouse's measurements of pages, taken elsewhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service


class LighthouseReportService(Service):
    """Several runs of Lighthouse (JSON), one file each."""

    kind: Literal["lighthouse_report"] = "lighthouse_report"
    paths: str = Field(description="Files, as a pattern such as lighthouse/*.json; relative to the inventory.")
    provenance: str = Field(description="Note that names the commit (JSON, docs/browsers.md), beside them.")
    min_runs: int = Field(default=3, ge=3, description="Runs of each page; the median of them counts.")
    form_factor: Literal["mobile", "desktop"] = "mobile"
    max_age: Duration = timedelta(days=7)

    @property
    def address(self) -> str:
        """The files' pattern."""
        return self.paths
