"""Buckets of Amazon S3: whether objects outlive mistakes, whether they are encrypted, and which copies lie in them."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.aws.session import AwsRefusalError

if TYPE_CHECKING:
    from signoff.probes.aws.session import AwsSession

_ABSENT = frozenset(
    {
        "NoSuchLifecycleConfiguration",
        "ObjectLockConfigurationNotFoundError",
        "ReplicationConfigurationNotFoundError",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)
_NO_BUCKET = frozenset({"NoSuchBucket", "404", "NotFound"})
_MANY_DAYS_A_YEAR = 365


@dataclass(frozen=True, kw_only=True, slots=True)
class Bucket:
    """What a bucket does to keep its objects."""

    name: str
    versioned: bool
    replicas: tuple[str, ...]
    """Buckets that get a copy of every object."""
    versions_expire_days: float
    """Days after which a lifecycle rule removes what was overwritten or deleted; infinite: none does."""
    lock: str
    """`COMPLIANCE` or `GOVERNANCE`; empty: nothing is locked by default."""
    lock_days: float
    encryption: str
    """`aws:kms`, `aws:kms:dsse` or `AES256`; empty: none by default."""
    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredCopy:
    """One object."""

    key: str
    size: int
    sha256: str
    """Of the whole object, as Amazon computed it; empty: it was uploaded without."""
    md5: str
    """From the ETag, where that is one: not of objects in several parts, or encrypted by a key of somebody."""


def read_bucket(session: AwsSession, region: str, name: str) -> Bucket:
    """Return how the bucket keeps its objects.

    Raises:
        NotVerifiedError: there is no such bucket, or these credentials may not look.
    """
    versioning = _asked(session, region, "get_bucket_versioning", name)
    lock = _asked(session, region, "get_object_lock_configuration", name).get("ObjectLockConfiguration", {})
    retention = lock.get("Rule", {}).get("DefaultRetention", {})
    encryption = _asked(session, region, "get_bucket_encryption", name).get("ServerSideEncryptionConfiguration", {})
    rules = [one.get("ApplyServerSideEncryptionByDefault", {}) for one in encryption.get("Rules") or ()]
    default = rules[0] if rules else {}
    lifecycle = _asked(session, region, "get_bucket_lifecycle_configuration", name).get("Rules") or ()
    return Bucket(
        name=name,
        versioned=versioning.get("Status") == "Enabled",
        replicas=_replicas(_asked(session, region, "get_bucket_replication", name)),
        versions_expire_days=min((_expiry(one) for one in lifecycle if one["Status"] == "Enabled"), default=math.inf),
        lock=retention.get("Mode", ""),
        lock_days=retention.get("Days", 0) + _MANY_DAYS_A_YEAR * retention.get("Years", 0),
        encryption=default.get("SSEAlgorithm", ""),
        key=default.get("KMSMasterKeyID", ""),
    )


def read_copy(session: AwsSession, region: str, bucket: str, key: str) -> StoredCopy | None:
    """Return what Amazon says of one object without fetching it; None: it is not there.

    Raises:
        NotVerifiedError: these credentials may not look.
    """
    try:
        found = session.ask("s3", "head_object", region=region, Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    except AwsRefusalError as error:
        if error.code in {"404", "NoSuchKey", "NotFound"}:
            return None
        raise
    checksum = str(found.get("ChecksumSHA256", ""))
    # A checksum of checksums ends in -N: it says nothing about the whole.
    sha256 = base64.b64decode(checksum).hex() if checksum and "-" not in checksum else ""
    etag = str(found.get("ETag", "")).strip('"')
    by_other_key = found.get("ServerSideEncryption", "").startswith("aws:kms") or "SSECustomerAlgorithm" in found
    is_md5 = "-" not in etag and not by_other_key
    return StoredCopy(key=key, size=int(found["ContentLength"]), sha256=sha256, md5=etag if is_md5 else "")


def _asked(session: AwsSession, region: str, operation: str, bucket: str) -> dict[str, Any]:
    try:
        return session.ask("s3", operation, region=region, Bucket=bucket)
    except AwsRefusalError as error:
        if error.code in _NO_BUCKET:
            raise NotVerifiedError(f"{bucket}: there is no such bucket in {region}; correct its name") from error
        if error.code in _ABSENT:
            return {}
        raise


def _replicas(answer: dict[str, Any]) -> tuple[str, ...]:
    rules = answer.get("ReplicationConfiguration", {}).get("Rules") or ()
    # A rule with a prefix or a tag copies some objects only.
    whole = [one for one in rules if one["Status"] == "Enabled" and not _narrows(one)]
    return tuple(one["Destination"]["Bucket"].rpartition(":")[2] for one in whole)


def _narrows(rule: dict[str, Any]) -> bool:
    chosen = rule.get("Filter") or {}
    return bool(rule.get("Prefix") or chosen.get("Prefix") or chosen.get("Tag") or chosen.get("And"))


def _expiry(rule: dict[str, Any]) -> float:
    return float((rule.get("NoncurrentVersionExpiration") or {}).get("NoncurrentDays", math.inf))
