"""Inventory entry of a bucket whose objects must outlive mistakes: versions, a copy elsewhere, a lock, encryption."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service


class ObjectStorageService(Service):
    """One bucket of Amazon S3."""

    kind: Literal["object_storage"] = "object_storage"
    cloud: str = Field(description="Name of the cloud service that is the account.")
    bucket: str
    region: str
    replica: str = Field(default="", description="Bucket that must get a copy of every object.")
    replica_region: str = Field(default="", description="Where that bucket is; default: the same region.")
    versions_kept: Duration = Field(
        default=timedelta(days=30), description="How long an overwritten or deleted object must stay available."
    )
    locked_for: Duration | None = Field(default=None, description="Least time for which every object is locked.")
    kms_key: str = Field(default="", description="As the bucket names it; default: any key of KMS.")

    @property
    def address(self) -> str:
        """Account and bucket."""
        return f"{self.cloud}:{self.bucket}"
