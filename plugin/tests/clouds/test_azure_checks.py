"""INF-CLD-1…4 and SEC-CFG-1 of an Azure subscription, from hand-written JSON after the published schemas.

Schemas: https://learn.microsoft.com/rest/api/monitor/autoscale-settings, …/rest/api/monitor/activity-logs,
…/rest/api/compute/virtual-machine-scale-sets, …/rest/api/compute/usage, …/rest/api/consumption/budgets
(https://learn.microsoft.com/javascript/api/@azure/arm-consumption/notification: the threshold is always a percentage),
…/rest/api/cost-management/scheduled-actions, …/rest/api/virtualnetwork/network-security-groups,
…/rest/api/virtualnetwork/virtual-networks, …/rest/api/postgresql/servers
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.kinds.cloud import CloudService
from tests.clouds.azure_files import SET, SUBSCRIPTION, healthy, machine, rule, scale_rule

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.contract


@pytest.fixture
def subscription(export: Callable[..., Any]) -> Callable[..., CloudService]:
    """Return the inventory entry of a subscription whose files are exported, `subscription(files, **keys)`."""

    def subscription_(files: dict[str, Any], **keys: Any) -> CloudService:
        made = export("azure", SUBSCRIPTION)
        for name, content in files.items():
            made.put(name, content)
        entry = {
            "kind": "cloud",
            "provider": "azure",
            "account": SUBSCRIPTION,
            "regions": ["koreacentral"],
            "exports": {"folder": "export"},
            "resource_groups": ["shop"],
            "groups": [{"name": "shop-app", "minimum": 2, "peak": 6}],
            "tiers": [
                {"name": "application", "group": "shop-app"},
                {"name": "web", "instances": "tier=web"},
                {"name": "database", "database": "shop-db"},
            ],
            "quotas": [{"service": "compute", "code": "cores", "grows_with": {"shop-app": 2}}],
            "open_to_world": [{"ports": "443", "rules": "edge/web", "reason": "The shop."}],
        }
        return CloudService.model_validate(entry | keys)

    return subscription_


def test_a_healthy_subscription_passes(checks: Any, subscription: Callable[..., CloudService]) -> None:
    found = checks.all(subscription(healthy()))
    assert {check: one.reason for check, one in found.items() if one.state != "PASS"} == {}
    assert all(one.evidence["inspected"] > 0 for one in found.values())
    assert "ops@example.com" not in str([one.evidence for one in found.values()])


def nested(one: dict[str, Any], *outside: str) -> None:
    """Put all keys under `properties`, as REST writes them."""
    inside = {key: one.pop(key) for key in list(one) if key not in {"id", "name", "location", *outside}}
    one["properties"] = inside


def test_the_form_of_rest_is_read_too(checks: Any, subscription: Callable[..., CloudService]) -> None:
    files = healthy()
    for name in ("autoscale-shop.json", "databases.json", "budgets.json", "nsgs.json", "vnets.json"):
        nested(files[name][0])
    for one in files["instances-shop-app.json"]:
        nested(one, "zones", "tags")
    for one in files["nsgs.json"][0]["properties"]["securityRules"]:
        nested(one)
    found = checks.all(subscription(files))
    assert {check: one.reason for check, one in found.items() if one.state != "PASS"} == {}


RED: dict[str, Any] = {
    "setting disabled": (
        ("autoscale-shop.json", lambda it: it[0].update(enabled=False)),
        "INF-CLD-1",
        "autoscale setting shop is disabled",
    ),
    "no setting": (("autoscale-shop.json", lambda it: it.clear()), "INF-CLD-1", "no autoscale setting"),
    "never grows": (
        ("autoscale-shop.json", lambda it: it[0]["profiles"][0].update(rules=[scale_rule("Decrease")])),
        "INF-CLD-1",
        "shop-app follows no metric",
    ),
    "a profile that is too small": (
        (
            "autoscale-shop.json",
            lambda it: it[0]["profiles"].append({"capacity": {"minimum": "1", "maximum": "6"}, "rules": []}),
        ),
        "INF-CLD-1",
        "may shrink to 1, limit is 2",
    ),
    "failed lately": (
        ("failed-shop.json", lambda it: it[0]["category"].update(value="Autoscale")),
        "INF-CLD-1",
        "2026-11-22 00:00 UTC: Delete",
    ),
    "one zone": (
        ("instances-shop-app.json", lambda it: it[1].update(zones=["1"])),
        "INF-CLD-2",
        "application is in 1 zones, limit is 2",
    ),
    "standby unwell": (
        ("databases.json", lambda it: it[0]["highAvailability"].update(state="FailingOver")),
        "INF-CLD-2",
        "the standby is FailingOver",
    ),
    "no standby": (
        ("databases.json", lambda it: it[0].update(highAvailability={"mode": "Disabled"})),
        "INF-CLD-2",
        "database is in 1 zones",
    ),
    "other region": (
        ("machines.json", lambda it: it.append(machine(9, "1") | {"location": "westus", "tags": None})),
        "INF-CLD-2",
        "in westus",
    ),
    "quota used": (
        ("usage-compute-koreacentral.json", lambda it: it[0].update(currentValue="17")),
        "INF-CLD-3",
        "17 of 24",
    ),
    "notification off": (
        ("budgets.json", lambda it: it[0]["notifications"]["early"].update(enabled=False)),
        "INF-CLD-4",
        "never confirmed or switched off: e-mail at example.com",
    ),
    "no budget": (("budgets.json", lambda it: it.clear()), "INF-CLD-4", "no budget at all"),
    "anomaly alert off": (
        ("anomaly-alerts.json", lambda it: it["value"][0]["properties"].update(status="Disabled")),
        "INF-CLD-4",
        "unusual costs are told to nobody",
    ),
    "no anomaly alert": (
        ("anomaly-alerts.json", lambda it: it["value"].clear()),
        "INF-CLD-4",
        "nothing watches for unusual costs",
    ),
    "ssh for everybody": (
        ("nsgs.json", lambda it: it[0]["securityRules"].append(rule("ssh"))),
        "SEC-CFG-1",
        "edge/ssh: tcp 22 from Internet",
    ),
    "one of many prefixes": (
        (
            "nsgs.json",
            lambda it: it[0]["securityRules"].append(
                rule("many", "", sourceAddressPrefix="", sourceAddressPrefixes=["10.0.0.0/8", "0.0.0.0/0"])
                | {"destinationPortRange": None, "destinationPortRanges": ["22", "8000-8099"]}
            ),
        ),
        "SEC-CFG-1",
        "edge/many: tcp 22 from 0.0.0.0/0, edge/many: tcp 8000-8099 from 0.0.0.0/0",
    ),
    "everything": (
        (
            "nsgs.json",
            lambda it: it[0]["securityRules"].append(rule("any", "*", protocol="*", sourceAddressPrefix="*")),
        ),
        "SEC-CFG-1",
        "edge/any: all from *",
    ),
    "public database": (
        ("databases.json", lambda it: it[0]["network"].update(publicNetworkAccess="Enabled")),
        "SEC-CFG-1",
        "database shop-db is public",
    ),
    "bare subnet": (
        ("vnets.json", lambda it: it[0]["subnets"].append({"name": "lab", "networkSecurityGroup": None})),
        "SEC-CFG-1",
        "no rules before shop/lab",
    ),
}


@pytest.mark.parametrize("case", RED)
def test_a_mistake_turns_exactly_its_item_red(
    case: str, checks: Any, subscription: Callable[..., CloudService]
) -> None:
    (name, change), item, reason = RED[case]
    files = healthy()
    change(files[name])
    settings = subscription(files)
    assert checks.red_items(settings) == {item}
    assert any(reason in one.reason for one in checks.all(settings).values() if one.state == "FAIL")


NOT_OPEN: dict[str, Any] = {
    "denied": rule("x", access="Deny"),
    "outgoing": rule("x", direction="Outbound"),
    "service tag": rule("x", sourceAddressPrefix="AzureLoadBalancer"),
    "one address": rule("x", sourceAddressPrefix="203.0.113.9"),
}


@pytest.mark.parametrize("case", NOT_OPEN)
def test_a_rule_that_lets_nobody_in_is_none(case: str, checks: Any, subscription: Callable[..., CloudService]) -> None:
    files = healthy()
    files["nsgs.json"][0]["securityRules"].append(NOT_OPEN[case])
    assert checks.red_items(subscription(files)) == set()


@pytest.mark.parametrize("name", [name for name in healthy() if name != "account.json"])
def test_a_file_that_is_missing_is_never_a_pass(
    name: str, checks: Any, subscription: Callable[..., CloudService]
) -> None:
    files = healthy()
    del files[name]
    found = checks.all(subscription(files))
    assert any(one.state == "NOT_VERIFIED" and f"{name} was not exported" in one.reason for one in found.values())


CANNOT_TELL: dict[str, Any] = {
    "another subscription": (
        {},
        lambda files: files["account.json"].update(id=SUBSCRIPTION.replace("0", "1")),
        "about subscription",
    ),
    "a line of another subscription": (
        {},
        lambda files: files["scale-sets.json"][0].update(id=SET.replace("0", "1")),
        "is not of this subscription",
    ),
    "no resource groups": ({"resource_groups": []}, lambda _: None, "write resource_groups"),
    "unknown service of a quota": (
        {"quotas": [{"service": "storage", "code": "x"}]},
        lambda _: None,
        "write service compute or network",
    ),
    "a cache": ({"tiers": [{"name": "cache", "cache": "x"}]}, lambda _: None, "attest the tier"),
}


@pytest.mark.parametrize("case", CANNOT_TELL)
def test_what_cannot_be_told_is_not_verified(case: str, checks: Any, subscription: Callable[..., CloudService]) -> None:
    keys, change, reason = CANNOT_TELL[case]
    files = healthy()
    change(files)
    found = checks.all(subscription(files, **keys))
    assert any(one.state == "NOT_VERIFIED" and reason in one.reason for one in found.values())
