"""What checks of restore tests talk about: the backup that was restored, then and now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from signoff.importers.drills.restore_test import RestoreTest


@pytest.fixture
def restored_digests(backups: Any, restore_test: RestoreTest) -> tuple[str, str]:
    """Return the sha256 of the restored backup as it is now, and as it was recorded; empty: nothing comparable was."""
    from signoff import not_verified
    from signoff.probes.backups.repository import Place, manifest_sha256

    settings, name = backups.settings, restore_test.backup
    if settings.folder:
        recorded = backups.recorded_digest(name) if settings.digest == "sha256" else ""
        return backups.digest(name, kind="sha256"), recorded
    if not settings.repository or settings.repository.tool != "pgbackrest":
        not_verified(f"{backups.name}: only files and pgBackRest's manifests have a digest; see docs/backups.md")
    return manifest_sha256(backups.host, Place.of(settings.repository), name), ""
