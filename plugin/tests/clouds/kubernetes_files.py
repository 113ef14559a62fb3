"""Files of a Kubernetes cluster in good order, as `kubectl` prints them."""

from __future__ import annotations

from typing import Any

CLUSTER = "7d3f0f6e-2f0f-4f0e-9d55-3f1f0a9a2b11"


def listed(*items: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "List", "items": list(items), "metadata": {"resourceVersion": ""}}


def named(name: str, namespace: str = "shop", **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace}} | more


def node(name: str, zone: str, region: str = "ap-northeast-2") -> dict[str, Any]:
    labels = {"topology.kubernetes.io/zone": zone, "topology.kubernetes.io/region": region}
    return {"metadata": {"name": name, "labels": labels}}


def pod(name: str, on: str, ready: str = "True") -> dict[str, Any]:
    made = named(name, spec={"nodeName": on}, status={"conditions": [{"type": "Ready", "status": ready}]})
    made["metadata"]["labels"] = {"app": "api"}
    return made


def service(name: str, port: int = 443, kind: str = "LoadBalancer", **spec: Any) -> dict[str, Any]:
    return named(name, "ingress", spec={"type": kind, "ports": [{"port": port, "protocol": "TCP"}], **spec})


def policy(name: str, namespace: str = "shop", **spec: Any) -> dict[str, Any]:
    return named(name, namespace, spec={"podSelector": {}, "policyTypes": ["Ingress"]} | spec)


def healthy() -> dict[str, Any]:
    """Return the files of a cluster in good order."""
    conditions = [{"type": kind, "status": "True", "reason": "Good"} for kind in ("AbleToScale", "ScalingActive")]
    return {
        "namespaces.json": listed(
            {"metadata": {"name": "kube-system", "uid": CLUSTER}}, {"metadata": {"name": "shop", "uid": "x"}}
        ),
        "autoscalers.json": listed(
            named(
                "api",
                spec={
                    "minReplicas": 2,
                    "maxReplicas": 10,
                    "metrics": [{"type": "Resource", "resource": {"name": "cpu"}}],
                },
                status={
                    "currentReplicas": 2,
                    "desiredReplicas": 2,
                    "currentMetrics": [
                        {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 40}}}
                    ],
                    "conditions": conditions,
                },
            )
        ),
        "nodes.json": listed(node("n1", "ap-northeast-2a"), node("n2", "ap-northeast-2c")),
        "pods.json": listed(pod("api-1", "n1"), pod("api-2", "n2")),
        "quotas.json": listed(
            named(
                "shop",
                spec={"hard": {"requests.cpu": "10", "requests.memory": "8Gi"}},
                status={"used": {"requests.cpu": "1500m", "requests.memory": "2Gi"}},
            )
        ),
        "policies.json": listed(
            policy("default-deny"),
            policy("web", ingress=[{"from": [{"podSelector": {}}], "ports": [{"port": 8080}]}]),
        ),
        "services.json": listed(service("nginx"), service("api", kind="ClusterIP")),
    }
