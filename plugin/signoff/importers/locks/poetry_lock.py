"""poetry.lock: the packages of the main group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from signoff.errors import NotVerifiedError
from signoff.importers.locks.locked import LockedPackage, holds, locked, parse_toml, tables

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_KIND = "poetry.lock"
_MAIN = "main"


def read(text: bytes, *, environment: Mapping[str, str], extras: Collection[str]) -> tuple[LockedPackage, ...]:
    """Return the packages of the main group that the environment and the extras call for.

    Raises:
        NotVerifiedError: damaged, or written by a Poetry that did not record groups (before lock version 2.1).
    """
    document = parse_toml(text, _KIND)
    wanted_by_extras = {
        canonicalize_name(entry.partition(" ")[0])
        for extra, entries in document.get("extras", {}).items()
        if canonicalize_name(extra) in {canonicalize_name(name) for name in extras}
        for entry in entries
    }
    found = []
    for table in tables(document, _KIND):
        if _MAIN not in _groups(table) or not holds(_marker(table), environment, _KIND, extras):
            continue
        if (
            table.get("optional")
            and canonicalize_name(table["name"]) not in wanted_by_extras
            and "markers" not in table
        ):
            continue
        found.append(locked(table["name"], str(table.get("version", ""))))
    return tuple(found)


def _groups(table: Mapping[str, Any]) -> list[str]:
    groups = table.get("groups", [table["category"]] if "category" in table else None)
    if not isinstance(groups, list):
        raise NotVerifiedError(
            f"{_KIND}: {table['name']} has no groups, so development packages cannot be told apart; "
            "run `poetry lock` with Poetry 2 or later"
        )
    return groups


def _marker(table: Mapping[str, Any]) -> str:
    markers = table.get("markers", "")
    return str(markers.get(_MAIN, "")) if isinstance(markers, dict) else str(markers)
