"""Backups: taken on schedule, encrypted, and proved to restore."""

import pytest

from signoff import not_verified


def _newest_is_on_time(backups, evidence):
    newest, due = backups.newest, backups.due()
    evidence(
        observed=f"{newest.name}, {newest.modified:%Y-%m-%d %H:%M:%S} UTC",
        expected=f"taken since {due:%Y-%m-%d %H:%M:%S} UTC, when it was last due",
        inspected=len(backups.files),
    )
    if newest.modified > backups.now:
        not_verified(f"{backups.name}: {newest.name} is dated in the future; correct the clock of its host")
    assert newest.modified >= due, f"{backups.name}: newest backup is older than the last one that was due"


@pytest.mark.checklist(id="BAK-JOB-1")
def test_newest_backup_is_later_than_its_schedule(backups, evidence):
    _newest_is_on_time(backups, evidence)


@pytest.mark.checklist(id="BAK-JOB-2")
def test_newest_file_backup_is_later_than_its_schedule(backups, evidence):
    _newest_is_on_time(backups, evidence)


@pytest.mark.checklist(id="BAK-JOB-2")
def test_newest_file_backup_is_what_was_written(backups, evidence):
    actual, recorded = backups.digests(backups.newest.name)
    evidence(
        observed=f"{backups.newest.name}: {backups.newest.size} bytes, sha256 {actual[:12]}…",
        expected=f"not empty, sha256 {recorded[:12]}… as when it was taken",
        inspected=len(backups.files),
    )
    assert backups.newest.size > 0, f"{backups.name}: {backups.newest.name} is empty"
    assert actual == recorded, f"{backups.name}: {backups.newest.name} differs from its own manifest"


@pytest.mark.checklist(id="BAK-JOB-1")
def test_newest_backup_has_its_usual_size(backups, usual_size, evidence):
    newest, tolerance = backups.newest, backups.settings.size_tolerance
    deviation = abs(newest.size - usual_size) / usual_size
    evidence(
        observed=f"{newest.size} bytes, usually {usual_size:.0f}",
        expected=f"within {tolerance:.0%} of the usual size",
        inspected=len(backups.files),
    )
    assert newest.size > 0, f"{backups.name}: {newest.name} is empty"
    assert deviation <= tolerance, (
        f"{backups.name}: {newest.name} deviates by {deviation:.0%}, limit is {tolerance:.0%}"
    )


@pytest.mark.checklist(id="BAK-JOB-1")
def test_changes_are_archived_between_backups(backups, archiver, evidence):
    evidence(
        observed=f"archive {'on' if archiver.enabled else 'off'}, {archiver.archived} segments, "
        f"newest attempt {'failed' if archiver.failed_last else 'succeeded'}",
        expected="on, and the newest attempt succeeded",
        inspected=archiver.archived,
    )
    assert archiver.enabled, f"{backups.name}: the database does not archive its WAL"
    assert not archiver.failed_last, f"{backups.name}: the newest attempt to archive WAL failed"


def _newest_are_encrypted(backups, evidence):
    contents = [backups.content(file) for file in backups.files[-3:]]
    evidence(
        observed=", ".join(f"{one.path}: {one.format or 'unknown'}" for one in contents),
        expected="an encrypted format, by their first bytes",
        inspected=len(contents),
    )
    plain = [f"{one.path} is a plain {one.format}" for one in contents if one.encrypted is False]
    assert not plain, f"{backups.name}: {', '.join(plain)}"
    if unknown := [one.path for one in contents if one.encrypted is None]:
        not_verified(f"{backups.name}: unknown format: {', '.join(unknown)}; encrypt by age, OpenPGP, OpenSSL or LUKS")


@pytest.mark.checklist(id="BAK-JOB-3")
def test_backups_are_encrypted(backups, evidence):
    _newest_are_encrypted(backups, evidence)


@pytest.mark.checklist(id="BAK-JOB-3")
def test_file_backups_are_encrypted(backups, evidence):
    _newest_are_encrypted(backups, evidence)


@pytest.mark.checklist(id="BAK-JOB-4")
def test_newest_restore_test_brought_everything_back(backups, restore_test, evidence):
    verdict = "passed" if restore_test.passed else "failed"
    evidence(
        observed=f"{restore_test.backup}: {verdict} in {restore_test.seconds:g} s, {len(restore_test.tables)} tables, "
        f"different: {', '.join(restore_test.differing) or 'none'}",
        expected="passed, every table with the same rows and digest",
        inspected=len(restore_test.tables),
    )
    assert restore_test.passed, f"{backups.name}: the newest restore test failed: {restore_test.detail}"
    assert not restore_test.differing, f"{backups.name}: came back different: {', '.join(restore_test.differing)}"


@pytest.mark.checklist(id="BAK-JOB-4")
def test_restored_backup_is_recent_and_still_the_same(backups, restore_test, evidence):
    limit = backups.settings.restore.backup_max_age
    tested = [file for file in backups.files if file.name == restore_test.backup]
    if not tested:
        not_verified(f"{backups.name}: {restore_test.backup} is no longer there to compare; test a newer backup")
    hours = max(0.0, (restore_test.started - tested[0].modified).total_seconds() / 3600)
    actual, recorded = backups.digests(restore_test.backup)
    evidence(
        observed=f"{hours:.1f} hours old when restored, sha256 {actual[:12]}…",
        expected=f"at most {limit.days} days old, sha256 {restore_test.backup_sha256[:12]}…",
        inspected=1,
    )
    assert hours <= limit.total_seconds() / 3600, f"{backups.name}: the restored backup was {hours:.0f} hours old"
    assert actual == recorded, f"{backups.name}: {restore_test.backup} differs from its own manifest"
    assert actual == restore_test.backup_sha256, f"{backups.name}: {restore_test.backup} is not what was restored"
