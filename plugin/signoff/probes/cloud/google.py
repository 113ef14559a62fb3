"""One Google Cloud project, from the JSON of gcloud.

Field names: https://cloud.google.com/compute/docs/reference/rest/v1/instanceGroupManagers (with the group's
https://cloud.google.com/compute/docs/reference/rest/v1/autoscalers under `autoscaler`, as gcloud adds it),
.../instanceGroupManagers/listErrors, .../regions, .../firewalls,
https://cloud.google.com/sql/docs/postgres/admin-api/rest/v1/instances and
https://cloud.google.com/billing/docs/reference/budget/rest/v1/billingAccounts.budgets
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.probes.cloud.documents import Query
from signoff.probes.cloud.model import Budget, CostAlert, CostFacts, Exposure, Group, OpenRule, Placement, Quota
from signoff.probes.cloud.world import is_world, port_range

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from signoff.importers._json import Node
    from signoff.probes.cloud.documents import Documents
    from signoff.probes.cloud.model import QuotaQuery, TierQuery

PROJECT = Query(file="project.json", arguments=("compute", "project-info", "describe"))
GROUPS = Query(file="groups.json", arguments=("compute", "instance-groups", "managed", "list"))
INSTANCES = Query(file="instances.json", arguments=("compute", "instances", "list"))
DATABASES = Query(file="databases.json", arguments=("sql", "instances", "list"))
FIREWALL = Query(file="firewall.json", arguments=("compute", "firewall-rules", "list"))
NETWORKS = Query(file="networks.json", arguments=("compute", "networks", "list"))
_GLOBAL = "global"
_DEFAULT_NETWORK = "default"


def errors_of(group: str, scope: str, where: str) -> Query:
    """Return the question for a group's errors; `scope` is `region` or `zone`."""
    words = ("compute", "instance-groups", "managed", "list-errors", group, f"--{scope}", where)
    return Query(file=f"errors-{group}.json", arguments=words)


def region_of(name: str) -> Query:
    """Return the question for a region and its quotas."""
    return Query(file=f"region-{name}.json", arguments=("compute", "regions", "describe", name))


def caches_of(region: str) -> Query:
    """Return the question for the managed Redis instances of a region."""
    return Query(file=f"caches-{region}.json", arguments=("redis", "instances", "list", "--region", region))


def budgets_of(billing_account: str) -> Query:
    """Return the question for the budgets of a billing account."""
    words = ("billing", "budgets", "list", "--billing-account", billing_account)
    return Query(file="budgets.json", arguments=words)


class GoogleCloud:
    """See `signoff.probes.cloud.model.Cloud`."""

    def __init__(
        self, documents: Documents, *, project: str, regions: tuple[str, ...], billing_account: str = ""
    ) -> None:
        """Prove that the answers are about the project.

        Raises:
            NotVerifiedError: they are about another one.
        """
        self._documents, self._project, self._regions = documents, project, regions
        self._billing_account = billing_account
        found = documents.read(PROJECT).at("name").text()
        if found != project:
            raise NotVerifiedError(f"{PROJECT.file}: about project {found}, not {project}; export the right project")

    def groups(self, names: Iterable[str], *, since: datetime) -> tuple[Group, ...]:
        """Return the named managed instance groups."""
        wanted = set(names)
        entries = [one for one in self._of_project(GROUPS) if one.at("name").text() in wanted]
        return tuple(self._group(one, since) for one in entries)

    def _group(self, entry: Node, since: datetime) -> Group:
        name, scope = entry.at("name").text(), "region" if "region" in entry else "zone"
        where = _last(entry.at(scope))
        failures = self._documents.read(errors_of(name, scope, where)).items()
        scaler, desired = entry.at("autoscaler"), entry.at("targetSize").count()
        policy = scaler.at("autoscalingPolicy")
        on = "autoscaler" in entry
        actions = entry.at("currentActions")
        return Group(
            name=name,
            region=where if scope == "region" else _region(where),
            minimum=policy.at("minNumReplicas").count() if on else desired,
            maximum=policy.at("maxNumReplicas").count() if on else desired,
            desired=desired,
            healthy=actions.at("none").count() if "none" in actions else 0,
            metrics=tuple(_metrics(policy)) if on else (),
            obstacles=tuple(_obstacles(scaler)) if on else ("no autoscaler",),
            failures=tuple(
                f"{at:%Y-%m-%d %H:%M} UTC: {one.at('error').at('message').text()}"
                for one in failures
                if (at := one.at("timestamp").instant()) >= since
            ),
        )

    def placements(self, tiers: Iterable[TierQuery]) -> tuple[Placement, ...]:
        """Return machines, databases and caches."""
        wanted = tuple(tiers)
        found = [_machine(one, wanted) for one in self._of_project(INSTANCES)]
        found += [place for one in self._of_project(DATABASES) for place in _database(one, wanted)]
        if any(tier.by == "cache" for tier in wanted):
            for region in self._regions:
                found += [
                    place for one in self._documents.read(caches_of(region)).items() for place in _cache(one, wanted)
                ]
        return tuple(found)

    def elsewhere(self) -> tuple[Placement, ...]:
        """Return nothing: `placements` sees every region."""
        return ()

    def quotas(self, wanted: Iterable[QuotaQuery]) -> tuple[Quota, ...]:
        """Return quotas of regions, or of the project (`global`)."""
        return tuple(
            Quota(
                service=query.service,
                code=query.code,
                name=query.code,
                region=region,
                limit=one.at("limit").seconds(),
                used=one.at("usage").seconds(),
            )
            for query in wanted
            for region in ((query.region,) if query.region else self._regions)
            for one in self._documents.read(PROJECT if region == _GLOBAL else region_of(region)).at("quotas").items()
            if one.at("metric").text() == query.code
        )

    def costs(self) -> CostFacts:
        """Return the budgets of the billing account; Google offers no way to ask about its anomaly detection."""
        if not self._billing_account:
            raise NotVerifiedError("no billing account; write billing_account for this cloud in services.yaml")
        return CostFacts(
            budgets=tuple(_budget(one) for one in self._documents.read(budgets_of(self._billing_account)).items())
        )

    def exposure(self) -> Exposure:
        """Return firewall rules that let the world in, public databases, and rules of the default network."""
        rules, databases = self._of_project(FIREWALL), self._of_project(DATABASES)
        inbound = [one for one in rules if _lets_in(one)]
        return Exposure(
            inspected=len(rules) + len(databases),
            open_rules=tuple(opened for one in inbound for opened in _open_rules(one)),
            forbidden=tuple(text for one in databases for text in _public(one)),
            defaults_inspected=len(self._of_project(NETWORKS)),
            default_rules=tuple(
                f"rule {one.at('name').text()} of the default network"
                for one in inbound
                if _last(one.at("network")) == _DEFAULT_NETWORK
            ),
        )

    def close(self) -> None:
        """Do nothing: no connection stays open."""

    def _of_project(self, query: Query) -> list[Node]:
        """Return the elements, each of which names our project in its own link."""
        entries = self._documents.read(query).items()
        for one in entries:
            link = one.at("selfLink").text()
            if f"/projects/{self._project}/" not in link:
                raise NotVerifiedError(f"{query.file}: {link} is not of project {self._project}; export it alone")
        return entries


def _last(link: Node) -> str:
    return link.text().rpartition("/")[2]


def _region(zone: str) -> str:
    return zone.rpartition("-")[0]


def _metrics(policy: Node) -> Iterator[str]:
    if "cpuUtilization" in policy:
        yield "cpuUtilization"
    if "loadBalancingUtilization" in policy:
        yield "loadBalancingUtilization"
    if "customMetricUtilizations" in policy:
        yield from (one.at("metric").text() for one in policy.at("customMetricUtilizations").items())


def _obstacles(scaler: Node) -> Iterator[str]:
    mode = scaler.at("autoscalingPolicy").at("mode").text("ON")
    if mode not in {"ON", "ONLY_UP", "ONLY_SCALE_OUT"}:
        yield f"autoscaler is {mode}"
    status = scaler.at("status").text("")
    if status != "ACTIVE":
        yield f"status of the autoscaler is {status or 'unknown'}"
    for one in scaler.at("statusDetails").items() if "statusDetails" in scaler else ():
        yield one.at("message").text(one.at("type").text(""))


def _machine(one: Node, tiers: tuple[TierQuery, ...]) -> Placement:
    zone = _last(one.at("zone"))
    labels = {key: value.text("") for key, value in one.at("labels").members().items()} if "labels" in one else {}
    running = one.at("status").text() == "RUNNING"
    return Placement(
        resource=one.at("name").text(),
        region=_region(zone),
        zone=zone,
        tiers=tuple(tier.name for tier in tiers if running and (_created_by(one, tier) or _labelled(labels, tier))),
    )


def _created_by(one: Node, tier: TierQuery) -> bool:
    """Whether a managed group made the machine, which its metadata names."""
    metadata = one.at("metadata").at("items")
    found = metadata.items() if metadata.value is not None else []
    made = [item.at("value").text("") for item in found if item.at("key").text() == "created-by"]
    return tier.by == "group" and any(value.rpartition("/")[2] == tier.value for value in made)


def _labelled(labels: dict[str, str], tier: TierQuery) -> bool:
    key, value = tier.label
    return tier.by == "instances" and labels.get(key) == value


def _database(one: Node, tiers: tuple[TierQuery, ...]) -> Iterator[Placement]:
    name, region = one.at("name").text(), one.at("region").text()
    ours = tuple(tier.name for tier in tiers if tier.by == "database" and tier.value == name)
    yield Placement(resource=name, region=region, zone=one.at("gceZone").text("unknown zone"), tiers=ours)
    if one.at("settings").at("availabilityType").text("") == "REGIONAL":
        zone = one.at("secondaryGceZone").text("zone of the standby")
        yield Placement(resource=name, region=region, zone=zone, tiers=ours)


def _cache(one: Node, tiers: tuple[TierQuery, ...]) -> Iterator[Placement]:
    name = one.at("name").text().rpartition("/")[2]
    ours = tuple(tier.name for tier in tiers if tier.by == "cache" and tier.value == name)
    zones = {one.at("locationId").text("unknown zone")}
    if one.at("tier").text("") == "STANDARD_HA":
        zones.add(one.at("alternativeLocationId").text("zone of the replica"))
    for zone in sorted(zones):
        yield Placement(resource=name, region=_region(one.at("locationId").text("")), zone=zone, tiers=ours)


def _budget(one: Node) -> Budget:
    rule = one.at("notificationsRule")
    silent = rule.at("disableDefaultIamRecipients").value is True
    receivers = [] if silent else ["administrators of the billing account"]
    if "pubsubTopic" in rule:
        receivers.append(f"topic {_last(rule.at('pubsubTopic'))}")
    if "monitoringNotificationChannels" in rule:
        receivers += [f"channel {_last(channel)}" for channel in rule.at("monitoringNotificationChannels").items()]
    thresholds = one.at("thresholdRules").items() if "thresholdRules" in one else []
    return Budget(
        name=one.at("displayName").text(),
        alerts=tuple(
            CostAlert(percent=threshold.at("thresholdPercent").seconds() * 100, receivers=tuple(receivers))
            for threshold in thresholds
        ),
    )


def _lets_in(rule: Node) -> bool:
    inward = rule.at("direction").text("INGRESS") == "INGRESS"
    return inward and rule.at("disabled").value is not True and "allowed" in rule


def _open_rules(rule: Node) -> Iterator[OpenRule]:
    # Without ranges, tags or accounts as sources, Google takes the rule for everybody.
    narrow = "sourceTags" in rule or "sourceServiceAccounts" in rule
    ranges = [one.text() for one in rule.at("sourceRanges").items()] if "sourceRanges" in rule else []
    for source in ranges or ([] if narrow else ["0.0.0.0/0"]):
        if not is_world(source):
            continue
        for allowed in rule.at("allowed").items():
            protocol = allowed.at("IPProtocol").text()
            written = [one.text() for one in allowed.at("ports").items()] if "ports" in allowed else ["*"]
            for first, last in map(port_range, written):
                yield OpenRule(rule=rule.at("name").text(), protocol=protocol, first=first, last=last, source=source)


def _public(database: Node) -> Iterator[str]:
    network = database.at("settings").at("ipConfiguration")
    entries = network.at("authorizedNetworks").items() if "authorizedNetworks" in network else []
    for one in entries:
        if is_world(one.at("value").text()):
            yield f"database {database.at('name').text()} lets in {one.at('value').text()}"
