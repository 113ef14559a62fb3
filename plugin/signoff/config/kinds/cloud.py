"""Inventory entry of a cloud: one account of Amazon, Google or Azure, or one Kubernetes cluster, and what must hold."""

from __future__ import annotations

import re
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Annotated, Literal, Protocol, Self

from pydantic import AfterValidator, Field, model_validator

from signoff.config.fields import Duration, Port, Ratio, SecretText
from signoff.config.kinds.base import Service, Strict

Provider = Literal["aws", "google", "azure", "kubernetes"]
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_ACCOUNTS: dict[Provider, tuple[str, str]] = {
    "aws": (r"\d{12}", "the account's twelve digits, in quotes"),
    "google": (r"[a-z][a-z0-9-]{4,28}[a-z0-9]", "the project's id"),
    "azure": (_UUID, "the subscription's id, in lower case"),
    "kubernetes": (_UUID, "the uid of the namespace kube-system"),
}
_PORTS = re.compile(r"(\*|\d{1,5}(-\d{1,5})?)\Z")
_LAST_PORT = 65_535


def _ports(value: str) -> str:
    low, _, high = value.replace("*", f"0-{_LAST_PORT}").partition("-")
    if not _PORTS.match(value) or not int(low) <= int(high or low) <= _LAST_PORT:
        raise ValueError('not ports; write "443", "8000-8099" or "*"')
    return value


class Opened(Protocol):
    """A rule that lets the whole world in, as far as it matters here."""

    @property
    def rule(self) -> str:
        """Its name."""

    @property
    def protocol(self) -> str:
        """Protocol in lower case; `all` for every one."""

    @property
    def first(self) -> int:
        """First port."""

    @property
    def last(self) -> int:
        """Last port."""


class AllowedOpening(Strict):
    """Something that may be open to the whole world."""

    ports: Annotated[str, AfterValidator(_ports)] = Field(description='Such as "443" or "8000-8099"; "*" is all.')
    protocol: Literal["tcp", "udp", "icmp", "all"] = "tcp"
    rules: str = Field(description="Name of the security group, firewall rule, NSG or namespace/object; * is a glob.")
    reason: str = Field(min_length=1, description="Why.")

    def covers(self, rule: Opened) -> bool:
        """Whether a rule of the cloud opens nothing beyond this."""
        low, _, high = self.ports.replace("*", f"0-{_LAST_PORT}").partition("-")
        if not fnmatchcase(rule.rule, self.rules) or self.protocol not in {rule.protocol, "all"}:
            return False
        return self.protocol == "icmp" or int(low) <= rule.first <= rule.last <= int(high or low)


class ScalingGroup(Strict):
    """Machines or pods that grow and shrink by themselves."""

    name: str = Field(
        description="Auto Scaling group, service/CLUSTER/NAME (ECS), instance group, scale set, namespace/autoscaler."
    )
    minimum: int = Field(default=2, ge=1, description="It must never be asked to run fewer.")
    peak: int = Field(ge=1, description="How many the planned peak needs; it must be allowed to run as many.")


class Tier(Strict):
    """One layer of the product, found by exactly one of its keys; it must stand in several zones."""

    name: str
    group: str = Field(default="", description="Name of a scaling group.")
    instances: str = Field(default="", description="KEY=VALUE: tag or label of machines, or of pods (Kubernetes).")
    database: str = Field(default="", description="Name of a managed database.")
    cache: str = Field(default="", description="Name of a managed cache.")
    zones: int = Field(default=2, ge=1, description="Least number of zones.")

    @model_validator(mode="after")
    def _found_by_one_key(self) -> Self:
        if sum(map(bool, (self.group, self.instances, self.database, self.cache))) != 1:
            raise ValueError("write exactly one of group, instances, database and cache")
        if self.instances and not all(self.instances.partition("=")):
            raise ValueError("write instances as KEY=VALUE")
        return self


class WatchedQuota(Strict):
    """A limit of the provider's, and how much of it the plan needs."""

    service: str = Field(
        default="", description="Amazon: service code, such as ec2; Azure: compute or network; Kubernetes: namespace."
    )
    code: str = Field(
        description="Such as L-1216C47A (Amazon), CPUS (Google), cores (Azure), requests.cpu (Kubernetes)."
    )
    region: str = Field(default="", description="Default: each region; Google: `global` for those of the project.")
    planned: float | None = Field(default=None, ge=0, description="Most that will be in use at the planned peak.")
    grows_with: dict[str, float] = Field(
        default_factory=dict, description="By scaling group: how much of the quota each further machine takes."
    )


class Costs(Strict):
    """Who learns in time that it becomes expensive."""

    budgets: tuple[str, ...] = Field(default=(), description="Budgets that must be there; default: at least one.")
    alert_at: float = Field(default=100, gt=0, description="Percent of the budget by which somebody must be told.")
    anomaly_monitor: bool = Field(default=True, description="Whether unusual costs must be watched, too.")


class CloudExports(Strict):
    """Answers of the provider's own program, brought here as files."""

    folder: str = Field(description="Folder with manifest.json and the files that it names; see docs/clouds.md.")
    max_age: Duration = timedelta(hours=24)


class CloudProgram(Strict):
    """The provider's own program, installed and signed in where the checks run."""

    path: str = Field(default="", description="Default: gcloud, az or kubectl on PATH.")
    context: str = Field(default="", description="Configuration (gcloud) or context (kubectl) to use.")


class CloudService(Service):
    """One account or cluster, only ever read."""

    kind: Literal["cloud"] = "cloud"
    provider: Provider
    account: str = Field(
        description="Account number, project id, subscription id, or uid of the namespace kube-system; always proved."
    )
    regions: tuple[str, ...] = Field(min_length=1, description="Regions in which everything must be; no others.")
    profile: str = Field(default="", description="Amazon: profile of ~/.aws; empty: boto3's own search.")
    access_key_id: SecretText | None = None
    secret_access_key: SecretText | None = None
    session_token: SecretText | None = None
    endpoint: str = Field(default="", description="Amazon: address to ask instead of Amazon's own.")
    exports: CloudExports | None = None
    program: CloudProgram | None = None
    resource_groups: tuple[str, ...] = Field(default=(), description="Azure: where the autoscale settings are.")
    billing_account: str = Field(default="", description="Google: whose budgets count.")
    groups: tuple[ScalingGroup, ...] = ()
    failures_within: Duration = Field(default=timedelta(days=7), description="How long a failed scaling counts.")
    tiers: tuple[Tier, ...] = ()
    empty_elsewhere: bool = Field(default=True, description="Amazon: see that no other region holds machines.")
    quotas: tuple[WatchedQuota, ...] = ()
    quota_used: Ratio = Field(default=0.7, description="Most of a quota that may be used, now and as planned.")
    costs: Costs = Costs()
    open_to_world: tuple[AllowedOpening, ...] = ()
    network_acl_closed_ports: tuple[Port, ...] = Field(
        default=(22, 3389),
        description="Amazon: ports that network ACLs must not open to the world (CIS benchmark 5.1).",
    )
    without_rules: tuple[str, ...] = Field(
        default=(), description="Subnets (Azure) or namespaces (Kubernetes) that may stand without rules of their own."
    )

    @property
    def address(self) -> str:
        """Provider, account and regions."""
        return f"{self.provider} {self.account} in {', '.join(self.regions)}"

    @model_validator(mode="after")
    def _fits_the_provider(self) -> Self:
        form, words = _ACCOUNTS[self.provider]
        if not re.fullmatch(form, self.account):
            raise ValueError(f"account is not one of {self.provider}; write {words}")
        ways = [name for name in ("exports", "program") if getattr(self, name) is not None]
        if self.provider == "aws" and ways:
            raise ValueError(f"{ways[0]} is not for aws, which is asked directly")
        if self.provider != "aws" and len(ways) != 1:
            raise ValueError(f"write exactly one of exports and program for {self.provider}")
        self._keys_of_others()
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ValueError("access_key_id and secret_access_key go together")
        known = {group.name for group in self.groups}
        unknown = {name for quota in self.quotas for name in quota.grows_with} - known
        if unknown:
            raise ValueError(f"quotas grow with groups that are not listed: {', '.join(sorted(unknown))}")
        return self

    def _keys_of_others(self) -> None:
        of_one: dict[str, Provider] = {
            "profile": "aws",
            "access_key_id": "aws",
            "endpoint": "aws",
            "resource_groups": "azure",
            "billing_account": "google",
        }
        for key, provider in of_one.items():
            if getattr(self, key) and self.provider != provider:
                raise ValueError(f"{key} is for {provider} only")
