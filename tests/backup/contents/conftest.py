"""What checks of a backup's contents talk about: whether they are what was written, whole, and encrypted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from signoff.probes.backups.model import Catalog
    from signoff.probes.hosts.backup_files import Content


@dataclass(frozen=True, kw_only=True)
class Written:
    """The newest backup as it was written, and as it is now."""

    kind: str
    """Of the digests: `sha256`, `md5`, or `structure` for a repository that its tool read through."""
    actual: str
    recorded: str
    problem: str = ""


@pytest.fixture
def written(backups: Any) -> Written:
    """Return whether the newest backup is still what was written."""
    from signoff import not_verified
    from signoff.probes.backups.repository import Place, verify

    settings, name = backups.settings, backups.newest.name
    if settings.folder:
        return Written(kind=settings.digest, actual=backups.digest(name), recorded=backups.recorded_digest(name))
    if not settings.repository or settings.repository.tool != "restic":
        not_verified(f"{backups.name}: only files and restic are read through; see docs/backups.md")
    problem = verify(backups.host, Place.of(settings.repository))
    share = f" and {settings.repository.read:.0%} of the data" if settings.repository.read else ""
    return Written(kind=f"structure{share}", actual="whole", recorded="whole", problem=problem)


@pytest.fixture
def absent_paths(backups: Any) -> tuple[str, ...]:
    """Return what the newest backup should hold and does not."""
    from signoff import not_verified
    from signoff.probes.backups.repository import Place, holds
    from signoff.probes.hosts.backup_files import listed

    settings, newest = backups.settings, backups.newest
    if not settings.paths:
        not_verified(f"{backups.name}: nobody says what must be in it; write paths for it in services.yaml")
    if settings.folder:
        there = listed(backups.host, newest.path + settings.contents_suffix)
        return tuple(
            path for path in settings.paths if not any(one == path or one.startswith(f"{path}/") for one in there)
        )
    if not settings.repository or settings.repository.tool not in {"restic", "borg"}:
        not_verified(f"{backups.name}: {settings.address} does not say what is in it; restore it and see")
    place = Place.of(settings.repository)
    return tuple(path for path in settings.paths if not holds(backups.host, place, newest.name, path))


@pytest.fixture
def protected(backups: Any) -> tuple[Content, ...]:
    """Return what the newest three files are by their first bytes, or what each repository says of itself."""
    from signoff.probes.hosts.backup_files import inspect

    if backups.settings.folder:
        return tuple(inspect(backups.host, file.path) for file in backups.files[-3:])
    first = _told(backups.settings.address, backups.catalog)
    return (first, _told(f"{backups.name} elsewhere", backups.second)) if backups.second else (first,)


def _told(place: str, catalog: Catalog) -> Content:
    from signoff.probes.hosts.backup_files import Content

    return Content(path=place, format=catalog.cipher, encrypted=catalog.cipher != "none" if catalog.cipher else None)
