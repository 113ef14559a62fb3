"""Which packages a lock file wants in one environment, whatever tool wrote it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol

from signoff.errors import NotVerifiedError
from signoff.importers.locks import package_lock, poetry_lock, pylock, requirements_txt, uv_lock

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from signoff.importers.locks.locked import LockedPackage


class _Reader(Protocol):
    def __call__(
        self, text: bytes, *, environment: Mapping[str, str], extras: Collection[str]
    ) -> tuple[LockedPackage, ...]: ...


def read(
    name: str, text: bytes, *, environment: Mapping[str, str], extras: Collection[str] = ()
) -> tuple[LockedPackage, ...]:
    """Return the packages for production that the file wants.

    Args:
        name: Path of the file; its last part tells the format.
        text: Its content.
        environment: Values of the environment markers where the packages are installed (PEP 508).
        extras: Extras of the project that are installed.

    Raises:
        NotVerifiedError: unknown format, damaged, not a complete lock, or it wants nothing.
    """
    packages = _reader(PurePosixPath(name).name)(text, environment=environment, extras=extras)
    if not packages:
        raise NotVerifiedError(f"{name}: wants no package in this environment; lock the dependencies")
    return packages


def _reader(name: str) -> _Reader:
    if name == "poetry.lock":
        return poetry_lock.read
    if name == "uv.lock":
        return uv_lock.read
    if name == "pylock.toml" or (name.startswith("pylock.") and name.endswith(".toml")):
        return pylock.read
    if name == "package-lock.json":
        return package_lock.read
    if name.endswith(".txt"):
        return requirements_txt.read
    raise NotVerifiedError(
        f"{name}: unknown lock format; use poetry.lock, uv.lock, pylock.toml, package-lock.json or hashed requirements"
    )
