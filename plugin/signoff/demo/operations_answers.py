"""What the operators' products answer with, and what they ask for before they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

Answer = tuple[int, Any]
"""Status, and what becomes the JSON body."""


class Product(Protocol):
    """One product behind a path of the server."""

    def answer(self, method: str, path: str, query: Mapping[str, list[str]], auth: str, body: bytes) -> Answer:
        """Return the answer to one request; the path is the product's own, without a leading slash."""


def first(query: Mapping[str, list[str]], name: str, default: str = "") -> str:
    """Return the first value of a query parameter."""
    return query.get(name, [default])[0]
