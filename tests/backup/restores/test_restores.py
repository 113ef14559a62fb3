"""Backups restore: a recent one was really restored, came back whole, and is still the same."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="BAK-JOB-4")
def test_newest_restore_test_brought_everything_back(backups, restore_test, evidence):
    verdict = "passed" if restore_test.passed else "failed"
    evidence(
        observed=f"{restore_test.backup}: {verdict} in {restore_test.seconds:g} s, {len(restore_test.tables)} tables, "
        f"different: {', '.join(restore_test.differing) or 'none'}, "
        f"not compared: {', '.join(restore_test.uncompared) or 'none'}, "
        f"verified by {', '.join(tool.name for tool in restore_test.tools) or 'no tool'}",
        expected="passed, every table with the same rows and digest, nothing found by a tool",
        inspected=len(restore_test.tables),
    )
    assert restore_test.passed, f"{backups.name}: the newest restore test failed: {restore_test.detail}"
    assert not restore_test.differing, f"{backups.name}: came back different: {', '.join(restore_test.differing)}"
    assert not restore_test.failed_tools, f"{backups.name}: damage found by {', '.join(restore_test.failed_tools)}"


@pytest.mark.checklist(id="BAK-JOB-4")
def test_restored_backup_is_recent_and_still_the_same(backups, restore_test, restored_digests, evidence):
    limit = backups.settings.restore.backup_max_age
    tested = [file for file in backups.files if file.name == restore_test.backup]
    if not tested:
        not_verified(f"{backups.name}: {restore_test.backup} is no longer there to compare; test a newer backup")
    hours = max(0.0, (restore_test.started - tested[0].modified).total_seconds() / 3600)
    actual, recorded = restored_digests
    evidence(
        observed=f"{hours:.1f} hours old when restored, sha256 {actual[:12]}…",
        expected=f"at most {limit.days} days old, sha256 {restore_test.backup_sha256[:12]}…",
        inspected=1,
    )
    assert hours <= limit.total_seconds() / 3600, f"{backups.name}: the restored backup was {hours:.0f} hours old"
    assert not recorded or recorded == restore_test.backup_sha256, (
        f"{backups.name}: {restore_test.backup} differs from its own manifest"
    )
    assert actual == restore_test.backup_sha256, f"{backups.name}: {restore_test.backup} is not what was restored"
