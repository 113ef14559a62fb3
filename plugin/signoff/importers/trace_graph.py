"""The graph of calls that a tracing system saw, in the form of Jaeger's `GET /api/dependencies`.

Contract: https://www.jaegertracing.io/docs/latest/architecture/apis/ (service dependencies graph).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node

if TYPE_CHECKING:
    from collections.abc import Mapping

_KIND = "trace graph"


@dataclass(frozen=True, kw_only=True, slots=True)
class TraceGraph:
    """Who called whom, and how often."""

    calls: Mapping[tuple[str, str], int]
    """Caller and called to the number of calls."""


def read(text: bytes | str) -> TraceGraph:
    """Return the graph.

    Raises:
        NotVerifiedError: not such a document, or no edge in it.
    """
    calls: dict[tuple[str, str], int] = {}
    for edge in Node.parse(text, kind=_KIND).at("data").items():
        key = (edge.at("parent").text(), edge.at("child").text())
        calls[key] = calls.get(key, 0) + edge.at("callCount").count()
    if not calls:
        raise NotVerifiedError(f"{_KIND}: no edge in it; export a window with traffic")
    return TraceGraph(calls=calls)
