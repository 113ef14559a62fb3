"""What checks of backup runs talk about: which were due, which came, and how large their backups usually are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from datetime import datetime

    from signoff.probes.backups.model import Backup


@dataclass(frozen=True, kw_only=True)
class Runs:
    """The last runs of a backup job."""

    due: datetime
    """When the last one was due whose time to finish is over."""
    judged: int
    """Firings that are looked at."""
    missed: tuple[datetime, ...]
    """Those of them that began no backup, newest first."""
    failed: tuple[Backup, ...]
    """Runs since the newest backup that ended without one."""


@pytest.fixture
def runs(backups: Any) -> Runs:
    """Return the last runs.

    A firing from before the oldest backup says nothing: its backup may have been removed on purpose.
    """
    firings = backups.due
    spans = [(at, later) for at, later in zip(firings, (None, *firings), strict=False) if at >= backups.files[0].at]
    missed = [
        at for at, later in spans if not any(at <= one.at and (not later or one.at < later) for one in backups.files)
    ]
    failed = tuple(one for one in backups.catalog.broken if one.at > backups.newest.at)
    return Runs(due=firings[0], judged=len(spans), missed=tuple(missed), failed=failed)


@pytest.fixture
def usual_size(backups: Any) -> float:
    """Return the usual size in bytes of a backup of the newest one's kind, from all others of that kind."""
    from signoff import not_verified
    from signoff.probes.hosts.backup_files import usual_size

    if not backups.settings.folder and not any(one.size for one in backups.files):
        not_verified(f"{backups.name}: {backups.settings.address} does not say sizes; see docs/backups.md")
    earlier = [one for one in backups.files[:-1] if one.kind == backups.newest.kind and one.size]
    if not earlier:
        not_verified(f"{backups.name}: no earlier backup to compare with; check again after the next")
    return usual_size(earlier)
