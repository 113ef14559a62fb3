"""Where Amazon runs it: machines, databases and caches by zone, and regions that should hold nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.probes.cloud.model import Placement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from signoff.probes.aws.session import AwsSession
    from signoff.probes.cloud.model import TierQuery

_GROUP_TAG = "aws:autoscaling:groupName"
_THERE = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]


def read_placements(aws: AwsSession, tiers: Iterable[TierQuery]) -> tuple[Placement, ...]:
    """Return everything that runs in the inventory's regions; errors as of `AwsSession.ask`."""
    wanted = tuple(tiers)
    return tuple(one for region in aws.regions for one in _region(aws, region, wanted))


def read_elsewhere(aws: AwsSession) -> tuple[Placement, ...]:
    """Return machines and databases of all other enabled regions; errors as of `AwsSession.ask`."""
    enabled = {one["RegionName"] for one in aws.ask("ec2", "describe_regions", region=aws.regions[0])["Regions"]}
    found: list[Placement] = []
    for region in sorted(enabled - set(aws.regions)):
        with aws.elsewhere(region) as other:
            found += _instances(other, region, ())
            found += _databases(other, region, ())
    return tuple(found)


def _region(aws: AwsSession, region: str, tiers: tuple[TierQuery, ...]) -> Iterator[Placement]:
    yield from _instances(aws, region, tiers)
    yield from _databases(aws, region, tiers)
    if any(tier.by == "cache" for tier in tiers):
        yield from _caches(aws, region, tiers)


def _instances(aws: AwsSession, region: str, tiers: tuple[TierQuery, ...]) -> Iterator[Placement]:
    reservations = aws.items("ec2", "describe_instances", "Reservations", region=region, Filters=_THERE)
    for one in (instance for reservation in reservations for instance in reservation["Instances"]):
        tags = {tag["Key"]: tag["Value"] for tag in one.get("Tags") or ()}
        running = one["State"]["Name"] == "running"
        yield Placement(
            resource=one["InstanceId"],
            region=region,
            zone=one["Placement"]["AvailabilityZone"],
            # What does not run carries nothing, though it is there.
            tiers=tuple(tier.name for tier in tiers if running and _belongs(tags, tier)),
        )


def _belongs(tags: Mapping[str, str], tier: TierQuery) -> bool:
    if tier.by == "group":
        return tags.get(_GROUP_TAG) == tier.value
    key, value = tier.label
    return tier.by == "instances" and tags.get(key) == value


def _databases(aws: AwsSession, region: str, tiers: tuple[TierQuery, ...]) -> Iterator[Placement]:
    for one in aws.items("rds", "describe_db_instances", "DBInstances", region=region):
        names = {one["DBInstanceIdentifier"], one.get("DBClusterIdentifier")}
        ours = tuple(tier.name for tier in tiers if tier.by == "database" and tier.value in names)
        for zone in _database_zones(one):
            yield Placement(resource=one["DBInstanceIdentifier"], region=region, zone=zone, tiers=ours)


def _database_zones(one: Mapping[str, Any]) -> list[str]:
    first = one.get("AvailabilityZone") or "unknown zone"
    if not one.get("MultiAZ"):
        return [first]
    # Amazon promises another zone; it names it only once the standby stands.
    return [first, one.get("SecondaryAvailabilityZone") or "zone of the standby"]


def _caches(aws: AwsSession, region: str, tiers: tuple[TierQuery, ...]) -> Iterator[Placement]:
    for one in aws.items("elasticache", "describe_replication_groups", "ReplicationGroups", region=region):
        name = one["ReplicationGroupId"]
        ours = tuple(tier.name for tier in tiers if tier.by == "cache" and tier.value == name)
        weakness = "" if one.get("AutomaticFailover") == "enabled" else "automatic failover is off"
        for member in (node for group in one.get("NodeGroups") or () for node in group.get("NodeGroupMembers") or ()):
            yield Placement(
                resource=member.get("CacheClusterId") or name,
                region=region,
                zone=member.get("PreferredAvailabilityZone") or "unknown zone",
                tiers=ours,
                weakness=weakness,
            )
