"""Amazon's managed databases: whether one has a standby in another zone, and up to when it could be restored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from datetime import datetime

    from signoff.probes.aws.session import AwsSession


@dataclass(frozen=True, kw_only=True, slots=True)
class ManagedDatabase:
    """One database instance of RDS."""

    name: str
    status: str
    """`available` when all is well."""
    multi_az: bool
    """Whether a standby in another zone takes over by itself."""
    zone: str
    standby_zone: str
    """Empty while there is none."""
    backup_days: int
    """For how many days backups are kept; 0: none are made."""
    latest_restorable: datetime | None
    """Everything up to then could be restored; None if Amazon does not say."""


def read_database(session: AwsSession, region: str, name: str) -> ManagedDatabase:
    """Return the instance by one request.

    Raises:
        NotVerifiedError: there is no such instance in the region, or these credentials may not look.
        AuthenticationError, UnreachableError, TimedOutError, CouldNotCheckError: as the session says.
    """
    found = session.items("rds", "describe_db_instances", "DBInstances", region=region)
    mine = next((one for one in found if one["DBInstanceIdentifier"] == name), None)
    if mine is None:
        raise NotVerifiedError(f"{region}: no database instance {name}; correct its name or region")
    return _database(mine)


def _database(found: dict[str, Any]) -> ManagedDatabase:
    return ManagedDatabase(
        name=found["DBInstanceIdentifier"],
        status=found.get("DBInstanceStatus", ""),
        multi_az=bool(found.get("MultiAZ")),
        zone=found.get("AvailabilityZone", ""),
        standby_zone=found.get("SecondaryAvailabilityZone", ""),
        backup_days=int(found.get("BackupRetentionPeriod", 0)),
        latest_restorable=found.get("LatestRestorableTime"),
    )
