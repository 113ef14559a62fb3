"""When a job was last due, in the zone in which cron runs it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.hosts.cron import find_job, read_crontab

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.transport.host import CheckedHost

CRONTAB = """\
# m h dom mon dow command
MAILTO=ops@example.test
30 2 * * *   backup  /srv/bin/backup.sh shop   # nightly
0 * * * *    root    /srv/bin/rotate-logs
"""
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_the_previous_firing_is_found_past_users_and_comments() -> None:
    assert find_job(CRONTAB, "backup.sh").previous(NOON) == datetime(2026, 11, 22, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("crontab", "zone"),
    [(CRONTAB, "Asia/Seoul"), (f"CRON_TZ=Asia/Seoul\n{CRONTAB}", "UTC"), (f'CRON_TZ="Asia/Seoul"\n{CRONTAB}', "UTC")],
    ids=["host's zone", "CRON_TZ", "quoted CRON_TZ"],
)
def test_half_past_two_in_seoul_is_the_evening_before_in_utc(crontab: str, zone: str) -> None:
    job = find_job(crontab, "backup.sh", zone=zone)

    assert job.previous(NOON) == datetime(2026, 11, 21, 17, 30, tzinfo=UTC)


def test_a_named_schedule_is_understood() -> None:
    assert find_job("@daily /srv/bin/backup.sh", "backup").previous(NOON).hour == 0


@pytest.mark.parametrize(
    ("crontab", "reason"),
    [
        ("", "0 cron jobs"),
        ("# 30 2 * * * backup.sh", "0 cron jobs"),
        ("1 2 * * * backup.sh a\n2 2 * * * backup.sh b", "2 cron jobs"),
        ("@reboot backup.sh", "no computable time"),
        ("99 2 * * * backup.sh", "no computable time"),
        ("CRON_TZ=Mars/Olympus\n1 2 * * * backup.sh", "unknown time zone"),
    ],
)
def test_a_schedule_that_nobody_can_compute_proves_nothing(crontab: str, reason: str) -> None:
    with pytest.raises(NotVerifiedError, match=reason):
        find_job(crontab, "backup.sh")


def test_a_crontab_is_read_from_the_host(shell: CheckedHost, tmp_path: Path) -> None:
    (tmp_path / "crontab").write_text(CRONTAB)

    assert read_crontab(shell, "crontab").splitlines() == CRONTAB.splitlines()
    with pytest.raises(NotVerifiedError):
        read_crontab(shell, "absent")
