"""Workloads of a Kubernetes cluster: whether their pods are started again, replaced, and looked after.

Field names: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/,
.../stateful-set-v1/, .../pod-v1/ and .../policy-resources/pod-disruption-budget-v1/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.probes.cloud.documents import Query

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from signoff.importers._json import Node
    from signoff.probes.cloud.documents import Documents

_EVERYWHERE = "--all-namespaces"
QUERIES = {
    "deployment": Query(file="deployments.json", arguments=("get", "deployments.v1.apps", _EVERYWHERE)),
    "statefulset": Query(file="statefulsets.json", arguments=("get", "statefulsets.v1.apps", _EVERYWHERE)),
}
_NAMESPACES = Query(file="namespaces.json", arguments=("get", "namespaces"))
_PODS = Query(file="pods.json", arguments=("get", "pods", _EVERYWHERE))
_BUDGETS = Query(file="poddisruptionbudgets.json", arguments=("get", "poddisruptionbudgets.v1.policy", _EVERYWHERE))


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkloadFacts:
    """One workload."""

    name: str
    is_known: bool
    wanted: int = 0
    ready: int = 0
    without_liveness: tuple[str, ...] = ()
    """Containers that nobody starts again when they hang."""
    without_readiness: tuple[str, ...] = ()
    """Containers that get requests before they can answer."""
    is_budgeted: bool = False
    """A disruption budget keeps some of its pods when nodes are emptied."""
    restarted_at: datetime | None = None
    """When a container that runs now was last started again after it had ended; None: none was."""


def read(documents: Documents, cluster: str, wanted: Iterable[tuple[str, str]]) -> tuple[WorkloadFacts, ...]:
    """Return the facts of workloads, given as type and `namespace/name`.

    Raises:
        NotVerifiedError: the answers are about another cluster, are missing, or are only the beginning of a list.
    """
    spaces = {_name(one): one.at("metadata").at("uid").text() for one in _all(documents, _NAMESPACES)}
    if spaces.get("kube-system") != cluster:
        raise NotVerifiedError(f"{_NAMESPACES.file}: not of the cluster {cluster}; ask the right cluster")
    pods, budgets = _all(documents, _PODS), _all(documents, _BUDGETS)
    chosen = list(wanted)
    known = {
        (kind, _full_name(one)): one for kind in {kind for kind, _ in chosen} for one in _all(documents, QUERIES[kind])
    }
    return tuple(
        _facts(name, known[kind, name], pods, budgets)
        if (kind, name) in known
        else WorkloadFacts(name=name, is_known=False)
        for kind, name in chosen
    )


def _facts(name: str, workload: Node, pods: list[Node], budgets: list[Node]) -> WorkloadFacts:
    spec, status = workload.at("spec"), workload.at("status")
    template = spec.at("template")
    labels = _labels(template)
    space = workload.at("metadata").at("namespace").text()
    containers = template.at("spec").at("containers").items()
    selector = spec.at("selector")
    mine = [pod for pod in pods if _namespace(pod) == space and _selects(selector, _labels(pod))]
    return WorkloadFacts(
        name=name,
        is_known=True,
        wanted=spec.at("replicas").count() if "replicas" in spec else 1,
        ready=status.at("readyReplicas").count() if "readyReplicas" in status else 0,
        without_liveness=tuple(_name_of(one) for one in containers if "livenessProbe" not in one),
        without_readiness=tuple(_name_of(one) for one in containers if "readinessProbe" not in one),
        is_budgeted=any(_namespace(one) == space and _keeps_some(one, labels) for one in budgets),
        restarted_at=max((at for pod in mine for at in _restarts(pod)), default=None),
    )


def _keeps_some(budget: Node, labels: dict[str, str]) -> bool:
    spec = budget.at("spec")
    keeps = "maxUnavailable" in spec or ("minAvailable" in spec and spec.at("minAvailable").value not in {0, "0", "0%"})
    return keeps and spec.at("maxUnavailable").value != "100%" and _selects(spec.at("selector"), labels)


def _selects(selector: Node, labels: dict[str, str]) -> bool:
    if "matchExpressions" in selector and selector.at("matchExpressions").items():
        raise selector.refuse("matchExpressions are not understood; use matchLabels, or attest the item")
    wanted = (
        {key: value.text() for key, value in selector.at("matchLabels").members().items()}
        if ("matchLabels" in selector)
        else {}
    )
    return bool(wanted) and wanted.items() <= labels.items()


def _restarts(pod: Node) -> list[datetime]:
    """Return when containers that are well now were started again after they had ended."""
    return [
        one.at("state").at("running").at("startedAt").instant()
        for one in pod.at("status").some("containerStatuses")
        if one.at("restartCount").count() and one.at("ready").flag() and "running" in one.at("state")
    ]


def _all(documents: Documents, query: Query) -> list[Node]:
    answer = documents.read(query)
    if answer.at("metadata").at("continue").text(""):
        raise NotVerifiedError(f"{query.file}: only the beginning of the list; export it whole")
    return answer.at("items").items()


def _labels(one: Node) -> dict[str, str]:
    metadata = one.at("metadata")
    return {key: value.text() for key, value in metadata.at("labels").members().items()} if "labels" in metadata else {}


def _name_of(container: Node) -> str:
    return container.at("name").text()


def _name(one: Node) -> str:
    return one.at("metadata").at("name").text()


def _namespace(one: Node) -> str:
    return one.at("metadata").at("namespace").text()


def _full_name(one: Node) -> str:
    return f"{_namespace(one)}/{_name(one)}"
