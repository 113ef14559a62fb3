"""The two forms of Azure's JSON: as REST writes it, and as its command line flattens it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signoff.importers._json import Node


def field(node: Node, key: str) -> Node:
    """Return a member that stands beside the others, or under `properties`."""
    return node.at(key) if key in node or "properties" not in node else node.at("properties").at(key)


def number(node: Node) -> float:
    """Return a number, which az writes as a text here and there."""
    if isinstance(node.value, str) and node.value.replace(".", "", 1).isdigit():
        return float(node.value)
    return node.seconds()
