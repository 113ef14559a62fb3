"""What checks of Amazon's storage talk about: buckets, and plans of AWS Backup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.config.kinds.backup_plan import BackupPlanService
    from signoff.config.kinds.object_storage import ObjectStorageService
    from signoff.probes.aws.backup_plans import Plan
    from signoff.probes.aws.buckets import Bucket
    from signoff.probes.aws.session import AwsSession
    from signoff.pytest_plugin.fixtures import BoundTarget


@dataclass(frozen=True, kw_only=True)
class CheckedBucket:
    """A bucket as it is, and as it must be."""

    name: str
    wanted: ObjectStorageService
    found: Bucket
    replica: Bucket | None
    """The bucket that must get copies, as it is."""


@pytest.fixture
def bucket(target: BoundTarget, open_aws_account: Callable[[str], AwsSession]) -> CheckedBucket:
    """Return the current bucket."""
    from signoff.probes.aws.buckets import read_bucket

    wanted: ObjectStorageService = target.settings
    with open_aws_account(wanted.cloud) as account:
        found = read_bucket(account, wanted.region, wanted.bucket)
        region = wanted.replica_region or wanted.region
        replica = read_bucket(account, region, wanted.replica) if wanted.replica in found.replicas else None
    return CheckedBucket(name=target.name, wanted=wanted, found=found, replica=replica)


@dataclass(frozen=True, kw_only=True)
class CheckedPlan:
    """A plan of AWS Backup as it is, and as it must be."""

    name: str
    wanted: BackupPlanService
    found: Plan


@pytest.fixture
def backup_plan(target: BoundTarget, open_aws_account: Callable[[str], AwsSession]) -> CheckedPlan:
    """Return the current plan."""
    from signoff.probes.aws.backup_plans import read_plan

    wanted: BackupPlanService = target.settings
    with open_aws_account(wanted.cloud) as account:
        return CheckedPlan(name=target.name, wanted=wanted, found=read_plan(account, wanted.region, wanted.plan))
