"""Inventory entry of a backup of files."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signoff.config.kinds.backup import BackupFiles


class FileBackupService(BackupFiles):
    """The backups of one set of files."""

    kind: Literal["file_backup"] = "file_backup"
    paths: tuple[str, ...] = Field(
        default=(), description="What every backup must hold: paths as the repository, or the list beside it, has them."
    )
    contents_suffix: str = Field(
        default=".contents",
        description="Appended to a backup's path: list of what is in it, as `tar -t` prints it.",
    )
