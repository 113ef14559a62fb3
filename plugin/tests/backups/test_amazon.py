"""What Amazon keeps, at a contract fake of its API (moto): buckets, copies in them, plans, snapshots, recovery points.

moto knows no recovery points: their answers follow
https://docs.aws.amazon.com/aws-backup/latest/devguide/API_ListRecoveryPointsByResource.html
"""

from __future__ import annotations

import hashlib
import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

import boto3
import moto
import pytest

from signoff.config.kinds.backup import BackupService
from signoff.config.kinds.backup_plan import BackupPlanService
from signoff.config.kinds.file_backup import FileBackupService
from signoff.config.kinds.object_storage import ObjectStorageService
from signoff.errors import NotVerifiedError
from signoff.probes.aws import backup_plans, backups
from signoff.probes.aws.buckets import read_bucket, read_copy
from signoff.probes.aws.session import AwsAccess, open_aws

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from signoff.probes.aws.session import AwsSession

pytestmark = pytest.mark.contract
REGION, AWAY, ACCOUNT = "ap-northeast-2", "us-west-2", "123456789012"
HERE = {"LocationConstraint": REGION}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsSession]:
    """Return a way to ask an empty account."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLEEXAMPLE00")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    with moto.mock_aws(), open_aws(AwsAccess(account=ACCOUNT, regions=(REGION, AWAY))) as opened:
        yield opened


def _bucket(name: str, *, careful: bool) -> Any:
    s3 = boto3.client("s3", region_name=REGION)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=HERE, ObjectLockEnabledForBucket=careful)
    if careful:
        lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 14}}}
        s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=lock)
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:aws:kms:key"}
        rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=rules)
    return s3


def _replication(s3: Any, source: str, target: str) -> None:
    rule = {"ID": "all", "Priority": 1, "Status": "Enabled", "Destination": {"Bucket": f"arn:aws:s3:::{target}"}}
    whole = rule | {"Filter": {"Prefix": ""}}
    configuration = {"Role": f"arn:aws:iam::{ACCOUNT}:role/copy", "Rules": [whole]}
    s3.put_bucket_replication(Bucket=source, ReplicationConfiguration=configuration)


def test_a_bucket_that_keeps_copies_and_locks_and_one_that_does_not(account: AwsSession) -> None:
    s3 = _bucket("careful", careful=True)
    _bucket("copies", careful=True)
    _replication(s3, "careful", "copies")
    expiry = {"ID": "old", "Status": "Enabled", "Filter": {}, "NoncurrentVersionExpiration": {"NoncurrentDays": 7}}
    s3.put_bucket_lifecycle_configuration(Bucket="careful", LifecycleConfiguration={"Rules": [expiry]})
    _bucket("careless", careful=False)

    careful, careless = (read_bucket(account, REGION, name) for name in ("careful", "careless"))

    assert (careful.versioned, careful.replicas, careful.versions_expire_days) == (True, ("copies",), 7)
    assert (careful.lock, careful.lock_days, careful.encryption) == ("COMPLIANCE", 14, "aws:kms")
    assert (careless.versioned, careless.replicas, careless.lock, careless.lock_days) == (False, (), "", 0)
    assert careless.versions_expire_days == math.inf
    assert careless.encryption != "aws:kms"
    with pytest.raises(NotVerifiedError, match="no such bucket"):
        read_bucket(account, REGION, "absent")


def _storage(name: str, **changes: Any) -> ObjectStorageService:
    entry = {"cloud": "aws", "bucket": name, "region": REGION, "replica": "copies", "versions_kept": "7d"}
    return ObjectStorageService.model_validate(entry | changes)


def test_checks_tell_a_careful_bucket_from_a_careless_one(account: AwsSession, conclude: Any) -> None:
    s3 = _bucket("careful", careful=True)
    _bucket("copies", careful=True)
    _replication(s3, "careful", "copies")
    _bucket("careless", careful=False)

    def state(check: str, service: ObjectStorageService) -> tuple[str, str]:
        found = conclude(check, service, open_aws_account=lambda _: account)
        return found.state, found.reason.removeprefix("target: ")

    keeps, seals = "objects_outlive_mistakes", "objects_are_encrypted"
    assert state(keeps, _storage("careful", locked_for="14d")) == state(seals, _storage("careful")) == ("PASS", "")
    assert state(keeps, _storage("careless")) == ("FAIL", "versioning of careless is off")
    assert state(keeps, _storage("careful", locked_for="15d"))[0] == "FAIL"
    assert state(keeps, _storage("careful", replica="other")) == ("FAIL", "not every object is copied to other")
    assert state(keeps, _storage("careful", replica=""))[0] == "NOT_VERIFIED"
    assert state(keeps, _storage("absent"))[0] == state(seals, _storage("absent"))[0] == "NOT_VERIFIED"
    assert "not encrypted by KMS: careless" in state(seals, _storage("careless"))[1]
    assert state(seals, _storage("careful", kms_key="arn:other"))[0] == "FAIL"
    s3.delete_bucket_encryption(Bucket="copies")
    assert "not encrypted by KMS: copies" in state(seals, _storage("careful"))[1]
    s3.put_bucket_versioning(Bucket="careless", VersioningConfiguration={"Status": "Enabled"})
    expiry = {"ID": "old", "Status": "Enabled", "Filter": {}, "NoncurrentVersionExpiration": {"NoncurrentDays": 6}}
    s3.put_bucket_lifecycle_configuration(Bucket="careless", LifecycleConfiguration={"Rules": [expiry]})
    assert state(keeps, _storage("careless")) == ("FAIL", "old versions go after 6 days")


class _Answers:
    """A session that answers about replication alone: moto forgets the filters of rules."""

    def __init__(self, **rule: Any) -> None:
        rule = {"Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::copies"}} | rule
        self._answer = {"ReplicationConfiguration": {"Rules": [rule]}}

    def ask(self, _service: str, operation: str, **_: Any) -> dict[str, Any]:
        return self._answer if operation == "get_bucket_replication" else {}


@pytest.mark.parametrize(
    ("rule", "replicas"),
    [
        ({"Filter": {}}, ("copies",)),
        ({"Prefix": ""}, ("copies",)),
        ({"Filter": {"Prefix": "only/"}}, ()),
        ({"Filter": {"Tag": {"Key": "a", "Value": "b"}}}, ()),
        ({"Filter": {"And": {"Prefix": "", "Tags": []}}}, ()),
        ({"Prefix": "only/"}, ()),
        ({"Status": "Disabled"}, ()),
    ],
)
def test_a_rule_that_copies_some_objects_is_no_copy_of_the_bucket(
    rule: dict[str, Any], replicas: tuple[str, ...]
) -> None:
    session: Any = _Answers(**rule)

    assert read_bucket(session, REGION, "careful").replicas == replicas


def test_a_copy_is_known_by_the_digest_that_amazon_computed(account: AwsSession) -> None:
    s3 = _bucket("copies", careful=False)
    s3.put_object(Bucket="copies", Key="a/one", Body=b"content", ChecksumAlgorithm="SHA256")

    found = read_copy(account, REGION, "copies", "a/one")

    assert found is not None
    assert (found.size, found.sha256) == (7, hashlib.sha256(b"content").hexdigest())
    assert found.md5 == hashlib.md5(b"content", usedforsecurity=False).hexdigest()
    assert read_copy(account, REGION, "copies", "absent") is None


def test_checks_compare_files_with_their_copies_in_a_bucket(account: AwsSession, conclude: Any, tmp_path: Path) -> None:
    s3 = _bucket("copies", careful=False)
    for name, content, words in (
        ("same", b"content", {"ChecksumAlgorithm": "SHA256"}),
        ("plain", b"content", {}),
        ("other", b"c0ntent", {"ChecksumAlgorithm": "SHA256"}),
        ("sealed", b"content", {"ServerSideEncryption": "aws:kms"}),
    ):
        s3.put_object(Bucket="copies", Key=f"away/{name}", Body=content, **words)

    def found(name: str) -> Any:
        (tmp_path / name).write_bytes(b"content")
        service = FileBackupService.model_validate(
            {
                "host": "backup1",
                "folder": str(tmp_path),
                "pattern": name,
                "schedule": {"cron": "0 3 * * *"},
                "elsewhere": {"cloud": "aws", "bucket": "copies", "region": REGION, "prefix": "away/"},
            }
        )
        return conclude("newest_file_backup_is_kept_elsewhere_too", service, open_aws_account=lambda _: account)

    states = {name: found(name).state for name in ("same", "plain", "other", "sealed", "absent")}
    assert states == {"same": "PASS", "plain": "PASS", "other": "FAIL", "sealed": "NOT_VERIFIED", "absent": "FAIL"}
    assert "md5: shows accidents" in found("plain").evidence["expected"]
    assert "Amazon keeps no digest of it" in found("sealed").reason


class _Assigned:
    """A session that also knows what a plan is assigned to, of which moto knows nothing.

    https://docs.aws.amazon.com/aws-backup/latest/devguide/API_ListBackupSelections.html
    """

    def __init__(self, account: AwsSession, *selections: str) -> None:
        self._account, self._selections = account, selections
        self.account, self.ask = account.account, account.ask

    def items(self, service: str, operation: str, key: str, **words: Any) -> list[Any]:
        if operation == "list_backup_selections":
            return [{"SelectionName": one} for one in self._selections]
        return self._account.items(service, operation, key, **words)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _rule(name: str = "nightly", vault: str = "locked", hour: str = "5", region: str = "us-west-2") -> dict[str, Any]:
    return {
        "RuleName": name,
        "TargetBackupVaultName": vault,
        "ScheduleExpression": f"cron(0 {hour} ? * * *)",
        "Lifecycle": {"DeleteAfterDays": 35},
        "CopyActions": [{"DestinationBackupVaultArn": f"arn:aws:backup:{region}:{ACCOUNT}:backup-vault:copies"}],
    }


PLANS: dict[str, tuple[list[dict[str, Any]], str]] = {
    "good": ([_rule()], ""),
    "kept-a-week": ([_rule() | {"Lifecycle": {"DeleteAfterDays": 7}}], "no rule keeps its backups for 30 days"),
    "weekly": ([_rule() | {"ScheduleExpression": "cron(0 5 ? * SUN *)"}], "no rule backs up every 1 day"),
    "copied-next-door": ([_rule(region=REGION)], "no rule copies its backups to another region or account"),
    "open": ([_rule(vault="open")], "its vault is not locked"),
    "one-each": ([_rule(vault="open"), _rule("other") | {"CopyActions": []}], "its vault is not locked"),
    "odd": ([_rule() | {"ScheduleExpression": "cron(0 5 ? JAN * *)"}], "no schedule that is understood"),
}


def test_a_plan_says_how_often_how_long_and_where_to(account: AwsSession, conclude: Any) -> None:
    backup = boto3.client("backup", region_name=REGION)
    for name in ("locked", "open"):
        backup.create_backup_vault(BackupVaultName=name)
    backup.put_backup_vault_lock_configuration(BackupVaultName="locked", MinRetentionDays=7)
    assigned: Any = _Assigned(account, "shop")
    check = "managed_backups_are_planned_copied_and_locked"

    for name, (rules, words) in PLANS.items():
        backup.create_backup_plan(BackupPlan={"BackupPlanName": name, "Rules": rules})
        found = conclude(check, _plan(name), open_aws_account=lambda _: assigned)
        assert (words in found.reason, found.state) == (True, _state(name, "odd")), (name, found)

    idle = conclude(check, _plan("good"), open_aws_account=lambda _: _Assigned(account))
    assert (idle.state, idle.reason) == ("FAIL", "target: the plan is assigned to no resource")
    absent = conclude(check, _plan("absent"), open_aws_account=lambda _: assigned)
    assert (absent.state, "0 backup plans are called absent" in absent.reason) == ("NOT_VERIFIED", True)
    (rule,) = backup_plans.read_plan(assigned, REGION, "good").rules
    assert (rule.every, rule.days_kept, rule.vault_locked) == (timedelta(days=1), 35, True)


def _state(name: str, *unclear: str) -> str:
    return "PASS" if name == "good" else "NOT_VERIFIED" if name in unclear else "FAIL"


def _plan(name: str) -> BackupPlanService:
    return BackupPlanService.model_validate({"cloud": "aws", "region": REGION, "plan": name})


@pytest.mark.parametrize(
    ("expression", "hours"),
    [
        ("rate(12 hours)", 12),
        ("rate(1 day)", 24),
        ("cron(0 5,17 * * ? *)", 24),
        ("cron(0 * ? * * *)", 1),
        ("cron(0 0/6 * * ? *)", 6),
        ("cron(0 5 1 * ? *)", 31 * 24),
        ("cron(0 5 ? JAN * *)", None),
        ("cron(0 5 ? * MON-FRI *)", None),
        ("cron(0 5)", None),
        ("", None),
    ],
)
def test_a_schedule_that_is_not_understood_is_no_schedule(expression: str, hours: int | None) -> None:
    assert backup_plans.interval(expression) == (None if hours is None else timedelta(hours=hours))


def _managed(database: str, **changes: Any) -> BackupService:
    entry = {
        "managed": {"cloud": "aws", "region": REGION, "database": database},
        "database": "shop-db",
        "schedule": {"cron": "0 0 1 1 *", "grace": "0s", "runs": 1},
        "restore": {"record": "/x"},
        "objectives": {"rto": "1h", "rpo": "1h"},
    }
    return BackupService.model_validate(entry | changes)


def test_snapshots_of_a_database_are_its_backups(account: AwsSession, conclude: Any) -> None:
    rds, away = (boto3.client("rds", region_name=region) for region in (REGION, AWAY))
    for name, encrypted in (("sealed", True), ("bare", False)):
        rds.create_db_instance(
            DBInstanceIdentifier=name,
            Engine="postgres",
            DBInstanceClass="db.m5.large",
            AllocatedStorage=20,
            MasterUsername="admin1",
            MasterUserPassword="made-up-password",
            StorageEncrypted=encrypted,
        )
        made = rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=f"{name}-1")["DBSnapshot"]
    elsewhere = {"elsewhere": {"cloud": "aws", "region": AWAY}}

    def state(check: str, service: BackupService) -> str:
        return str(conclude(check, service, open_aws_account=lambda _: account).state)

    assert [state("backups_are_encrypted", _managed(name)) for name in ("sealed", "bare", "absent")] == [
        "PASS",
        "FAIL",
        "NOT_VERIFIED",
    ]
    assert state("newest_backup_is_later_than_its_schedule", _managed("bare")) == "PASS"
    every_minute = {"cron": "* * * * *", "grace": "0s", "runs": 1}
    late = conclude(
        "newest_backup_is_later_than_its_schedule",
        _managed("bare", schedule=every_minute),
        open_aws_account=lambda _: account,
        evaluated_at=datetime.now(UTC) + timedelta(days=1),
    )
    assert "older than the last one that was due" in late.reason
    # The size of a volume says nothing about what was saved.
    assert state("newest_backup_has_its_usual_size", _managed("bare")) == "NOT_VERIFIED"
    assert state("newest_backup_is_kept_elsewhere_too", _managed("bare", **elsewhere)) == "NOT_VERIFIED"
    away.copy_db_snapshot(
        SourceDBSnapshotIdentifier=made["DBSnapshotArn"], TargetDBSnapshotIdentifier="copy", SourceRegion=REGION
    )
    assert state("newest_backup_is_kept_elsewhere_too", _managed("bare", **elsewhere)) == "PASS"
    rds.create_db_snapshot(DBInstanceIdentifier="bare", DBSnapshotIdentifier="bare-2")
    assert state("newest_backup_is_kept_elsewhere_too", _managed("bare", **elsewhere)) == "FAIL"


class _RecoveryPoints(_Assigned):
    """A session that knows recovery points, and others in the region away."""

    def __init__(self, *points: dict[str, Any], away: tuple[dict[str, Any], ...] = ()) -> None:
        self._points, self._away = points, away

    def items(self, service: str, operation: str, key: str, **words: Any) -> list[Any]:
        assert (service, operation, key) == ("backup", "list_recovery_points_by_resource", "RecoveryPoints")
        return list(self._away if words["region"] == AWAY else self._points)


def test_recovery_points_tell_complete_from_failed_and_encrypted_from_not() -> None:
    at = datetime(2026, 11, 22, 5, tzinfo=UTC)
    good = {"RecoveryPointArn": "arn:1", "CreationDate": at, "Status": "COMPLETED", "BackupSizeBytes": 5}
    failed = good | {"Status": "PARTIAL", "StatusMessage": "quota", "CreationDate": at + timedelta(days=1)}
    session: Any = _RecoveryPoints(good | {"EncryptionKeyArn": "arn:key"}, failed, good | {"Status": "CREATING"})

    found = backups.read_recovery_points(session, REGION, "arn:resource")

    assert (len(found.backups), found.cipher, found.broken[0].problem) == (1, "KMS", "quota")
    plain: Any = _RecoveryPoints(good)
    assert backups.read_recovery_points(plain, REGION, "arn:resource").cipher == "none"
    empty: Any = _RecoveryPoints(failed)
    with pytest.raises(NotVerifiedError, match="no backup in it"):
        backups.read_recovery_points(empty, REGION, "arn:resource")


def test_recovery_points_are_looked_for_in_a_second_region(conclude: Any) -> None:
    at = datetime.now(UTC) - timedelta(minutes=1)
    point = {"RecoveryPointArn": "arn:1", "CreationDate": at, "Status": "COMPLETED", "BackupSizeBytes": 5}
    managed = {"cloud": "aws", "region": REGION, "resource": "arn:resource"}
    yearly = {"cron": f"{at.minute} {at.hour} {at.day} {at.month} *", "grace": "0s", "runs": 1}
    service = _managed("", managed=managed, schedule=yearly, elsewhere={"cloud": "aws", "region": AWAY})

    def found(check: str, *away: dict[str, Any]) -> tuple[str, str]:
        session = _RecoveryPoints(point, away=away)
        concluded = conclude(check, service, open_aws_account=lambda _: session)
        return concluded.state, concluded.reason

    copy = "newest_backup_is_kept_elsewhere_too"
    assert found(copy, point)[0] == "PASS"
    assert found(copy, point | {"CreationDate": at - timedelta(days=2)})[0] == "FAIL"
    assert found(copy)[0] == "NOT_VERIFIED"
    assert found("backups_are_encrypted", point | {"EncryptionKeyArn": "arn:key"})[0] == "FAIL"
