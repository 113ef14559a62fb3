"""One Azure subscription, from the JSON of az.

Field names: https://learn.microsoft.com/rest/api/monitor/autoscale-settings/list-by-resource-group,
.../rest/api/compute/virtual-machine-scale-sets/list-all, .../rest/api/compute/usage/list,
.../rest/api/consumption/budgets/list, .../rest/api/cost-management/scheduled-actions/list-by-scope,
.../rest/api/virtualnetwork/network-security-groups/list-all, .../rest/api/monitor/activity-logs/list.
The program flattens what REST keeps under `properties`; both forms are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.probes.cloud.azure_fields import field, number
from signoff.probes.cloud.azure_network import open_rules, unprotected_subnets
from signoff.probes.cloud.documents import Query
from signoff.probes.cloud.model import Budget, CostAlert, CostFacts, Exposure, Group, Placement, Quota

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from signoff.importers._json import Node
    from signoff.probes.cloud.documents import Documents
    from signoff.probes.cloud.model import QuotaQuery, TierQuery

ACCOUNT = Query(file="account.json", arguments=("account", "show"))
SCALE_SETS = Query(file="scale-sets.json", arguments=("vmss", "list"))
MACHINES = Query(file="machines.json", arguments=("vm", "list"))
DATABASES = Query(file="databases.json", arguments=("postgres", "flexible-server", "list"))
BUDGETS = Query(file="budgets.json", arguments=("consumption", "budget", "list"))
NSGS = Query(file="nsgs.json", arguments=("network", "nsg", "list"))
VNETS = Query(file="vnets.json", arguments=("network", "vnet", "list"))
_USAGES = {"compute": ("vm", "list-usage"), "network": ("network", "list-usages")}


def settings_of(resource_group: str) -> Query:
    """Return the question for the autoscale settings of a resource group."""
    words = ("monitor", "autoscale", "list", "--resource-group", resource_group)
    return Query(file=f"autoscale-{resource_group}.json", arguments=words)


def failures_of(resource_group: str, days: int) -> Query:
    """Return the question for what failed in a resource group."""
    words = ("monitor", "activity-log", "list", "--resource-group", resource_group, "--status", "Failed")
    return Query(
        file=f"failed-{resource_group}.json", arguments=(*words, "--offset", f"{days}d", "--max-events", "10000")
    )


def instances_of(resource_group: str, scale_set: str) -> Query:
    """Return the question for the machines of a scale set."""
    words = ("vmss", "list-instances", "--resource-group", resource_group, "--name", scale_set)
    return Query(file=f"instances-{scale_set}.json", arguments=words)


def usage_of(service: str, region: str) -> Query:
    """Return the question for quotas of a region; `service` is `compute` or `network`."""
    if service not in _USAGES:
        raise NotVerifiedError(f"quota of {service!r}: for Azure write service compute or network")
    return Query(file=f"usage-{service}-{region}.json", arguments=(*_USAGES[service], "--location", region))


def alerts_of(subscription: str) -> Query:
    """Return the question for alerts of unusual costs."""
    address = f"https://management.azure.com/subscriptions/{subscription}/providers/Microsoft.CostManagement"
    words = ("rest", "--method", "get", "--url", f"{address}/scheduledActions?api-version=2023-11-01")
    return Query(file="anomaly-alerts.json", arguments=words)


class AzureCloud:
    """See `signoff.probes.cloud.model.Cloud`."""

    def __init__(
        self,
        documents: Documents,
        *,
        subscription: str,
        regions: tuple[str, ...],
        resource_groups: tuple[str, ...],
        look_back_days: int = 7,
    ) -> None:
        """Prove that the answers are about the subscription.

        Raises:
            NotVerifiedError: they are about another one.
        """
        self._documents, self._subscription, self._regions = documents, subscription, regions
        self._resource_groups, self._look_back_days = resource_groups, look_back_days
        found = documents.read(ACCOUNT).at("id").text()
        if found != subscription:
            raise NotVerifiedError(f"{ACCOUNT.file}: about subscription {found}, not {subscription}; export that one")

    def groups(self, names: Iterable[str], *, since: datetime) -> tuple[Group, ...]:
        """Return the named scale sets with their autoscale settings."""
        wanted = set(names)
        if not self._resource_groups:
            raise NotVerifiedError("no resource groups; write resource_groups for this cloud in services.yaml")
        settings = [one for group in self._resource_groups for one in self._ours(settings_of(group))]
        failed = [
            one for group in self._resource_groups for one in self._ours(failures_of(group, self._look_back_days))
        ]
        return tuple(
            self._group(one, settings, failed, since)
            for one in self._ours(SCALE_SETS)
            if one.at("name").text() in wanted
        )

    def _group(self, entry: Node, settings: list[Node], failed: list[Node], since: datetime) -> Group:
        identity = entry.at("id").text()
        ours = [one for one in settings if _same(field(one, "targetResourceUri").text(), identity)]
        desired = entry.at("sku").at("capacity").count()
        instances = self._instances(entry)
        profiles = field(ours[0], "profiles").items() if ours else []
        bounds = [_bounds(profile) for profile in profiles] or [(desired, desired)]
        return Group(
            name=entry.at("name").text(),
            region=entry.at("location").text(),
            minimum=min(low for low, _ in bounds),
            maximum=min(high for _, high in bounds),
            desired=desired,
            healthy=sum(field(one, "provisioningState").text() == "Succeeded" for one in instances),
            metrics=tuple(sorted({metric for profile in profiles for metric in _metrics(profile)})),
            obstacles=tuple(_obstacles(ours)),
            failures=tuple(
                f"{at:%Y-%m-%d %H:%M} UTC: {one.at('operationName').at('localizedValue').text('scaling')}"
                for one in failed
                if one.at("category").at("value").text("") == "Autoscale"
                and (at := one.at("eventTimestamp").instant()) >= since
            ),
        )

    def _instances(self, scale_set: Node) -> list[Node]:
        group = _resource_group(scale_set.at("id").text())
        return self._ours(instances_of(group, scale_set.at("name").text()))

    def placements(self, tiers: Iterable[TierQuery]) -> tuple[Placement, ...]:
        """Return machines, those of scale sets, and databases."""
        wanted = tuple(tiers)
        if any(tier.by == "cache" for tier in wanted):
            raise NotVerifiedError("zones of Azure's caches cannot be read from az; attest the tier, or leave it out")
        found = [_machine(one, _tagged(one, wanted)) for one in self._ours(MACHINES)]
        for scale_set in self._ours(SCALE_SETS):
            name = scale_set.at("name").text()
            ours = tuple(tier.name for tier in wanted if tier.by == "group" and tier.value == name)
            found += [_machine(one, ours + _tagged(one, wanted)) for one in self._instances(scale_set)]
        found += [place for one in self._ours(DATABASES) for place in _database(one, wanted)]
        return tuple(found)

    def elsewhere(self) -> tuple[Placement, ...]:
        """Return nothing: `placements` sees every region."""
        return ()

    def quotas(self, wanted: Iterable[QuotaQuery]) -> tuple[Quota, ...]:
        """Return quotas of regions."""
        return tuple(
            Quota(
                service=query.service,
                code=query.code,
                name=one.at("name").at("localizedValue").text(query.code),
                region=region,
                limit=number(one.at("limit")),
                used=number(one.at("currentValue")),
            )
            for query in wanted
            for region in ((query.region,) if query.region else self._regions)
            for one in self._documents.read(usage_of(query.service, region)).items()
            if one.at("name").at("value").text() == query.code
        )

    def costs(self) -> CostFacts:
        """Return budgets and alerts of unusual costs."""
        alerts = self._documents.read(alerts_of(self._subscription)).at("value").items()
        return CostFacts(
            budgets=tuple(_budget(one) for one in self._ours(BUDGETS)),
            monitors=tuple(_anomaly(one) for one in alerts if one.at("kind").text("") == "InsightAlert"),
        )

    def exposure(self) -> Exposure:
        """Return rules of network security groups, public databases, and subnets without any rules."""
        nsgs, databases, vnets = self._ours(NSGS), self._ours(DATABASES), self._ours(VNETS)
        subnets = [(vnet.at("name").text(), subnet) for vnet in vnets for subnet in field(vnet, "subnets").items()]
        return Exposure(
            inspected=len(nsgs) + len(databases),
            open_rules=tuple(rule for nsg in nsgs for rule in open_rules(nsg)),
            forbidden=tuple(
                f"database {one.at('name').text()} is public"
                for one in databases
                if field(one, "network").at("publicNetworkAccess").text("Enabled") != "Disabled"
            ),
            defaults_inspected=len(subnets),
            unprotected=tuple(unprotected_subnets(subnets)),
        )

    def close(self) -> None:
        """Do nothing: no connection stays open."""

    def _ours(self, query: Query) -> list[Node]:
        """Return the elements, each of which names our subscription in its own id."""
        entries = self._documents.read(query).items()
        for one in entries:
            identity = one.at("id").text()
            if not identity.lower().startswith(f"/subscriptions/{self._subscription}/"):
                raise NotVerifiedError(f"{query.file}: {identity} is not of this subscription; export it alone")
        return entries


def _same(left: str, right: str) -> bool:
    return left.lower() == right.lower()


def _resource_group(identity: str) -> str:
    parts = identity.split("/")
    return parts[4] if len(parts) > 4 else ""  # noqa: PLR2004 - /subscriptions/ID/resourceGroups/NAME/…


def _bounds(profile: Node) -> tuple[int, int]:
    capacity = profile.at("capacity")
    return int(number(capacity.at("minimum"))), int(number(capacity.at("maximum")))


def _metrics(profile: Node) -> Iterator[str]:
    for rule in profile.at("rules").items() if "rules" in profile else ():
        if rule.at("scaleAction").at("direction").text() == "Increase":
            yield rule.at("metricTrigger").at("metricName").text()


def _obstacles(settings: list[Node]) -> Iterator[str]:
    if not settings:
        yield "no autoscale setting"
    for one in settings:
        if field(one, "enabled").value is not True:
            yield f"autoscale setting {one.at('name').text()} is disabled"


def _tagged(one: Node, tiers: tuple[TierQuery, ...]) -> tuple[str, ...]:
    tags = {key: value.text("") for key, value in one.at("tags").members().items()} if "tags" in one else {}
    return tuple(tier.name for tier in tiers if tier.by == "instances" and tags.get(tier.label[0]) == tier.label[1])


def _machine(one: Node, tiers: tuple[str, ...]) -> Placement:
    region = one.at("location").text()
    zones = [zone.text() for zone in one.at("zones").items()] if "zones" in one else []
    zone = f"{region}-{zones[0]}" if zones else "no zone"
    ready = field(one, "provisioningState").text() == "Succeeded"
    return Placement(resource=one.at("name").text(), region=region, zone=zone, tiers=tiers if ready else ())


def _database(one: Node, tiers: tuple[TierQuery, ...]) -> Iterator[Placement]:
    name, region = one.at("name").text(), one.at("location").text().lower().replace(" ", "")
    ours = tuple(tier.name for tier in tiers if tier.by == "database" and tier.value == name)
    yield Placement(
        resource=name, region=region, zone=f"{region}-{field(one, 'availabilityZone').text('unknown')}", tiers=ours
    )
    standby = field(one, "highAvailability")
    if standby.at("mode").text("Disabled") != "Disabled":
        healthy = standby.at("state").text("") == "Healthy"
        yield Placement(
            resource=f"{name} (standby)",
            region=region,
            zone=f"{region}-{standby.at('standbyAvailabilityZone').text('unknown')}",
            tiers=ours,
            weakness="" if healthy else f"the standby is {standby.at('state').text('in an unknown state')}",
        )


def _budget(one: Node) -> Budget:
    notifications = field(one, "notifications")
    entries = notifications.members().values() if notifications.value is not None else ()
    return Budget(name=one.at("name").text(), alerts=tuple(_alert(entry) for entry in entries))


def _alert(one: Node) -> CostAlert:
    receivers = {f"e-mail at {mail.text().rpartition('@')[2]}" for mail in _list(one, "contactEmails")}
    receivers |= {f"action group {group.text().rpartition('/')[2]}" for group in _list(one, "contactGroups")}
    receivers |= {f"role {role.text()}" for role in _list(one, "contactRoles")}
    on = one.at("enabled").flag()
    named = tuple(sorted(receivers))
    return CostAlert(percent=number(one.at("threshold")), receivers=named if on else (), dead=() if on else named)


def _anomaly(one: Node) -> CostAlert:
    people = _list(field(one, "notification"), "to")
    receivers = tuple(sorted({f"e-mail at {who.text().rpartition('@')[2]}" for who in people}))
    on = field(one, "status").text("") == "Enabled"
    return CostAlert(percent=0, receivers=receivers if on else (), dead=() if on else receivers)


def _list(node: Node, key: str) -> list[Node]:
    return node.at(key).items() if key in node else []
