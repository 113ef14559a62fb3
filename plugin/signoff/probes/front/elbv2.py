"""Amazon's load balancers: the targets of named target groups, and the listeners before them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.front.balancer import Backend, BalancerFacts, ServerState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.probes.aws.session import AwsSession

_STATES = {"healthy": "UP", "draining": "DRAIN", "unused": "MAINT", "initial": "DOWN", "unhealthy": "DOWN"}
_ASKING = frozenset({"HTTP", "HTTPS"})


def read_elbv2(session: AwsSession, region: str, pools: Sequence[str]) -> BalancerFacts:
    """Return the facts of the target groups of these names, and of all load balancers that forward to them.

    Raises:
        NotVerifiedError: no such target group, or none of them stands behind a load balancer.
        AuthenticationError, UnreachableError, TimedOutError, CouldNotCheckError: as the session says.
    """
    groups = session.items("elbv2", "describe_target_groups", "TargetGroups", region=region)
    found = {group["TargetGroupName"]: group for group in groups if group["TargetGroupName"] in pools}
    zones = _zones(session, region)
    backends = {name: _backend(session, region, group, zones) for name, group in found.items()}
    balancers = {arn for group in found.values() for arn in group.get("LoadBalancerArns", ())}
    if not balancers:
        raise NotVerifiedError(f"{region}: no load balancer forwards to {', '.join(pools)}; name their target groups")
    frontends: dict[str, str] = {}
    logged = []
    for balancer in session.items("elbv2", "describe_load_balancers", "LoadBalancers", region=region):
        arn = balancer["LoadBalancerArn"]
        if arn not in balancers:
            continue
        state = "OPEN" if balancer["State"]["Code"] == "active" else balancer["State"]["Code"]
        for listener in session.items("elbv2", "describe_listeners", "Listeners", region=region, LoadBalancerArn=arn):
            frontends[f"{balancer['LoadBalancerName']} {listener['Protocol']}:{listener['Port']}"] = state
        answer = session.ask("elbv2", "describe_load_balancer_attributes", region=region, LoadBalancerArn=arn)
        attributes = {one["Key"]: one["Value"] for one in answer["Attributes"]}
        logged.append(attributes.get("access_logs.s3.enabled") == "true")
    return BalancerFacts(backends=backends, frontends=frontends, access_log=all(logged))


def _zones(session: AwsSession, region: str) -> dict[str, str]:
    reservations = session.items("ec2", "describe_instances", "Reservations", region=region)
    machines = [machine for one in reservations for machine in one["Instances"]]
    places = {machine["InstanceId"]: machine["Placement"]["AvailabilityZone"] for machine in machines}
    addresses = {machine.get("PrivateIpAddress", ""): places[machine["InstanceId"]] for machine in machines}
    return {**addresses, **places}


def _backend(session: AwsSession, region: str, group: dict[str, Any], zones: dict[str, str]) -> Backend:
    answer = session.ask("elbv2", "describe_target_health", region=region, TargetGroupArn=group["TargetGroupArn"])
    layer = ("L7" if group.get("HealthCheckProtocol") in _ASKING else "L4") if group.get("HealthCheckEnabled") else ""
    return Backend(
        name=group["TargetGroupName"],
        status="",
        servers=tuple(_server(one, layer, zones) for one in answer["TargetHealthDescriptions"]),
    )


def _server(description: dict[str, Any], layer: str, zones: dict[str, str]) -> ServerState:
    target, state = description["Target"], description["TargetHealth"]["State"]
    named = target.get("AvailabilityZone", "")
    return ServerState(
        name=target["Id"],
        status=_STATES.get(state, state),
        weight=1,
        check=f"{layer}{'OK' if state == 'healthy' else 'STS'}" if layer else "",
        stable_seconds=0,
        zone=named if named not in {"", "all"} else zones.get(target["Id"], ""),
    )
