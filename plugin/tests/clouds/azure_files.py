"""Files of an Azure subscription in good order, as `az` exports them."""

from __future__ import annotations

from typing import Any

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop"
SET = f"{GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets/shop-app"


def machine(number: int, zone: str) -> dict[str, Any]:
    return {
        "id": f"{SET}/virtualMachines/{number}",
        "name": f"shop-app_{number}",
        "location": "koreacentral",
        "zones": [zone],
        "provisioningState": "Succeeded",
        "tags": {"tier": "web"},
    }


def scale_rule(direction: str) -> dict[str, Any]:
    return {
        "metricTrigger": {"metricName": "Percentage CPU", "threshold": 70},
        "scaleAction": {"direction": direction, "type": "ChangeCount", "value": "1", "cooldown": "PT5M"},
    }


def rule(name: str, port: str = "22", **keys: Any) -> dict[str, Any]:
    standard = {
        "name": name,
        "access": "Allow",
        "direction": "Inbound",
        "protocol": "Tcp",
        "priority": 100,
        "sourceAddressPrefix": "Internet",
        "sourceAddressPrefixes": [],
        "destinationPortRange": port,
        "destinationPortRanges": [],
    }
    return standard | keys


def nsg(*rules: dict[str, Any]) -> dict[str, Any]:
    identity = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/edge"
    return {"id": identity, "name": "edge", "securityRules": list(rules)}


def healthy() -> dict[str, Any]:
    """Return the files of a subscription in good order."""
    return {
        "account.json": {"id": SUBSCRIPTION, "name": "Production", "state": "Enabled"},
        "autoscale-shop.json": [
            {
                "id": f"{GROUP}/providers/microsoft.insights/autoscalesettings/shop",
                "name": "shop",
                "enabled": True,
                "targetResourceUri": SET.lower(),
                "profiles": [
                    {
                        "name": "normal",
                        "capacity": {"minimum": "2", "maximum": "6", "default": "2"},
                        "rules": [scale_rule("Increase"), scale_rule("Decrease")],
                    }
                ],
            }
        ],
        "failed-shop.json": [
            {
                "id": f"{GROUP}/events/1",
                "category": {"value": "Administrative"},
                "operationName": {"localizedValue": "Delete"},
                "eventTimestamp": "2026-11-22T00:00:00Z",
            }
        ],
        "scale-sets.json": [
            {
                "id": SET,
                "name": "shop-app",
                "location": "koreacentral",
                "sku": {"name": "Standard_D2s_v5", "capacity": 2},
            }
        ],
        "instances-shop-app.json": [machine(0, "1"), machine(1, "2")],
        "machines.json": [],
        "databases.json": [
            {
                "id": f"{GROUP}/providers/Microsoft.DBforPostgreSQL/flexibleServers/shop-db",
                "name": "shop-db",
                "location": "Korea Central",
                "availabilityZone": "1",
                "highAvailability": {"mode": "ZoneRedundant", "state": "Healthy", "standbyAvailabilityZone": "2"},
                "network": {"publicNetworkAccess": "Disabled"},
            }
        ],
        "usage-compute-koreacentral.json": [
            {"currentValue": "4", "limit": "24", "name": {"value": "cores", "localizedValue": "Total Regional vCPUs"}}
        ],
        "budgets.json": [
            {
                "id": f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Consumption/budgets/month",
                "name": "month",
                "amount": "5000.0",
                "notifications": {
                    "early": {
                        "enabled": True,
                        "threshold": "80.0",
                        "contactEmails": ["ops@example.com"],
                        "contactRoles": [],
                    }
                },
            }
        ],
        "anomaly-alerts.json": {
            "value": [
                {
                    "kind": "InsightAlert",
                    "properties": {
                        "status": "Enabled",
                        "notification": {"to": ["ops@example.com"], "subject": "costs"},
                    },
                }
            ]
        },
        "nsgs.json": [nsg(rule("web", "443"), rule("inside", "5432", sourceAddressPrefix="VirtualNetwork"))],
        "vnets.json": [
            {
                "id": f"{GROUP}/providers/Microsoft.Network/virtualNetworks/shop",
                "name": "shop",
                "subnets": [{"name": "app", "networkSecurityGroup": {"id": "x"}}, {"name": "GatewaySubnet"}],
            }
        ],
    }
