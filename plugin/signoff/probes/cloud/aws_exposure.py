"""What Amazon lets strangers reach: security groups, network ACLs and databases of every region of the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.probes.cloud.model import ALL_PORTS, Exposure, OpenRule
from signoff.probes.cloud.world import is_world

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from signoff.probes.aws.session import AwsSession

_PROTOCOLS: Mapping[str, str] = {"-1": "all", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmp", "icmpv6": "icmp"}
_WITH_PORTS = frozenset({"tcp", "udp"})


def read_exposure(aws: AwsSession, *, closed_ports: Iterable[int]) -> Exposure:
    """Return what is open; `closed_ports` are those that no network ACL may open to the world."""
    parts = [_region(aws, region, tuple(closed_ports)) for region in aws.regions]
    return Exposure(
        inspected=sum(one.inspected for one in parts),
        open_rules=tuple(rule for one in parts for rule in one.open_rules),
        forbidden=tuple(text for one in parts for text in one.forbidden),
        defaults_inspected=sum(one.defaults_inspected for one in parts),
        default_rules=tuple(text for one in parts for text in one.default_rules),
    )


def _region(aws: AwsSession, region: str, closed_ports: tuple[int, ...]) -> Exposure:
    groups = aws.items("ec2", "describe_security_groups", "SecurityGroups", region=region)
    lists = aws.items("ec2", "describe_network_acls", "NetworkAcls", region=region)
    databases = aws.items("rds", "describe_db_instances", "DBInstances", region=region)
    default = [group for group in groups if group["GroupName"] == "default"]
    public = [f"database {one['DBInstanceIdentifier']} is public" for one in databases if one["PubliclyAccessible"]]
    return Exposure(
        inspected=len(groups) + len(lists) + len(databases),
        open_rules=tuple(rule for group in groups for rule in _open_rules(aws, region, group)),
        forbidden=(*public, *(text for one in lists for text in _opened_by(one, closed_ports))),
        defaults_inspected=len(default),
        default_rules=tuple(
            f"default group {group['GroupId']} lets {direction}"
            for group in default
            for key, direction in (("IpPermissions", "in"), ("IpPermissionsEgress", "out"))
            if group.get(key)
        ),
    )


def _open_rules(aws: AwsSession, region: str, group: Mapping[str, Any]) -> Iterator[OpenRule]:
    for permission in group.get("IpPermissions") or ():
        protocol = _protocol(permission["IpProtocol"])
        first, last = _ports(protocol, permission.get("FromPort"), permission.get("ToPort"))
        for source in _sources(aws, region, permission):
            if is_world(source):
                yield OpenRule(rule=group["GroupName"], protocol=protocol, first=first, last=last, source=source)


def _protocol(text: str) -> str:
    return _PROTOCOLS.get(text, text)


def _ports(protocol: str, first: int | None, last: int | None) -> tuple[int, int]:
    if protocol not in _WITH_PORTS or first is None or last is None or first < 0:
        return ALL_PORTS
    return first, last


def _sources(aws: AwsSession, region: str, permission: Mapping[str, Any]) -> Iterator[str]:
    yield from (one["CidrIp"] for one in permission.get("IpRanges") or ())
    yield from (one["CidrIpv6"] for one in permission.get("Ipv6Ranges") or ())
    for one in permission.get("PrefixListIds") or ():
        entries = aws.items(
            "ec2",
            "get_managed_prefix_list_entries",
            "Entries",
            region=region,
            PrefixListId=one["PrefixListId"],
        )
        yield from (entry["Cidr"] for entry in entries)


def _opened_by(acl: Mapping[str, Any], closed_ports: tuple[int, ...]) -> list[str]:
    """Return which of the ports the list opens to the world; its rules are asked in their order, the first one wins."""
    entries = sorted((one for one in acl["Entries"] if not one["Egress"]), key=lambda one: int(one["RuleNumber"]))
    families = [[one for one in entries if one.get(key)] for key in ("CidrBlock", "Ipv6CidrBlock")]
    return [
        f"network ACL {acl['NetworkAclId']} opens port {port} to the world"
        for port in closed_ports
        if any(_lets_in(family, port) for family in families)
    ]


def _lets_in(entries: Iterable[Mapping[str, Any]], port: int) -> bool:
    for one in entries:
        protocol, source = _protocol(one["Protocol"]), one.get("CidrBlock") or one["Ipv6CidrBlock"]
        ports = one.get("PortRange") or {"From": ALL_PORTS[0], "To": ALL_PORTS[1]}
        if protocol != "all" and not (protocol == "tcp" and ports["From"] <= port <= ports["To"]):
            continue
        if one["RuleAction"] == "allow" and is_world(source):
            return True
        # A refusal of less than everything leaves the rest to the rules behind it.
        if one["RuleAction"] == "deny" and source.endswith("/0"):
            return False
    return False
