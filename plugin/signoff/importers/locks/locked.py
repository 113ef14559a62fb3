"""What the readers of lock files share: the locked package, markers, and TOML that may be damaged."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.utils import canonicalize_name

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class LockedPackage:
    """One package that must be installed; the name is in its normal form."""

    name: str
    version: str
    """Empty when the lock leaves it open, as for a directory."""


def locked(name: str, version: str) -> LockedPackage:
    """Return the package with its name in normal form."""
    return LockedPackage(name=canonicalize_name(name), version=version)


def parse_toml(text: bytes, kind: str) -> dict[str, Any]:
    """Return the document.

    Raises:
        NotVerifiedError: it is no TOML; the message says where.
    """
    try:
        return tomllib.loads(text.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise NotVerifiedError(f"{kind}: not TOML: {error}; it may be truncated") from error


def tables(document: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the `[[package]]` tables, each with a name.

    Raises:
        NotVerifiedError: there are none, or one has no name.
    """
    found = document.get("package")
    if not isinstance(found, list) or not found:
        raise NotVerifiedError(f"{kind}: no package in it; lock the dependencies")
    for index, table in enumerate(found):
        if not isinstance(table, dict) or not isinstance(table.get("name"), str):
            raise NotVerifiedError(f"{kind}: package {index + 1} has no name; lock the dependencies again")
    return found


def holds(marker: str, environment: Mapping[str, str], kind: str, extras: Collection[str] = ()) -> bool:
    """Return whether an environment marker is true there, with any of the extras or none.

    Raises:
        NotVerifiedError: it cannot be evaluated.
    """
    if not marker:
        return True
    try:
        parsed = Marker(marker)
        return any(parsed.evaluate({**environment, "extra": extra}) for extra in ("", *extras))
    except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName) as error:
        raise NotVerifiedError(f"{kind}: marker {marker!r} cannot be evaluated; lock the dependencies again") from error
