"""INF-CLD-1…4 and SEC-CFG-1 of a Google Cloud project, from hand-written JSON after the published schemas.

Schemas: https://cloud.google.com/compute/docs/reference/rest/v1/instanceGroupManagers, …/v1/autoscalers,
…/v1/instances, …/v1/regions, …/v1/firewalls, …/v1/networks,
https://cloud.google.com/compute/docs/reference/rest/v1/instanceGroupManagers/listErrors,
https://cloud.google.com/sql/docs/postgres/admin-api/rest/v1/instances,
https://cloud.google.com/memorystore/docs/redis/reference/rest/v1/projects.locations.instances and
https://cloud.google.com/billing/docs/reference/budget/rest/v1/billingAccounts.budgets
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.kinds.cloud import CloudService
from tests.clouds.google_files import LINK, PROJECT, healthy, machine, rule

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.contract


@pytest.fixture
def project(export: Callable[..., Any]) -> Callable[..., CloudService]:
    """Return the inventory entry of a project whose files are exported, `project(files, **keys)`."""

    def project_(files: dict[str, Any], **keys: Any) -> CloudService:
        made = export("google", PROJECT)
        for name, content in files.items():
            made.put(name, content)
        entry = {
            "kind": "cloud",
            "provider": "google",
            "account": PROJECT,
            "regions": ["asia-northeast3"],
            "exports": {"folder": "export"},
            "billing_account": "000000-AAAAAA-111111",
            "groups": [{"name": "shop-app", "minimum": 2, "peak": 6}],
            "tiers": [
                {"name": "application", "group": "shop-app"},
                {"name": "web", "instances": "tier=web"},
                {"name": "database", "database": "shop-db"},
                {"name": "cache", "cache": "shop-cache"},
            ],
            "quotas": [
                {"code": "CPUS", "grows_with": {"shop-app": 2}},
                {"code": "NETWORKS", "region": "global"},
            ],
            "costs": {"anomaly_monitor": False},
            "open_to_world": [{"ports": "443", "rules": "web", "reason": "The shop."}],
        }
        return CloudService.model_validate(entry | keys)

    return project_


def test_a_healthy_project_passes(checks: Any, project: Callable[..., CloudService]) -> None:
    found = checks.all(project(healthy()))
    assert {check: one.reason for check, one in found.items() if one.state != "PASS"} == {}
    assert all(one.evidence["inspected"] > 0 for one in found.values())


RED: dict[str, Any] = {
    "no room": (
        ("groups.json", lambda it: it[0].update(targetSize=6)),
        "INF-CLD-1",
        "shop-app runs 6, its maximum: it cannot grow",
    ),
    "autoscaler switched off": (
        ("groups.json", lambda it: it[0]["autoscaler"]["autoscalingPolicy"].update(mode="OFF")),
        "INF-CLD-1",
        "autoscaler is OFF",
    ),
    "autoscaler broken": (
        (
            "groups.json",
            lambda it: it[0]["autoscaler"].update(
                status="ERROR", statusDetails=[{"type": "X", "message": "no metric"}]
            ),
        ),
        "INF-CLD-1",
        "status of the autoscaler is ERROR, no metric",
    ),
    "no autoscaler": (("groups.json", lambda it: it[0].pop("autoscaler")), "INF-CLD-1", "no autoscaler"),
    "failed lately": (
        ("errors-shop-app.json", lambda it: it[0].update(timestamp="2026-11-22T00:00:00Z")),
        "INF-CLD-1",
        "The zone is full.",
    ),
    "one zone": (
        ("instances.json", lambda it: it[1].update(zone=it[0]["zone"])),
        "INF-CLD-2",
        "application is in 1 zones, limit is 2",
    ),
    "no standby": (
        ("databases.json", lambda it: it[0]["settings"].update(availabilityType="ZONAL")),
        "INF-CLD-2",
        "database is in 1 zones",
    ),
    "cache alone": (
        ("caches-asia-northeast3.json", lambda it: it[0].update(tier="BASIC")),
        "INF-CLD-2",
        "cache is in 1 zones",
    ),
    "other region": (
        ("instances.json", lambda it: it.append(machine("stray", "a") | {"zone": f"{LINK}/zones/us-central1-a"})),
        "INF-CLD-2",
        "stray in us-central1",
    ),
    "quota used": (
        ("region-asia-northeast3.json", lambda it: it["quotas"][0].update(usage=20.0)),
        "INF-CLD-3",
        "CPUS in asia-northeast3: 20 of 24, 28 planned",
    ),
    "budget without thresholds": (
        ("budgets.json", lambda it: it[0].pop("thresholdRules")),
        "INF-CLD-4",
        "budget shop tells nobody by 100 %",
    ),
    "nobody to tell": (
        ("budgets.json", lambda it: it[0].update(notificationsRule={"disableDefaultIamRecipients": True})),
        "INF-CLD-4",
        "budget shop tells nobody by 100 %",
    ),
    "ssh for everybody": (
        ("firewall.json", lambda it: it.append(rule("ssh", "22"))),
        "SEC-CFG-1",
        "ssh: tcp 22 from 0.0.0.0/0",
    ),
    "half of the world": (
        ("firewall.json", lambda it: it.append(rule("half", "22", sourceRanges=["128.0.0.0/1"]))),
        "SEC-CFG-1",
        "half: tcp 22 from 128.0.0.0/1",
    ),
    "everything": (
        ("firewall.json", lambda it: it.append(rule("all", allowed=[{"IPProtocol": "all"}], sourceRanges=["::/0"]))),
        "SEC-CFG-1",
        "all: all from ::/0",
    ),
    "no source is every source": (
        ("firewall.json", lambda it: it.append(rule("bare", "22", sourceRanges=None))),
        "SEC-CFG-1",
        "bare: tcp 22 from 0.0.0.0/0",
    ),
    "public database": (
        (
            "databases.json",
            lambda it: it[0]["settings"]["ipConfiguration"]["authorizedNetworks"].append({"value": "0.0.0.0/0"}),
        ),
        "SEC-CFG-1",
        "database shop-db lets in 0.0.0.0/0",
    ),
    "default network": (
        (
            "firewall.json",
            lambda it: it.append(
                rule("default-allow-internal", network=f"{LINK}/global/networks/default", sourceRanges=["10.128.0.0/9"])
            ),
        ),
        "SEC-CFG-1",
        "rule default-allow-internal of the default network",
    ),
}


@pytest.mark.parametrize("case", RED)
def test_a_mistake_turns_exactly_its_item_red(case: str, checks: Any, project: Callable[..., CloudService]) -> None:
    (name, change), item, reason = RED[case]
    files = healthy()
    change(files[name])
    settings = project(files)
    assert checks.red_items(settings) == {item}
    assert any(reason in one.reason for one in checks.all(settings).values() if one.state == "FAIL")


NOT_OPEN: dict[str, Any] = {
    "disabled": {"disabled": True},
    "outgoing": {"direction": "EGRESS"},
    "by tag": {"sourceRanges": None, "sourceTags": ["lb"]},
    "private": {"sourceRanges": ["10.0.0.0/8", "fd00::/8", "203.0.113.0/24"]},
    "denied": {"allowed": None, "denied": [{"IPProtocol": "all"}]},
}


@pytest.mark.parametrize("case", NOT_OPEN)
def test_a_rule_that_lets_nobody_in_is_none(case: str, checks: Any, project: Callable[..., CloudService]) -> None:
    files = healthy()
    files["firewall.json"].append(rule("closed", "22", **NOT_OPEN[case]))
    assert checks.red_items(project(files)) == set()


def test_what_google_cannot_be_asked_is_not_verified(checks: Any, project: Callable[..., CloudService]) -> None:
    found = checks.one("unusual_costs_are_watched", project(healthy(), costs={}))
    assert found.state == "NOT_VERIFIED"
    assert "attest INF-CLD-4" in found.reason


def test_without_a_billing_account_nothing_is_known(checks: Any, project: Callable[..., CloudService]) -> None:
    found = checks.one("budgets_warn_in_time", project(healthy(), billing_account=""))
    assert (found.state, "write billing_account" in found.reason) == ("NOT_VERIFIED", True)


@pytest.mark.parametrize("name", [name for name in healthy() if name not in {"project.json", "budgets.json"}])
def test_a_file_that_is_missing_is_never_a_pass(name: str, checks: Any, project: Callable[..., CloudService]) -> None:
    files = healthy()
    del files[name]
    found = checks.all(project(files))
    assert "NOT_VERIFIED" in {one.state for one in found.values()}
    assert any(f"{name} was not exported" in one.reason for one in found.values())


def test_files_of_another_project_prove_nothing(checks: Any, project: Callable[..., CloudService]) -> None:
    files = healthy()
    files["project.json"]["name"] = "shop-test-123"
    assert {one.state for one in checks.all(project(files)).values()} == {"NOT_VERIFIED"}


def test_a_line_of_another_project_proves_nothing(checks: Any, project: Callable[..., CloudService]) -> None:
    files = healthy()
    files["firewall.json"][0]["selfLink"] = files["firewall.json"][0]["selfLink"].replace(PROJECT, "shop-test-123")
    found = checks.one("only_the_listed_is_open_to_the_world", project(files))
    assert (found.state, "is not of project" in found.reason) == ("NOT_VERIFIED", True)


@pytest.mark.parametrize("empty", ["instances.json", "firewall.json"])
def test_an_empty_list_is_no_pass(empty: str, checks: Any, project: Callable[..., CloudService]) -> None:
    files = healthy()
    files[empty] = []
    if empty == "firewall.json":
        files["databases.json"] = []
    check = {"instances.json": "every_tier_spans_zones", "firewall.json": "only_the_listed_is_open_to_the_world"}[empty]
    assert checks.one(check, project(files)).state != "PASS"
