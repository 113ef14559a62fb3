"""When a job was last due, in the zone in which cron runs it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.errors import NotVerifiedError
from signoff.probes.hosts.cron import find_job, make_job, read_crontab, zone_of

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


def utc() -> str:
    return "UTC"


def test_the_previous_firing_is_found_past_users_and_comments() -> None:
    assert find_job(CRONTAB, "backup.sh", zone=utc).previous(NOON) == (datetime(2026, 11, 22, 2, 30, tzinfo=UTC),)


@pytest.mark.parametrize(
    ("crontab", "zone"),
    [(CRONTAB, "Asia/Seoul"), (f"CRON_TZ=Asia/Seoul\n{CRONTAB}", "UTC"), (f'CRON_TZ="Asia/Seoul"\n{CRONTAB}', "UTC")],
    ids=["host's zone", "CRON_TZ", "quoted CRON_TZ"],
)
def test_half_past_two_in_seoul_is_the_evening_before_in_utc(crontab: str, zone: str) -> None:
    job = find_job(crontab, "backup.sh", zone=lambda: zone)

    assert job.previous(NOON, 2) == tuple(datetime(2026, 11, day, 17, 30, tzinfo=UTC) for day in (21, 20))


def test_a_named_schedule_is_understood() -> None:
    assert find_job("@daily /srv/bin/backup.sh", "backup", zone=utc).previous(NOON)[0].hour == 0


@pytest.mark.parametrize(
    ("crontab", "reason"),
    [
        ("", "0 cron jobs"),
        ("# 30 2 * * * backup.sh", "0 cron jobs"),
        ("1 2 * * * backup.sh a\n2 2 * * * backup.sh b", "2 cron jobs"),
        ("@reboot backup.sh", "no computable time"),
        ("99 2 * * * backup.sh", "no computable time"),
        ("0 0 31 2 * backup.sh", "no computable time"),
        ("CRON_TZ=Mars/Olympus\n1 2 * * * backup.sh", "unknown time zone"),
    ],
)
def test_a_schedule_that_nobody_can_compute_proves_nothing(crontab: str, reason: str) -> None:
    with pytest.raises(NotVerifiedError, match=reason):
        find_job(crontab, "backup.sh", zone=utc).previous(NOON)


def test_a_crontab_is_read_from_the_host(shell: CheckedHost, tmp_path: Path) -> None:
    (tmp_path / "crontab").write_text(CRONTAB)

    assert read_crontab(shell, "crontab").splitlines() == CRONTAB.splitlines()
    with pytest.raises(NotVerifiedError):
        read_crontab(shell, "absent")


def test_a_crontab_with_a_zone_of_its_own_asks_nobody_for_the_hosts() -> None:
    def ask() -> str:
        raise AssertionError("asked")

    assert find_job(f"CRON_TZ=UTC\n{CRONTAB}", "backup.sh", zone=ask).line.startswith("30 2")


def test_the_host_says_in_which_zone_it_is(shell: CheckedHost) -> None:
    assert zone_of(shell)


@settings(max_examples=40)
@given(
    st.integers(0, 59),
    st.integers(0, 23),
    st.sampled_from(["UTC", "Asia/Seoul", "Europe/Berlin", "America/New_York"]),
    st.integers(0, 364 * 24 * 60).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
)
def test_firings_of_a_daily_job_are_in_order_before_now_and_a_day_apart(
    minute: int, hour: int, zone: str, now: datetime
) -> None:
    found = make_job(f"{minute} {hour} * * *", zone).previous(now, 4)

    assert now > found[0] > found[1] > found[2] > found[3]
    # An hour more or less where clocks are changed.
    apart = [(later - earlier).total_seconds() / 3600 for later, earlier in pairwise(found)]
    assert all(23 <= hours <= 25 for hours in apart), found
