"""Kubernetes: the pods behind services, from EndpointSlices, and how their kubelets check them.

Field names: https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoint-slice-v1/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.probes.cloud.documents import Query
from signoff.probes.cloud.kubernetes import PODS
from signoff.probes.front.balancer import Backend, BalancerFacts, ServerState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from signoff.importers._json import Node
    from signoff.probes.cloud.documents import Documents

SLICES = Query(file="endpointslices.json", arguments=("get", "endpointslices.v1.discovery.k8s.io", "--all-namespaces"))
_SERVICE = "kubernetes.io/service-name"
_LAYERS = {"httpGet": "L7", "exec": "L7", "grpc": "L7", "tcpSocket": "L4"}


def read_endpoint_slices(documents: Documents, pools: Sequence[str]) -> BalancerFacts:
    """Return the facts of services named `namespace/name`: an endpoint is up if it is ready and not on its way out.

    Raises:
        NotVerifiedError: none of the services has endpoints, or the answers cannot be had.
    """
    layers = {_full_name(pod): layer_of(pod) for pod in documents.read(PODS).at("items").items()}
    servers: dict[str, list[ServerState]] = {}
    for one in documents.read(SLICES).at("items").items():
        metadata = one.at("metadata")
        labels = metadata.at("labels").members() if "labels" in metadata else {}
        namespace = metadata.at("namespace").text()
        pool = f"{namespace}/{labels[_SERVICE].text()}" if _SERVICE in labels else ""
        if pool in pools:
            found = (_server(endpoint, namespace, layers) for endpoint in one.some("endpoints"))
            servers.setdefault(pool, []).extend(found)
    if not servers:
        raise NotVerifiedError(f"no EndpointSlice of {', '.join(pools)}; write pools as namespace/service")
    return BalancerFacts(
        backends={name: Backend(name=name, status="", servers=tuple(found)) for name, found in servers.items()}
    )


def _server(endpoint: Node, namespace: str, layers: Mapping[str, str]) -> ServerState:
    name = endpoint.at("addresses").items()[0].text()
    if "targetRef" in endpoint:
        name = endpoint.at("targetRef").at("name").text()
    layer = layers.get(f"{namespace}/{name}", "")
    ready = _condition(endpoint, "ready", default=True) and not _condition(endpoint, "terminating", default=False)
    return ServerState(
        name=name,
        status="UP" if ready else "DOWN",
        weight=1,
        check=f"{layer}{'OK' if ready else 'STS'}" if layer else "",
        stable_seconds=0,
        zone=endpoint.at("zone").text() if "zone" in endpoint else "",
    )


def _condition(endpoint: Node, name: str, *, default: bool) -> bool:
    # The API's own rule: a condition that is not there counts as ready, and as not terminating.
    conditions = endpoint.at("conditions") if "conditions" in endpoint else None
    return conditions.at(name).flag() if conditions and name in conditions else default


def _full_name(pod: Node) -> str:
    metadata = pod.at("metadata")
    return f"{metadata.at('namespace').text()}/{metadata.at('name').text()}"


def layer_of(pod: Node) -> str:
    """Return the weakest layer of the readiness checks of the pod's containers; empty: nothing checks it."""
    kinds = []
    for container in pod.at("spec").at("containers").items():
        if "readinessProbe" in container:
            probe = container.at("readinessProbe")
            kinds.append(next((layer for kind, layer in _LAYERS.items() if kind in probe), ""))
    return min(kinds, default="")
