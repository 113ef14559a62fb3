"""What a cluster's services and network policies open, and which namespaces no policy closes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.probes.cloud.model import ALL_PORTS, OpenRule
from signoff.probes.cloud.world import is_world

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from signoff.importers._json import Node

_OUTSIDE = frozenset({"LoadBalancer", "NodePort"})
_INTERNAL = (
    "networking.gke.io/load-balancer-type",
    "service.beta.kubernetes.io/aws-load-balancer-internal",
    "service.beta.kubernetes.io/aws-load-balancer-scheme",
    "service.beta.kubernetes.io/azure-load-balancer-internal",
)
_INTERNAL_VALUES = frozenset({"internal", "true", "0.0.0.0/0"})
"""Under these annotations the load balancer has an address of the private network only."""
_EVERYWHERE = "everywhere"


def open_services(services: Iterable[Node]) -> Iterator[OpenRule]:
    """Yield the ports of services that are reached from outside without a list of sources."""
    for one in services:
        spec = one.at("spec")
        if spec.at("type").text("ClusterIP") not in _OUTSIDE or _is_internal(one):
            continue
        for source in _let_in(spec):
            for port in spec.at("ports").items():
                # Without a load balancer in front, it is the nodes' own port that is reached.
                by_node = spec.at("type").text() == "NodePort" and "nodePort" in port
                number = port.at("nodePort" if by_node else "port").count()
                protocol = port.at("protocol").text("TCP").lower()
                yield OpenRule(rule=_name(one), protocol=protocol, first=number, last=number, source=source)


def _let_in(spec: Node) -> list[str]:
    key = "loadBalancerSourceRanges"
    ranges = [source.text() for source in spec.at(key).items()] if key in spec else []
    return [text for text in ranges if is_world(text)] if ranges else ["0.0.0.0/0"]


def open_policies(policies: Iterable[Node]) -> Iterator[OpenRule]:
    """Yield what policies let in from outside of the cluster."""
    for policy in policies:
        spec = policy.at("spec")
        for rule in spec.at("ingress").items() if "ingress" in spec else ():
            for source in _sources(rule):
                for protocol, first, last in _ports(rule):
                    yield OpenRule(rule=_name(policy), protocol=protocol, first=first, last=last, source=source)


def without_rules(namespaces: Iterable[str], policies: Iterable[Node]) -> Iterator[str]:
    """Yield the namespaces without a policy for all of their pods: what no policy names is let in there."""
    closed = {one.at("metadata").at("namespace").text() for one in policies if _selects_all(one)}
    yield from sorted(set(namespaces) - closed)


def _name(one: Node) -> str:
    return f"{one.at('metadata').at('namespace').text()}/{one.at('metadata').at('name').text()}"


def _is_internal(service: Node) -> bool:
    annotations = service.at("metadata").at("annotations")
    return any(annotations.at(key).text("").lower() in _INTERNAL_VALUES for key in _INTERNAL)


def _sources(rule: Node) -> Iterator[str]:
    peers = rule.at("from").items() if "from" in rule else []
    if not peers:
        yield _EVERYWHERE
    for peer in peers:
        if "ipBlock" in peer and is_world(peer.at("ipBlock").at("cidr").text()):
            yield peer.at("ipBlock").at("cidr").text()


def _ports(rule: Node) -> Iterator[tuple[str, int, int]]:
    ports = rule.at("ports").items() if "ports" in rule else []
    if not ports:
        yield "all", *ALL_PORTS
    for one in ports:
        protocol, port = one.at("protocol").text("TCP").lower(), one.at("port").value
        if isinstance(port, int):
            yield protocol, port, one.at("endPort").count() if "endPort" in one else port
        else:
            # A port by name is another one in every pod.
            yield protocol, *ALL_PORTS


def _selects_all(policy: Node) -> bool:
    spec = policy.at("spec")
    kinds = [one.text() for one in spec.at("policyTypes").items()] if "policyTypes" in spec else ["Ingress"]
    selector = spec.at("podSelector").value or {}
    return "Ingress" in kinds and not any(selector.values())
