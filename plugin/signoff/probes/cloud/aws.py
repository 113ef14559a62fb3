"""One Amazon account, told in the words of all clouds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.probes.aws.session import open_aws
from signoff.probes.cloud.aws_costs import read_costs
from signoff.probes.cloud.aws_exposure import read_exposure
from signoff.probes.cloud.aws_groups import read_groups
from signoff.probes.cloud.aws_quotas import read_quotas
from signoff.probes.cloud.aws_services import PREFIX, read_services
from signoff.probes.cloud.aws_zones import read_elsewhere, read_placements

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from signoff.probes.aws.session import AwsAccess
    from signoff.probes.cloud.model import CostFacts, Exposure, Group, Placement, Quota, QuotaQuery, TierQuery


class AwsCloud:
    """See `signoff.probes.cloud.model.Cloud`."""

    def __init__(
        self, access: AwsAccess, *, now: datetime, closed_ports: Iterable[int] = (), elsewhere: bool = True
    ) -> None:
        self._aws = open_aws(access)
        self._now = now
        self._closed_ports = tuple(closed_ports)
        self._elsewhere = elsewhere

    def groups(self, names: Iterable[str], *, since: datetime) -> tuple[Group, ...]:
        """Return the named Auto Scaling groups, and container services named `service/CLUSTER/NAME`."""
        wanted = tuple(names)
        services = [name for name in wanted if name.startswith(PREFIX)]
        groups = [name for name in wanted if not name.startswith(PREFIX)]
        return (
            *read_groups(self._aws, groups, since=since),
            *read_services(self._aws, services, since=since),
        )

    def placements(self, tiers: Iterable[TierQuery]) -> tuple[Placement, ...]:
        """Return machines, databases and caches."""
        return read_placements(self._aws, tiers)

    def elsewhere(self) -> tuple[Placement, ...]:
        """Return machines and databases of all other enabled regions, unless the inventory does without."""
        return read_elsewhere(self._aws) if self._elsewhere else ()

    def quotas(self, wanted: Iterable[QuotaQuery]) -> tuple[Quota, ...]:
        """Return service quotas and their use."""
        return read_quotas(self._aws, wanted, now=self._now)

    def costs(self) -> CostFacts:
        """Return budgets and anomaly monitors."""
        return read_costs(self._aws)

    def exposure(self) -> Exposure:
        """Return security groups, network ACLs and databases."""
        return read_exposure(self._aws, closed_ports=self._closed_ports)

    def close(self) -> None:
        """Close all connections."""
        self._aws.close()
