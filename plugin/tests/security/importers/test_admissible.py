"""Evidence of another release or another time proves nothing about this one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from signoff.errors import NotVerifiedError
from signoff.importers.admissible import require_recent, require_release

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FULL = "3f2a91c4d5e6f708192a3b4c5d6e7f8091a2b3c4"


@pytest.mark.parametrize(("one", "other"), [(FULL, FULL), (FULL, FULL[:7]), (FULL[:12], FULL)])
def test_the_same_commit_may_be_shortened(one: str, other: str) -> None:
    require_release("report", one, other)


@pytest.mark.parametrize("commit", ["", FULL[:6], "4" + FULL[1:], FULL[:20] + "0" * 20])
def test_another_commit_is_another_release(commit: str) -> None:
    with pytest.raises(NotVerifiedError, match="report is about commit"):
        require_release("report", commit, FULL)


def test_an_age_within_the_limit_is_returned() -> None:
    assert require_recent("report", NOW - timedelta(hours=5), NOW, timedelta(days=7)) == timedelta(hours=5)
    assert require_recent("report", NOW + timedelta(minutes=4), NOW, timedelta(days=7)) == timedelta(0)


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (None, "does not say when"),
        (NOW - timedelta(days=8), "8 days old, limit is 7"),
        (NOW + timedelta(minutes=6), "in the future"),
    ],
)
def test_undated_old_and_future_evidence_is_refused(at: datetime | None, reason: str) -> None:
    with pytest.raises(NotVerifiedError, match=reason):
        require_recent("report", at, NOW, timedelta(days=7))
