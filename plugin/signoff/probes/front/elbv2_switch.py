"""Amazon's switch between two target groups: the weights of the rules of the listeners that forward to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.front.switch import Switch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from signoff.probes.aws.session import AwsSession


def read_switch(session: AwsSession, region: str, balancer: str, pools: Sequence[str]) -> Switch:
    """Return the shares of the target groups of these names, over all rules that forward to one of them.

    Args:
        session: An open account.
        region: Where the load balancer is.
        balancer: Its name.
        pools: Names of the two target groups.

    Raises:
        NotVerifiedError: no such load balancer, or none of its rules forwards to one of them.
        AuthenticationError, UnreachableError, TimedOutError, CouldNotCheckError: as the session says.
    """
    named = {
        one["TargetGroupArn"]: one["TargetGroupName"]
        for one in session.items("elbv2", "describe_target_groups", "TargetGroups", region=region)
    }
    rules = list(_rules(session, region, balancer))
    weights: dict[str, float] = {}
    where = []
    for listener, rule in rules:
        parts = _weights(rule, named)
        total = sum(parts.values())
        if not total or not parts.keys() & set(pools):
            continue
        where.append(f"{listener} rule {rule.get('Priority', 'default')}")
        for name, weight in parts.items():
            weights[name] = weights.get(name, 0.0) + weight / total
    if not where:
        raise NotVerifiedError(f"{region}: no rule of {balancer} forwards to {' or '.join(pools)}; correct their names")
    return Switch(
        where=f"{balancer}: {', '.join(where)}",
        shares={name: part / len(where) for name, part in weights.items()},
        known=frozenset(named.values()),
    )


def _rules(session: AwsSession, region: str, balancer: str) -> Iterator[tuple[str, dict[str, Any]]]:
    found = session.items("elbv2", "describe_load_balancers", "LoadBalancers", region=region)
    arn = next((one["LoadBalancerArn"] for one in found if one["LoadBalancerName"] == balancer), None)
    if arn is None:
        raise NotVerifiedError(f"{region}: no load balancer {balancer}; correct its name or region")
    for listener in session.items("elbv2", "describe_listeners", "Listeners", region=region, LoadBalancerArn=arn):
        shown = f"{listener['Protocol']}:{listener['Port']}"
        asked = {"ListenerArn": listener["ListenerArn"]}
        for rule in session.items("elbv2", "describe_rules", "Rules", region=region, **asked):
            yield shown, rule


def _weights(rule: dict[str, Any], named: dict[str, str]) -> dict[str, float]:
    for action in rule.get("Actions", ()):
        if action.get("Type") != "forward":
            continue
        groups = action.get("ForwardConfig", {}).get("TargetGroups") or [
            {"TargetGroupArn": action.get("TargetGroupArn", ""), "Weight": 1}
        ]
        return {named.get(one["TargetGroupArn"], one["TargetGroupArn"]): float(one.get("Weight", 1)) for one in groups}
    return {}
