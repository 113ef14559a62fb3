"""INF-CLD-1…4 and SEC-CFG-1 of a Kubernetes cluster, from hand-written JSON after the published API.

API: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/,
…/policy-resources/resource-quota-v1/, …/policy-resources/network-policy-v1/, …/service-resources/service-v1/,
…/cluster-resources/node-v1/, …/workload-resources/pod-v1/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.kinds.cloud import CloudService
from tests.clouds.kubernetes_files import CLUSTER, healthy, node, pod, policy, service

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.contract


@pytest.fixture
def cluster(export: Callable[..., Any]) -> Callable[..., CloudService]:
    """Return the inventory entry of a cluster whose files are exported, `cluster(files, **keys)`."""

    def cluster_(files: dict[str, Any], **keys: Any) -> CloudService:
        made = export("kubernetes", CLUSTER)
        for name, content in files.items():
            made.put(name, content)
        entry = {
            "kind": "cloud",
            "provider": "kubernetes",
            "account": CLUSTER,
            "regions": ["ap-northeast-2"],
            "exports": {"folder": "export"},
            "groups": [{"name": "shop/api", "minimum": 2, "peak": 10}],
            "tiers": [{"name": "api", "instances": "app=api"}],
            "quotas": [
                {"service": "shop", "code": "requests.cpu", "grows_with": {"shop/api": 0.5}},
                {"service": "shop", "code": "requests.memory"},
            ],
            "open_to_world": [{"ports": "443", "rules": "ingress/*", "reason": "The shop."}],
        }
        return CloudService.model_validate(entry | keys)

    return cluster_


COSTS = {"budgets_warn_in_time", "unusual_costs_are_watched"}


def test_a_healthy_cluster_passes_but_for_costs_which_it_does_not_know(
    checks: Any, cluster: Callable[..., CloudService]
) -> None:
    found = checks.all(cluster(healthy()))
    assert {check: one.reason for check, one in found.items() if one.state != "PASS" and check not in COSTS} == {}
    for check in COSTS:
        assert (found[check].state, "declare not_applicable" in found[check].reason) == ("NOT_VERIFIED", True)


def hpa(files: Any) -> Any:
    return files["items"][0]


RED: dict[str, Any] = {
    "metric unknown": (
        ("autoscalers.json", lambda it: hpa(it)["status"].update(currentMetrics=[{"type": ""}])),
        "INF-CLD-1",
        "metric cpu is unknown",
    ),
    "not active": (
        (
            "autoscalers.json",
            lambda it: hpa(it)["status"]["conditions"][1].update(status="False", reason="FailedGetResourceMetric"),
        ),
        "INF-CLD-1",
        "ScalingActive is False: FailedGetResourceMetric",
    ),
    "without conditions": (
        ("autoscalers.json", lambda it: hpa(it)["status"].pop("conditions")),
        "INF-CLD-1",
        "condition AbleToScale is not there",
    ),
    "no minimum is one": (
        ("autoscalers.json", lambda it: hpa(it)["spec"].pop("minReplicas")),
        "INF-CLD-1",
        "may shrink to 1, limit is 2",
    ),
    "at its maximum": (
        ("autoscalers.json", lambda it: hpa(it)["status"].update(desiredReplicas=10)),
        "INF-CLD-1",
        "runs 10, its maximum",
    ),
    "one zone": (
        (
            "nodes.json",
            lambda it: it["items"][1]["metadata"]["labels"].update({"topology.kubernetes.io/zone": "ap-northeast-2a"}),
        ),
        "INF-CLD-2",
        "api is in 1 zones",
    ),
    "not ready in the other zone": (
        ("pods.json", lambda it: it["items"].__setitem__(1, pod("api-2", "n2", ready="False"))),
        "INF-CLD-2",
        "api is in 1 zones",
    ),
    "other region": (
        ("nodes.json", lambda it: it["items"].append(node("n3", "us-east-1a", "us-east-1"))),
        "INF-CLD-2",
        "n3 in us-east-1",
    ),
    "quota used": (
        ("quotas.json", lambda it: it["items"][0]["status"]["used"].update({"requests.memory": "6Gi"})),
        "INF-CLD-3",
        "requests.memory in shop/shop",
    ),
    "planned beyond the quota": (
        ("quotas.json", lambda it: it["items"][0]["status"]["used"].update({"requests.cpu": "4"})),
        "INF-CLD-3",
        "4 of 10, 8 planned",
    ),
    "service for everybody": (
        ("services.json", lambda it: it["items"].append(service("admin", 9000, kind="NodePort"))),
        "SEC-CFG-1",
        "ingress/admin: tcp 9000 from 0.0.0.0/0",
    ),
    "port of the nodes for everybody": (
        (
            "services.json",
            lambda it: it["items"].append(
                service("admin", kind="NodePort", ports=[{"port": 443, "nodePort": 30443, "protocol": "TCP"}])
            ),
        ),
        "SEC-CFG-1",
        "ingress/admin: tcp 30443 from 0.0.0.0/0",
    ),
    "policy for everybody": (
        ("policies.json", lambda it: it["items"].append(policy("all", ingress=[{}]))),
        "SEC-CFG-1",
        "shop/all: all from everywhere",
    ),
    "policy for the world": (
        (
            "policies.json",
            lambda it: it["items"].append(
                policy("world", ingress=[{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 22}]}])
            ),
        ),
        "SEC-CFG-1",
        "shop/world: tcp 22 from 0.0.0.0/0",
    ),
    "namespace without a policy for all": (
        ("policies.json", lambda it: it["items"].pop(0)),
        "SEC-CFG-1",
        "no rules before shop",
    ),
}


@pytest.mark.parametrize("case", RED)
def test_a_mistake_turns_exactly_its_item_red(case: str, checks: Any, cluster: Callable[..., CloudService]) -> None:
    (name, change), item, reason = RED[case]
    files = healthy()
    if case == "namespace without a policy for all":
        files["policies.json"]["items"][1]["spec"]["podSelector"] = {"matchLabels": {"app": "api"}}
    change(files[name])
    settings = cluster(files)
    assert checks.red_items(settings) == {item}
    assert any(reason in one.reason for one in checks.all(settings).values() if one.state == "FAIL")


@pytest.mark.parametrize(
    "closed",
    [
        service("x", 22, loadBalancerSourceRanges=["203.0.113.0/24"]),
        service("x", 22, kind="ExternalName"),
        service("x", 22)
        | {
            "metadata": {
                "name": "x",
                "namespace": "y",
                "annotations": {"networking.gke.io/load-balancer-type": "Internal"},
            }
        },
    ],
)
def test_a_service_that_lets_nobody_in_is_none(closed: Any, checks: Any, cluster: Callable[..., CloudService]) -> None:
    files = healthy()
    files["services.json"]["items"].append(closed)
    assert checks.red_items(cluster(files)) == set()


CANNOT_TELL: dict[str, Any] = {
    "another cluster": (
        {},
        lambda files: files["namespaces.json"]["items"][0]["metadata"].update(uid="x"),
        "ask the right cluster",
    ),
    "half a list": ({}, lambda files: files["pods.json"]["metadata"].update({"continue": "x"}), "export it whole"),
    "pod on an unknown node": ({}, lambda files: files["nodes.json"]["items"].pop(), "export both at once"),
    "a tier that is no label": (
        {"tiers": [{"name": "api", "group": "shop/api"}]},
        lambda _: None,
        "write instances: KEY=VALUE",
    ),
    "nobody says what is used": (
        {},
        lambda files: files["quotas.json"]["items"][0]["status"]["used"].pop("requests.memory"),
        "nobody says what is used of requests.memory",
    ),
    "no quota in the namespace": (
        {"quotas": [{"service": "other", "code": "requests.cpu"}]},
        lambda _: None,
        "no limit requests.cpu",
    ),
    "odd quantity": (
        {},
        lambda files: files["quotas.json"]["items"][0]["spec"]["hard"].update({"requests.cpu": "ten"}),
        "'ten' is no quantity",
    ),
}


@pytest.mark.parametrize("case", CANNOT_TELL)
def test_what_cannot_be_told_is_not_verified(case: str, checks: Any, cluster: Callable[..., CloudService]) -> None:
    keys, change, reason = CANNOT_TELL[case]
    files = healthy()
    change(files)
    found = checks.all(cluster(files, **keys))
    assert any(one.state == "NOT_VERIFIED" and reason in one.reason for one in found.values())


@pytest.mark.parametrize("name", [name for name in healthy() if name != "namespaces.json"])
def test_a_file_that_is_missing_is_never_a_pass(name: str, checks: Any, cluster: Callable[..., CloudService]) -> None:
    files = healthy()
    del files[name]
    found = checks.all(cluster(files))
    assert any(one.state == "NOT_VERIFIED" and f"{name} was not exported" in one.reason for one in found.values())
