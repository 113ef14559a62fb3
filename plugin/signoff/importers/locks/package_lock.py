"""package-lock.json of npm 7 and later: which packages it installs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.importers._json import Node
from signoff.importers.locks.locked import LockedPackage, locked

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_KIND = "package-lock.json"
_FOLDER = "node_modules/"


def read(text: bytes, *, environment: Mapping[str, str], extras: Collection[str] = ()) -> tuple[LockedPackage, ...]:
    """Return the packages; those for development count too, because `npm audit` asks about them.

    Raises:
        NotVerifiedError: damaged, or of a version without `packages`.
    """
    del environment, extras  # npm knows neither
    packages = Node.parse(text, kind=_KIND).at("packages").members()
    return tuple(
        locked(path.rpartition(_FOLDER)[2], node.at("version").text(""))
        for path, node in packages.items()
        if _FOLDER in path and node.at("link").value is not True
    )
