"""Inventory entry of the keys and passwords of an AWS account: young, used, and never a password alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service


class AwsCredentialsService(Service):
    """IAM's credential report of one account; nothing from here makes one."""

    kind: Literal["aws_credentials"] = "aws_credentials"
    cloud: str = Field(description="Name of the cloud service with the account.")
    max_age: Duration = timedelta(days=90)
    unused: Duration = Field(default=timedelta(days=45), description="A key without use for longer must be taken back.")
    report_max_age: Duration = Field(default=timedelta(days=1), description="Of the report itself.")
    without_second_factor: tuple[str, ...] = Field(default=(), description="Users who may do without one.")

    @property
    def address(self) -> str:
        """The account."""
        return self.cloud
