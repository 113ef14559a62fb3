"""Kubernetes' switch between two Deployments: a Service whose selector picks the pods of one of them.

Field names: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/ and
.../service-resources/service-v1/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.probes.cloud.documents import Query
from signoff.probes.cloud.kubernetes import SERVICES
from signoff.probes.front.balancer import Backend, BalancerFacts, ServerState
from signoff.probes.front.endpoint_slices import layer_of
from signoff.probes.front.switch import Switch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.importers._json import Node
    from signoff.probes.cloud.documents import Documents

DEPLOYMENTS = Query(file="deployments.json", arguments=("get", "deployments.v1.apps", "--all-namespaces"))


def read_deployments(documents: Documents, names: Sequence[str]) -> BalancerFacts:
    """Return the pods of the Deployments (`namespace/name`) as servers; a pod not ready, or not the newest, is down.

    Raises:
        NotVerifiedError: none of them exists, or the answers cannot be had.
    """
    found = {name: node for node in documents.read(DEPLOYMENTS).at("items").items() if (name := _name(node)) in names}
    if not found:
        raise NotVerifiedError(f"no Deployment {', '.join(names)}; write them as namespace/name")
    return BalancerFacts(backends={name: _backend(name, node) for name, node in found.items()})


def read_switch(documents: Documents, service: str) -> Switch:
    """Return which of the Deployments' pods the Service (`namespace/name`) picks.

    Raises:
        NotVerifiedError: there is no such Service, it has no selector, or the answers cannot be had.
    """
    mine = next((node for node in documents.read(SERVICES).at("items").items() if _name(node) == service), None)
    if mine is None or "selector" not in mine.at("spec"):
        raise NotVerifiedError(f"no Service {service} with a selector; write it as namespace/name")
    selector = {key: value.text() for key, value in mine.at("spec").at("selector").members().items()}
    namespace = service.partition("/")[0]
    pods: dict[str, int] = {}
    known = set()
    for node in documents.read(DEPLOYMENTS).at("items").items():
        name = _name(node)
        known.add(name)
        labels = {key: value.text() for key, value in _labels(node).items()}
        if name.partition("/")[0] == namespace and selector.items() <= labels.items():
            pods[name] = _count(node.at("spec"), "replicas", 1)
    total = sum(pods.values())
    shown = ", ".join(f"{key}={value}" for key, value in sorted(selector.items()))
    return Switch(
        where=f"selector of service {service} ({shown})",
        shares={name: count / total for name, count in pods.items()} if total else {},
        known=frozenset(known),
    )


def _name(node: Node) -> str:
    metadata = node.at("metadata")
    return f"{metadata.at('namespace').text()}/{metadata.at('name').text()}"


def _labels(deployment: Node) -> dict[str, Node]:
    metadata = deployment.at("spec").at("template").at("metadata")
    return metadata.at("labels").members() if "labels" in metadata else {}


def _backend(name: str, node: Node) -> Backend:
    status = node.at("status") if "status" in node else node.empty()
    wanted = _count(node.at("spec"), "replicas", 1)
    # Numbers of an older generation speak of pods that are being replaced.
    current = _count(status, "observedGeneration", 0) >= _count(node.at("metadata"), "generation", 0)
    ready = min(_count(status, "readyReplicas", 0), _count(status, "updatedReplicas", 0)) if current else 0
    layer = layer_of(node.at("spec").at("template"))
    return Backend(
        name=name,
        status="",
        servers=tuple(_server(f"{name}#{number}", layer, ready=number <= ready) for number in range(1, wanted + 1)),
    )


def _server(name: str, layer: str, *, ready: bool) -> ServerState:
    check = f"{layer}{'OK' if ready else 'STS'}" if layer else ""
    return ServerState(name=name, status="UP" if ready else "DOWN", weight=1, check=check, stable_seconds=0)


def _count(node: Node, key: str, default: int) -> int:
    return node.at(key).count() if key in node else default
