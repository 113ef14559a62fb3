"""A real primary, its real standby, and a WAL archive."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.postgres.database import connect
from signoff.probes.postgres.replication import Archiver, archiver, exposed, position, senders, standby

ARCHIVER = Archiver(
    enabled=True,
    archived=5,
    failed_last=False,
    age=7200.0,
    unarchived_bytes=500,
    segment_bytes=1_048_576,
    timeout=60,
)


def test_primary_and_standby_agree_on_who_they_are(postgres: Any) -> None:
    postgres.follow()
    with connect(postgres.address()) as primary, connect(postgres.address(standby=True)) as copy:
        # The primary last: it may write at any moment, and what it has written by then is more than what is replayed.
        view = standby(copy)
        (sender,), (system_id, written) = senders(primary), position(primary)

    assert (sender.name, sender.state) == ("db2", "streaming")
    assert sender.behind_bytes is not None
    assert (view.in_recovery, view.receiver, view.system_id) == (True, "streaming", system_id)
    assert 0 < view.replayed <= written


def test_a_primary_is_no_standby(postgres: Any) -> None:
    with connect(postgres.address()) as primary:
        facts = standby(primary)

    assert (facts.in_recovery, facts.receiver) == (False, "none")


def test_a_role_that_may_not_see_replication_cannot_tell(postgres: Any) -> None:
    with connect(postgres.address(user="stranger")) as primary, pytest.raises(NotVerifiedError, match="pg_monitor"):
        senders(primary)
    with (
        connect(postgres.address(standby=True, user="stranger")) as copy,
        pytest.raises(NotVerifiedError, match="pg_monitor"),
    ):
        standby(copy)


def test_the_archive_is_measured_in_bytes_that_it_lacks(postgres: Any) -> None:
    postgres.archive()
    with connect(postgres.address()) as primary:
        facts = archiver(primary)

    assert (facts.enabled, facts.failed_last, facts.segment_bytes, facts.timeout) == (True, False, 1_048_576, 60)
    assert facts.age is not None
    assert 0 <= facts.age < 60
    assert facts.unarchived_bytes is not None
    assert 0 <= facts.unarchived_bytes < 2 * facts.segment_bytes


def test_an_idle_primary_with_a_timeout_loses_no_more_than_the_timeout() -> None:
    assert exposed(ARCHIVER) == timedelta(seconds=60)


@pytest.mark.parametrize(
    "change",
    [{"timeout": 0}, {"failed_last": True}, {"unarchived_bytes": 1_048_577}],
    ids=["no timeout", "newest attempt failed", "segments are waiting"],
)
def test_an_archive_that_does_not_keep_up_exposes_everything_since(change: dict[str, Any]) -> None:
    assert exposed(replace(ARCHIVER, **change)) == timedelta(hours=2)


def test_an_archive_that_was_never_used_protects_nothing() -> None:
    assert exposed(replace(ARCHIVER, age=None)) is None
