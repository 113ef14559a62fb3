"""What Amazon backs up by itself: snapshots of RDS, and recovery points of AWS Backup."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from signoff.probes.aws.databases import read_database
from signoff.probes.backups.model import Backup, Catalog, in_order

if TYPE_CHECKING:
    from signoff.probes.aws.session import AwsSession

_DONE = frozenset({"available", "COMPLETED", "AVAILABLE"})
_NEITHER = frozenset({"creating", "copying", "deleting", "CREATING", "DELETING", "EXPIRED", "STOPPED"})
"""Under way, or no longer wanted: nothing that failed."""


def read_snapshots(session: AwsSession, region: str, name: str, *, is_copy: bool = False) -> Catalog:
    """Return the snapshots of a database instance.

    Args:
        session: The account.
        region: Where the snapshots are.
        name: The instance.
        is_copy: The region holds copies of snapshots, and not the instance.

    Raises:
        NotVerifiedError: no such instance, or no snapshot of it.
    """
    if not is_copy:
        read_database(session, region, name)
    rows = session.items("rds", "describe_db_snapshots", "DBSnapshots", region=region, DBInstanceIdentifier=name)
    done = [one for one in rows if one["Status"] in _DONE]
    failed = [one for one in rows if one["Status"] not in _DONE | _NEITHER]
    plain = [one["DBSnapshotIdentifier"] for one in done if not one.get("Encrypted")]
    return in_order(
        f"snapshots of {name}",
        [_snapshot(one) for one in done],
        cipher="none" if plain else "KMS",
        broken=[_snapshot(one) for one in failed if "SnapshotCreateTime" in one],
    )


def read_recovery_points(session: AwsSession, region: str, resource: str) -> Catalog:
    """Return the recovery points of a resource; AWS Backup encrypts them, if at all, by a key of KMS.

    Raises:
        NotVerifiedError: there is none.
    """
    rows = session.items(
        "backup", "list_recovery_points_by_resource", "RecoveryPoints", region=region, ResourceArn=resource
    )
    done = [one for one in rows if one["Status"] in _DONE]
    failed = [one for one in rows if one["Status"] not in _DONE | _NEITHER]
    cipher = "KMS" if all(one.get("EncryptionKeyArn") for one in done) else "none"
    return in_order(
        f"recovery points of {resource}",
        [_recovery_point(one) for one in done],
        cipher=cipher,
        broken=[_recovery_point(one) for one in failed],
    )


def _snapshot(found: dict[str, Any]) -> Backup:
    at: datetime = found["SnapshotCreateTime"]
    # A copy keeps the time of its original.
    original: datetime = found.get("OriginalSnapshotCreateTime") or at
    return Backup(
        path=found["DBSnapshotIdentifier"],
        modified=at.astimezone(UTC),
        size=0,  # Amazon says how large the volume is, which is nothing about what was saved
        problem="" if found["Status"] in _DONE else found["Status"],
        content=original.astimezone(UTC).isoformat(),
    )


def _recovery_point(found: dict[str, Any]) -> Backup:
    at: datetime = found["CreationDate"]
    return Backup(
        path=found["RecoveryPointArn"],
        modified=at.astimezone(UTC),
        size=int(found.get("BackupSizeBytes") or 0),
        problem="" if found["Status"] in _DONE else str(found.get("StatusMessage") or found["Status"]),
    )
