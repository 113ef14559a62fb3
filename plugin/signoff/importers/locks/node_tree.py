"""package-lock.json as a tree: which version stands in which folder of node_modules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node

if TYPE_CHECKING:
    from collections.abc import Mapping

_KIND = "package-lock.json"
_FOLDER = "node_modules/"


@dataclass(frozen=True, kw_only=True, slots=True)
class NodePackage:
    """One package of the tree."""

    version: str
    development: bool
    optional: bool
    """May be missing: it is for other platforms, or nobody insists on it."""


def read(text: bytes) -> dict[str, NodePackage]:
    """Return folder to package; links within the project are left out.

    Raises:
        NotVerifiedError: damaged, of a version without `packages`, or it wants nothing.
    """
    packages = Node.parse(text, kind=_KIND).at("packages").members()
    found = {
        folder: NodePackage(
            version=node.at("version").text(),
            development=_is_set(node, "dev", "devOptional"),
            optional=_is_set(node, "optional", "devOptional", "peer"),
        )
        for folder, node in packages.items()
        if _FOLDER in folder and not _is_set(node, "link")
    }
    if not found:
        raise NotVerifiedError(f"{_KIND}: wants no package; lock the dependencies with npm 7 or later")
    return found


def _is_set(node: Node, *keys: str) -> bool:
    return any(node.at(key).value is True for key in keys)


def gaps(
    locked: Mapping[str, NodePackage], installed: Mapping[str, str], *, development: bool
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return what is missing, what is different, and what is extra, each ready to be read by people."""
    wanted = {folder: one for folder, one in locked.items() if development or not one.development}
    optional = {folder for folder, one in locked.items() if one.optional}
    missing = [
        f"{_name(folder)} {one.version}"
        for folder, one in sorted(wanted.items())
        if folder not in installed and not one.optional
    ]
    different = [
        f"{_name(folder)} {installed[folder]}, locked {one.version}"
        for folder, one in sorted(locked.items())
        if folder in installed and installed[folder] != one.version
    ]
    extra = [
        f"{_name(folder)} {version}"
        for folder, version in sorted(installed.items())
        if folder not in wanted and folder not in optional
    ]
    return tuple(missing), tuple(different), tuple(extra)


def _name(folder: str) -> str:
    return folder.rpartition(_FOLDER)[2]
