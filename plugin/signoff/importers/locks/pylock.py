"""pylock.toml, the standard lock file (PEP 751): its packages for one environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.pylock import Pylock, PylockUnsupportedVersionError, PylockValidationError

from signoff.errors import NotVerifiedError
from signoff.importers.locks.locked import LockedPackage, locked, parse_toml

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from collections.abc import Set as AbstractSet

_KIND = "pylock.toml"


def read(text: bytes, *, environment: Mapping[str, str], extras: Collection[str]) -> tuple[LockedPackage, ...]:
    """Return the packages of the default groups that the environment and the extras call for.

    Raises:
        NotVerifiedError: damaged, or against the standard.
    """
    try:
        lock = Pylock.from_dict(parse_toml(text, _KIND))
        context: dict[str, str | AbstractSet[str]] = {
            **environment,
            "extras": frozenset(extras),
            "dependency_groups": frozenset(lock.default_groups or ()),
        }
        return tuple(
            locked(package.name, str(package.version or ""))
            for package in lock.packages
            if package.marker is None or package.marker.evaluate(context, context="lock_file")
        )
    except (
        PylockValidationError,
        PylockUnsupportedVersionError,
        UndefinedComparison,
        UndefinedEnvironmentName,
    ) as error:
        raise NotVerifiedError(f"{_KIND}: {error}; lock the dependencies again") from error
