"""The newest backup is kept in a second place, too, and is the same there."""

import pytest


def _newest_is_elsewhere(backups, copy, evidence):
    strength = " (md5: shows accidents, no tampering)" if copy.kind == "md5" else ""
    evidence(
        observed=f"{copy.place}: {f'{copy.kind} {copy.mark[:40]}' if copy.mark else 'not there'}",
        expected=f"{copy.of}, {copy.kind} {copy.original[:40] or 'as of the original'}{strength}",
        inspected=1,
    )
    assert copy.mark, f"{backups.name}: {copy.of} is not at {copy.place}"
    assert copy.mark == copy.original, f"{backups.name}: the copy at {copy.place} differs from {copy.of}"


@pytest.mark.checklist(id="BAK-JOB-1")
def test_newest_backup_is_kept_elsewhere_too(backups, copy_elsewhere, evidence):
    _newest_is_elsewhere(backups, copy_elsewhere, evidence)


@pytest.mark.checklist(id="BAK-JOB-2")
def test_newest_file_backup_is_kept_elsewhere_too(backups, copy_elsewhere, evidence):
    _newest_is_elsewhere(backups, copy_elsewhere, evidence)
