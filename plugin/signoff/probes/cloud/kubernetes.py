"""One Kubernetes cluster, from the JSON of kubectl: autoscalers, zones of nodes, quotas and network policies.

Field names: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/,
.../policy-resources/resource-quota-v1/, .../policy-resources/network-policy-v1/, .../service-resources/service-v1/
and the labels of https://kubernetes.io/docs/reference/labels-annotations-taints/#topologykubernetesiozone
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.probes.cloud.documents import Query
from signoff.probes.cloud.kubernetes_network import open_policies, open_services, without_rules
from signoff.probes.cloud.model import Exposure, Group, Placement, Quota
from signoff.probes.cloud.quantity import parse_quantity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from signoff.importers._json import Node
    from signoff.probes.cloud.documents import Documents
    from signoff.probes.cloud.model import CostFacts, QuotaQuery, TierQuery

_EVERYWHERE = "--all-namespaces"
NAMESPACES = Query(file="namespaces.json", arguments=("get", "namespaces"))
AUTOSCALERS = Query(file="autoscalers.json", arguments=("get", "horizontalpodautoscalers.v2.autoscaling", _EVERYWHERE))
NODES = Query(file="nodes.json", arguments=("get", "nodes"))
PODS = Query(file="pods.json", arguments=("get", "pods", _EVERYWHERE))
QUOTAS = Query(file="quotas.json", arguments=("get", "resourcequotas", _EVERYWHERE))
POLICIES = Query(file="policies.json", arguments=("get", "networkpolicies", _EVERYWHERE))
SERVICES = Query(file="services.json", arguments=("get", "services", _EVERYWHERE))
_ZONE, _REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"
_SYSTEM = frozenset({"kube-system", "kube-public", "kube-node-lease"})


class KubernetesCloud:
    """See `signoff.probes.cloud.model.Cloud`."""

    def __init__(self, documents: Documents, *, cluster: str) -> None:
        """Prove that the answers are about the cluster; `cluster` is the uid of its namespace kube-system.

        Raises:
            NotVerifiedError: they are about another one.
        """
        self._documents = documents
        found = [one.at("metadata").at("uid").text() for one in self._all(NAMESPACES) if _name(one) == "kube-system"]
        if found != [cluster]:
            raise NotVerifiedError(
                f"{NAMESPACES.file}: kube-system has uid {', '.join(found) or 'unknown'}, not {cluster};"
                " ask the right cluster"
            )

    def groups(self, names: Iterable[str], *, since: datetime) -> tuple[Group, ...]:
        """Return the autoscalers named `namespace/name`; their conditions say what fails now, not what once did."""
        del since
        wanted = set(names)
        return tuple(_group(one) for one in self._all(AUTOSCALERS) if _full_name(one) in wanted)

    def placements(self, tiers: Iterable[TierQuery]) -> tuple[Placement, ...]:
        """Return nodes, and the ready pods of each tier where their node is."""
        wanted = tuple(tiers)
        unfit = [tier.name for tier in wanted if tier.by != "instances"]
        if unfit:
            raise NotVerifiedError(f"tiers {', '.join(unfit)}: in Kubernetes write instances: KEY=VALUE of their pods")
        nodes = {place.resource: place for place in map(_node, self._all(NODES))}
        return (*nodes.values(), *(place for pod in self._all(PODS) for place in _pod(pod, nodes, wanted)))

    def elsewhere(self) -> tuple[Placement, ...]:
        """Return nothing: `placements` sees every region."""
        return ()

    def quotas(self, wanted: Iterable[QuotaQuery]) -> tuple[Quota, ...]:
        """Return what ResourceQuotas allow, and what they say is used; `service` is the namespace."""
        found = self._all(QUOTAS)
        return tuple(
            Quota(
                service=query.service,
                code=query.code,
                name=query.code,
                region=_full_name(one),
                limit=parse_quantity(one.at("spec").at("hard").at(query.code).text()),
                used=_used(one, query.code),
            )
            for query in wanted
            for one in found
            if _namespace(one) == query.service and query.code in one.at("spec").at("hard")
        )

    def costs(self) -> CostFacts:
        """Raise: a cluster has no budget.

        Raises:
            NotVerifiedError: always.
        """
        raise NotVerifiedError(
            "a Kubernetes cluster has no budget of its own; declare not_applicable for this target in policy.yaml,"
            " and name the account that pays for it as a cloud"
        )

    def exposure(self) -> Exposure:
        """Return what is open to the world, and namespaces with pods that no policy closes."""
        policies, services = self._all(POLICIES), self._all(SERVICES)
        used = {_namespace(pod) for pod in self._all(PODS)} - _SYSTEM
        return Exposure(
            inspected=len(policies) + len(services),
            open_rules=(*open_services(services), *open_policies(policies)),
            defaults_inspected=len(used),
            unprotected=tuple(without_rules(used, policies)),
        )

    def close(self) -> None:
        """Do nothing: no connection stays open."""

    def _all(self, query: Query) -> list[Node]:
        answer = self._documents.read(query)
        if answer.at("metadata").at("continue").text(""):
            raise NotVerifiedError(f"{query.file}: only the beginning of the list; export it whole")
        return answer.at("items").items()


def _used(quota: Node, code: str) -> float | None:
    used = quota.at("status").at("used").at(code)
    return None if used.value is None else parse_quantity(used.text())


def _name(one: Node) -> str:
    return one.at("metadata").at("name").text()


def _namespace(one: Node) -> str:
    return one.at("metadata").at("namespace").text()


def _full_name(one: Node) -> str:
    return f"{_namespace(one)}/{_name(one)}"


def _group(one: Node) -> Group:
    spec, status = one.at("spec"), one.at("status")
    current = status.at("currentReplicas").count() if "currentReplicas" in status else 0
    conditions = status.at("conditions").items() if "conditions" in status else []
    measured = status.at("currentMetrics").items() if "currentMetrics" in status else []
    wanted = [_metric(metric) for metric in spec.at("metrics").items()] if "metrics" in spec else []
    live = [_metric(metric) for metric in measured if _has_value(metric)]
    return Group(
        name=_full_name(one),
        region="",
        minimum=spec.at("minReplicas").count() if "minReplicas" in spec else 1,
        maximum=spec.at("maxReplicas").count(),
        desired=status.at("desiredReplicas").count(),
        healthy=current,
        metrics=tuple(live),
        obstacles=(
            *(f"metric {name} is unknown" for name in wanted if name not in live),
            *_wrong_conditions(conditions),
        ),
    )


def _metric(metric: Node) -> str:
    """Return the name of a metric of any of the five types, such as `cpu`."""
    kind = metric.at("type").text()
    source = metric.at(kind[:1].lower() + kind[1:])
    return source.at("name").text(source.at("metric").at("name").text("")) or kind


def _has_value(metric: Node) -> bool:
    kind = metric.at("type").text("")
    if not kind:
        return False
    current = metric.at(kind[:1].lower() + kind[1:]).at("current")
    return any(key in current for key in ("averageUtilization", "averageValue", "value"))


def _wrong_conditions(conditions: list[Node]) -> Iterator[str]:
    states = {one.at("type").text(): one for one in conditions}
    for kind in ("AbleToScale", "ScalingActive"):
        one = states.get(kind)
        if one is None:
            yield f"condition {kind} is not there"
        elif one.at("status").text() != "True":
            yield f"{kind} is {one.at('status').text()}: {one.at('reason').text('')}"


def _node(one: Node) -> Placement:
    labels = one.at("metadata").at("labels")
    return Placement(
        resource=_name(one), region=labels.at(_REGION).text("no region"), zone=labels.at(_ZONE).text("no zone")
    )


def _pod(pod: Node, nodes: dict[str, Placement], tiers: tuple[TierQuery, ...]) -> Iterator[Placement]:
    labels, node = pod.at("metadata").at("labels"), pod.at("spec").at("nodeName").text("")
    ours = tuple(
        tier.name for tier in tiers if labels.value is not None and labels.at(tier.label[0]).text("") == tier.label[1]
    )
    if not ours or not _is_ready(pod):
        return
    if node not in nodes:
        raise NotVerifiedError(f"{PODS.file}: node {node} is not in {NODES.file}; export both at once")
    yield Placement(resource=_full_name(pod), region=nodes[node].region, zone=nodes[node].zone, tiers=ours)


def _is_ready(pod: Node) -> bool:
    status = pod.at("status")
    conditions = status.at("conditions").items() if "conditions" in status else []
    return any(one.at("type").text() == "Ready" and one.at("status").text() == "True" for one in conditions)
