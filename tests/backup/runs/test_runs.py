"""Backup jobs run: on schedule, with backups of their usual size, and with an archive of what changes in between."""

import pytest

from signoff import not_verified


def _newest_is_on_time(backups, runs, evidence):
    newest = backups.newest
    evidence(
        observed=f"{newest.name}, {newest.at:%Y-%m-%d %H:%M:%S} UTC; {len(runs.missed)} of {runs.judged} runs missed",
        expected=f"taken since {runs.due:%Y-%m-%d %H:%M:%S} UTC, when it was last due; none missed",
        inspected=len(backups.files),
    )
    if (newest.at - backups.now).total_seconds() > 1:  # the host's clock is read in whole seconds
        not_verified(f"{backups.name}: {newest.name} is dated in the future; correct the clock of its host")
    assert newest.at >= runs.due, f"{backups.name}: newest backup is older than the last one that was due"
    assert not newest.problem, f"{backups.name}: {newest.name} is unusable: {newest.problem}"
    assert not runs.failed, f"{backups.name}: a later run failed: {runs.failed[-1].name} ({runs.failed[-1].problem})"
    assert not runs.missed, f"{backups.name}: no backup was begun at {runs.missed[0]:%Y-%m-%d %H:%M} UTC, when due"


@pytest.mark.checklist(id="BAK-JOB-1")
def test_newest_backup_is_later_than_its_schedule(backups, runs, evidence):
    _newest_is_on_time(backups, runs, evidence)


@pytest.mark.checklist(id="BAK-JOB-2")
def test_newest_file_backup_is_later_than_its_schedule(backups, runs, evidence):
    _newest_is_on_time(backups, runs, evidence)


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
