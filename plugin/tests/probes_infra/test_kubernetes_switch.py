"""What switches between blue and green: the selector of a Kubernetes service, by kubectl's JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node
from signoff.probes.front import kubernetes_switch

if TYPE_CHECKING:
    from collections.abc import Mapping


class Cluster:
    """Answers of kubectl, by the name of the file that they are exported to."""

    def __init__(self, **answers: list[Any]) -> None:
        self._answers = {f"{name}.json": {"items": items} for name, items in answers.items()}

    def read(self, query: Any) -> Node:
        return Node(self._answers[query.file], kind=query.file)


def deployment(name: str, *, ready: int = 2, probe: bool = True, generation: int = 1) -> dict[str, Any]:
    container = {"name": "shop", **({"readinessProbe": {"httpGet": {"path": "/readyz"}}} if probe else {})}
    labels = {"app": "shop", "colour": name}
    return {
        "metadata": {"namespace": "shop", "name": name, "generation": generation},
        "spec": {"replicas": 2, "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}},
        "status": {"observedGeneration": 1, "readyReplicas": ready, "updatedReplicas": 2},
    }


def service(**selector: str) -> dict[str, Any]:
    return {"metadata": {"namespace": "shop", "name": "front"}, "spec": {"selector": selector} if selector else {}}


def test_kubernetes_selector_picks_one_of_two_deployments() -> None:
    both = [deployment("blue"), deployment("green", ready=1)]
    cluster = Cluster(deployments=both, services=[service(app="shop", colour="blue")])

    switch = kubernetes_switch.read_switch(cluster, "shop/front")
    facts = kubernetes_switch.read_deployments(cluster, ["shop/blue", "shop/green"])

    assert switch.shares == {"shop/blue": 1.0}
    assert switch.known == frozenset({"shop/blue", "shop/green"})
    assert switch.where == "selector of service shop/front (app=shop, colour=blue)"
    assert {name: len(backend.healthy) for name, backend in facts.backends.items()} == {"shop/blue": 2, "shop/green": 1}


@pytest.mark.parametrize(
    ("change", "healthy"),
    [({}, 2), ({"ready": 0}, 0), ({"probe": False}, 0), ({"generation": 2}, 0)],
    ids=["well", "not ready", "not checked", "being replaced"],
)
def test_kubernetes_pods_count_if_they_are_ready_and_of_the_newest_revision(
    change: Mapping[str, Any], healthy: int
) -> None:
    cluster = Cluster(deployments=[deployment("blue", **change)])

    facts = kubernetes_switch.read_deployments(cluster, ["shop/blue"])

    assert len(facts.backends["shop/blue"].healthy) == healthy


def test_kubernetes_without_the_service_or_the_deployments_proves_nothing() -> None:
    cluster = Cluster(deployments=[deployment("blue")], services=[service()])
    for name in ("shop/front", "shop/other"):
        with pytest.raises(NotVerifiedError, match=r"no Service .* with a selector"):
            kubernetes_switch.read_switch(cluster, name)
    with pytest.raises(NotVerifiedError, match="no Deployment shop/red; write them as namespace/name"):
        kubernetes_switch.read_deployments(cluster, ["shop/red"])
