"""Copies of backup files on another host: there, late, different, gone, and out of sight."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from signoff.config.kinds.file_backup import FileBackupService

if TYPE_CHECKING:
    from pathlib import Path


def test_a_copy_may_take_its_time_and_must_be_the_same(conclude: Any, tmp_path: Path) -> None:
    here, away = tmp_path / "here", tmp_path / "away"
    here.mkdir()
    away.mkdir()
    for name, hours in (("1.dump", 3), ("2.dump", 0)):
        (here / name).write_text(name)
        at = (datetime.now(UTC) - timedelta(hours=hours)).timestamp()
        os.utime(here / name, (at, at))
    shutil.copy(here / "1.dump", away)

    def found(within: str) -> tuple[str, str]:
        service = FileBackupService.model_validate(
            {
                "host": "backup1",
                "folder": str(here),
                "pattern": "*.dump",
                "schedule": {"cron": "0 3 * * *"},
                "elsewhere": {"host": "away1", "folder": str(away), "within": within},
            }
        )
        said = conclude("newest_file_backup_is_kept_elsewhere_too", service)
        return said.state, said.reason.removeprefix("target: ")

    assert found("1h") == ("PASS", "")
    assert found("0s") == ("FAIL", f"2.dump is not at away1:{away}")
    (away / "1.dump").write_text("1.dumP")
    assert found("1h") == ("FAIL", f"the copy at away1:{away} differs from 1.dump")
    (away / "1.dump").unlink()
    assert found("1h")[0] == "FAIL", "the folder is there, and the copy is not"
    away.rmdir()
    assert found("1h")[0] == "NOT_VERIFIED"
