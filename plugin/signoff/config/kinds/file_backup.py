"""Inventory entry of a backup of files."""

from __future__ import annotations

from typing import Literal

from signoff.config.kinds.backup import BackupFiles


class FileBackupService(BackupFiles):
    """The backups of one set of files."""

    kind: Literal["file_backup"] = "file_backup"
