"""Backups hold what was written, everything that must be in them, and nothing that others can read."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="BAK-JOB-2")
def test_newest_file_backup_is_what_was_written(backups, written, evidence):
    newest, strength = backups.newest, " (md5: shows accidents, no tampering)" if written.kind == "md5" else ""
    evidence(
        observed=f"{newest.name}: {written.kind} {written.problem or written.actual[:12]}",
        expected=f"not empty, {written.kind} {written.recorded[:12]} as when it was taken{strength}",
        inspected=len(backups.files),
    )
    assert newest.size > 0 or backups.settings.repository, f"{backups.name}: {newest.name} is empty"
    assert not written.problem, f"{backups.name}: the repository is damaged: {written.problem}"
    assert written.actual == written.recorded, f"{backups.name}: {newest.name} differs from its own manifest"


@pytest.mark.checklist(id="BAK-JOB-2")
def test_newest_file_backup_holds_everything(backups, absent_paths, evidence):
    wanted = backups.settings.paths
    evidence(
        observed=f"{backups.newest.name} lacks: {', '.join(absent_paths) or 'nothing'}",
        expected=f"holds {', '.join(wanted)}",
        inspected=len(wanted),
    )
    assert not absent_paths, f"{backups.name}: {backups.newest.name} lacks {', '.join(absent_paths)}"


def _are_encrypted(backups, protected, evidence):
    evidence(
        observed=", ".join(f"{one.path}: {one.format or 'unknown'}" for one in protected),
        expected="encrypted, by the first bytes of files or as repositories say",
        inspected=len(protected),
    )
    plain = [f"{one.path} is not encrypted ({one.format})" for one in protected if one.encrypted is False]
    assert not plain, f"{backups.name}: {', '.join(plain)}"
    if unknown := [one.path for one in protected if one.encrypted is None]:
        not_verified(f"{backups.name}: no known encryption: {', '.join(unknown)}; see docs/backups.md for what is told")


@pytest.mark.checklist(id="BAK-JOB-3")
def test_backups_are_encrypted(backups, protected, evidence):
    _are_encrypted(backups, protected, evidence)


@pytest.mark.checklist(id="BAK-JOB-3")
def test_file_backups_are_encrypted(backups, protected, evidence):
    _are_encrypted(backups, protected, evidence)
