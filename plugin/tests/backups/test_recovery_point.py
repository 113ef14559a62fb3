"""BAK-DR-3 of what Amazon keeps: between two snapshots, only its own log of the database tells how much is lost.

The answers follow https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBInstances.html and
API_DescribeDBSnapshots.html beside it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Self

import pytest

from signoff.config.kinds.backup import BackupService

pytestmark = pytest.mark.contract
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
CHECK = "lost_work_is_within_its_objective"


class _Rds:
    """A session with one instance and its snapshots."""

    def __init__(self, latest: datetime | None, *snapshots: datetime) -> None:
        self._instance = {"DBInstanceIdentifier": "shop"} | ({"LatestRestorableTime": latest} if latest else {})
        self._snapshots = [
            {
                "DBSnapshotIdentifier": f"shop-{at:%d}",
                "SnapshotCreateTime": at,
                "Status": "available",
                "AllocatedStorage": 20,
                "Encrypted": True,
            }
            for at in snapshots
        ]

    def items(self, _service: str, operation: str, _key: str, **_: Any) -> list[Any]:
        return [self._instance] if operation == "describe_db_instances" else self._snapshots

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _service(cron: str, rpo: str) -> BackupService:
    return BackupService.model_validate(
        {
            "managed": {"cloud": "aws", "region": "ap-northeast-2", "database": "shop"},
            "database": "shop-db",
            "schedule": {"cron": cron, "timezone": "UTC"},
            "restore": {"record": "/x"},
            "objectives": {"rto": "1h", "rpo": rpo},
        }
    )


DAILY, TODAY = "0 3 * * *", datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
CASES: dict[str, tuple[_Rds, str, str, str]] = {
    "log up to now": (_Rds(NOW - timedelta(minutes=5), TODAY), DAILY, "15m", "PASS"),
    "log that stands still": (_Rds(NOW - timedelta(minutes=16), TODAY), DAILY, "15m", "FAIL"),
    "no log": (_Rds(None, TODAY), DAILY, "15m", "FAIL"),
    # Six hours old just now, and up to a day old tomorrow.
    "no log, by chance young": (_Rds(None, TODAY), DAILY, "12h", "FAIL"),
    "no log, often enough": (_Rds(None, NOW - timedelta(hours=1)), "30 * * * *", "1h", "PASS"),
    "no log, runs missed": (_Rds(None, NOW - timedelta(hours=3)), "30 * * * *", "1h", "FAIL"),
    "no log, nothing at night": (_Rds(None, NOW - timedelta(hours=1)), "30 0-9,20-23 * * *", "1h", "FAIL"),
    "no log, nothing at weekends": (_Rds(None, NOW - timedelta(hours=1)), "30 8 * * 1-5", "25h", "FAIL"),
    "no snapshot": (_Rds(NOW), DAILY, "15m", "NOT_VERIFIED"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_amazon_could_restore_tells_what_would_be_lost(case: str, conclude: Any) -> None:
    session, cron, rpo, state = CASES[case]

    found = conclude(
        CHECK,
        _service(cron, rpo),
        open_aws_account=lambda _: session,
        evaluated_at=NOW,
        inventory=None,
        open_database=None,
    )

    assert found.state == state, found.reason
    assert state != "FAIL" or "of work would be lost" in found.reason
