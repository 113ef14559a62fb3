"""Files of a Google Cloud project in good order, as `gcloud` exports them."""

from __future__ import annotations

from typing import Any

PROJECT = "shop-prod-123"
LINK = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}"
SEOUL = f"{LINK}/regions/asia-northeast3"


def machine(name: str, zone: str, status: str = "RUNNING") -> dict[str, Any]:
    return {
        "name": name,
        "zone": f"{LINK}/zones/asia-northeast3-{zone}",
        "status": status,
        "labels": {"tier": "web"},
        "metadata": {"items": [{"key": "created-by", "value": "projects/1/regions/x/instanceGroupManagers/shop-app"}]},
        "selfLink": f"{LINK}/zones/asia-northeast3-{zone}/instances/{name}",
    }


def rule(name: str, *ports: str, **keys: Any) -> dict[str, Any]:
    standard = {
        "name": name,
        "network": f"{LINK}/global/networks/shop",
        "direction": "INGRESS",
        "disabled": False,
        "sourceRanges": ["0.0.0.0/0"],
        "allowed": [{"IPProtocol": "tcp", "ports": list(ports)}],
        "selfLink": f"{LINK}/global/firewalls/{name}",
    }
    return {key: value for key, value in (standard | keys).items() if value is not None}


def healthy() -> dict[str, Any]:
    """Return the files of a project in good order."""
    return {
        "project.json": {"name": PROJECT, "quotas": [{"metric": "NETWORKS", "limit": 15.0, "usage": 2.0}]},
        "groups.json": [
            {
                "name": "shop-app",
                "region": SEOUL,
                "selfLink": f"{SEOUL}/instanceGroupManagers/shop-app",
                "targetSize": 2,
                "currentActions": {"none": 2, "creating": 0},
                "autoscaled": "yes",
                "autoscaler": {
                    "status": "ACTIVE",
                    "autoscalingPolicy": {
                        "mode": "ON",
                        "minNumReplicas": 2,
                        "maxNumReplicas": 6,
                        "cpuUtilization": {"utilizationTarget": 0.6},
                    },
                },
            }
        ],
        "errors-shop-app.json": [
            {
                "error": {"code": "ZONE_RESOURCE_POOL_EXHAUSTED", "message": "The zone is full."},
                "timestamp": "2026-11-01T00:00:00.000-07:00",
            }
        ],
        "instances.json": [machine("app-a", "a"), machine("app-b", "b"), machine("old", "c", "TERMINATED")],
        "databases.json": [
            {
                "name": "shop-db",
                "region": "asia-northeast3",
                "gceZone": "asia-northeast3-a",
                "secondaryGceZone": "asia-northeast3-b",
                "settings": {
                    "availabilityType": "REGIONAL",
                    "ipConfiguration": {"authorizedNetworks": [{"value": "203.0.113.0/24"}]},
                },
                "selfLink": f"https://sqladmin.googleapis.com/sql/v1beta4/projects/{PROJECT}/instances/shop-db",
            }
        ],
        "caches-asia-northeast3.json": [
            {
                "name": f"projects/{PROJECT}/locations/asia-northeast3/instances/shop-cache",
                "tier": "STANDARD_HA",
                "locationId": "asia-northeast3-a",
                "alternativeLocationId": "asia-northeast3-c",
            }
        ],
        "region-asia-northeast3.json": {
            "name": "asia-northeast3",
            "quotas": [{"metric": "CPUS", "limit": 24.0, "usage": 4.0}],
        },
        "budgets.json": [
            {
                "name": "billingAccounts/1/budgets/2",
                "displayName": "shop",
                "thresholdRules": [{"thresholdPercent": 0.5}, {"thresholdPercent": 1.0}],
                "notificationsRule": {"pubsubTopic": f"projects/{PROJECT}/topics/costs"},
            }
        ],
        "firewall.json": [rule("web", "443"), rule("inside", "5432", sourceRanges=["10.0.0.0/8"])],
        "networks.json": [{"name": "shop", "selfLink": f"{LINK}/global/networks/shop"}],
    }
