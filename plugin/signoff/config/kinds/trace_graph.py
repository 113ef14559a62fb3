"""Inventory entry of a graph of calls that a tracing system exported: the edges that it must show."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service, Strict


class TracedEdge(Strict):
    """One edge, in the tracing system's names."""

    caller: str
    called: str


class TraceGraphService(Service):
    """One export of Jaeger's service dependencies."""

    kind: Literal["trace_graph"] = "trace_graph"
    path: str = Field(description="Answer of Jaeger's /api/dependencies (JSON), relative to the inventory.")
    provenance: str = Field(description="Note beside it (JSON): report_sha256, tool, commit, created.")
    edges: tuple[TracedEdge, ...] = Field(min_length=1, description="Edges that must have been called.")
    max_age: Duration = timedelta(days=7)

    @property
    def address(self) -> str:
        """The file."""
        return self.path
