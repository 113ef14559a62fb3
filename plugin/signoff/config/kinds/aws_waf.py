"""Inventory entry of AWS WAF: every public load balancer and distribution of an account must stand behind it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signoff.config.kinds.base import Service


class AwsWafService(Service):
    """The web ACLs of one account."""

    kind: Literal["aws_waf"] = "aws_waf"
    cloud: str = Field(description="Name of the cloud service with the account and its regions.")
    may_count: tuple[str, ...] = Field(
        default=(), description="Rules that may count instead of block, such as new-rule or group/rule."
    )
    without: dict[str, str] = Field(
        default_factory=dict, description="Load balancers and distributions that need none, with the reason."
    )

    @property
    def address(self) -> str:
        """The account."""
        return self.cloud
