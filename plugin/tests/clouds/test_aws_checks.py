"""INF-CLD-1…4 and SEC-CFG-1 of an Amazon account: healthy, with each mistake of the catalogue, and not to be asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from estate.companions.aws_account import ALARM, BUDGET, GROUP, KEY_ID, Amazon
from estate.companions.aws_changes import CHANGES
from estate.faults.cloud import FAULTS
from signoff.config.kinds.cloud import CloudService

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.contract


@pytest.fixture
def account(amazon: Amazon) -> Callable[..., CloudService]:
    """Return the inventory entry of the account; keywords replace its keys."""

    def account_(**keys: Any) -> CloudService:
        entry = {
            "kind": "cloud",
            "provider": "aws",
            "account": "123456789012",
            "regions": ["ap-northeast-2"],
            "access_key_id": KEY_ID,
            "secret_access_key": "example",
            "endpoint": amazon.endpoint,
            "groups": [{"name": GROUP, "minimum": 2, "peak": 6}],
            "tiers": [
                {"name": "application", "group": GROUP},
                {"name": "database", "database": "shop-db"},
                {"name": "cache", "cache": "shop-cache"},
            ],
            "quotas": [{"service": "ec2", "code": "L-1216C47A", "grows_with": {GROUP: 2}}],
            "costs": {"budgets": [BUDGET]},
            "open_to_world": [{"ports": port, "rules": "shop-edge", "reason": "The shop."} for port in ("80", "443")],
            "empty_elsewhere": False,
        }
        return CloudService.model_validate(entry | keys)

    return account_


@pytest.fixture
def today(checks: Any) -> Any:
    """Return the checks, judged now: the account's own clock is the machine's."""
    checks._given["evaluated_at"] = datetime.now(UTC)
    return checks


def test_a_healthy_account_passes(today: Any, account: Callable[..., CloudService]) -> None:
    found = today.all(account())
    assert {check: one.reason for check, one in found.items() if one.state != "PASS"} == {}
    assert all(one.evidence["inspected"] > 0 for one in found.values())


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_mistake_turns_exactly_its_items_red(
    fault: Any, today: Any, amazon: Amazon, account: Callable[..., CloudService]
) -> None:
    break_, mend = CHANGES[fault.name]
    settings = account(empty_elsewhere=fault.name == "machine-in-another-region")
    memory = break_(amazon)
    try:
        found = today.red_items(settings)
    finally:
        mend(amazon, memory)
    assert found == set(fault.items)


def test_all_mistakes_at_once_are_mended_in_any_order(
    today: Any, amazon: Amazon, account: Callable[..., CloudService]
) -> None:
    memories = {name: break_(amazon) for name, (break_, _) in CHANGES.items()}
    try:
        assert today.red_items(account()) == {item for fault in FAULTS for item in fault.items}
    finally:
        for name in sorted(memories):
            CHANGES[name][1](amazon, memories[name])
    assert today.red_items(account()) == set()


def test_each_fault_has_a_change_and_each_change_a_fault() -> None:
    assert {fault.name for fault in FAULTS} == set(CHANGES)


RED: dict[str, Any] = {
    "group absent": (
        {"groups": [{"name": "gone", "peak": 2}], "quotas": []},
        "scaling_groups_have_room_for_the_peak",
        "no scaling group gone",
    ),
    "peak beyond the maximum": (
        {"groups": [{"name": GROUP, "peak": 7}]},
        "scaling_groups_have_room_for_the_peak",
        "may grow to 6, the peak needs 7",
    ),
    "may shrink to few": (
        {"groups": [{"name": GROUP, "minimum": 3, "peak": 6}]},
        "scaling_groups_have_room_for_the_peak",
        "may shrink to 2, limit is 3",
    ),
    "three zones wanted": (
        {"tiers": [{"name": "application", "group": GROUP, "zones": 3}]},
        "every_tier_spans_zones",
        "application is in 2 zones, limit is 3",
    ),
    "nothing in the tier": (
        {"tiers": [{"name": "web", "instances": "Tier=web"}]},
        "every_tier_spans_zones",
        "nothing runs for web",
    ),
    "planned beyond the quota": (
        {"quotas": [{"service": "ec2", "code": "L-1216C47A", "planned": 23}]},
        "cloud_quotas_leave_room",
        "4 of 32, 23 planned",
    ),
    "budget absent": ({"costs": {"budgets": ["gone"]}}, "budgets_warn_in_time", "no budget gone"),
    "budget tells too late": ({"costs": {"alert_at": 50}}, "budgets_warn_in_time", "tells nobody by 50 %"),
    "port not allowed": (
        {"open_to_world": [{"ports": "443", "rules": "shop-*", "reason": "x"}]},
        "only_the_listed_is_open_to_the_world",
        "open to the world: shop-edge: tcp 80 from 0.0.0.0/0",
    ),
}


@pytest.mark.parametrize("case", RED)
def test_what_the_inventory_wants_is_compared(case: str, today: Any, account: Callable[..., CloudService]) -> None:
    keys, check, reason = RED[case]
    found = today.one(check, account(**keys))
    assert found.state == "FAIL"
    assert reason in found.reason


CANNOT_TELL: dict[str, Any] = {
    "no groups named": ({"groups": [], "quotas": []}, "scaling_groups_have_room_for_the_peak", "write groups"),
    "no tiers named": ({"tiers": []}, "every_tier_spans_zones", "write tiers"),
    "no quotas named": ({"quotas": []}, "cloud_quotas_leave_room", "write quotas"),
    "quota unknown": (
        {"quotas": [{"service": "ec2", "code": "L-00000000"}]},
        "cloud_quotas_leave_room",
        "no limit L-00000000; correct its name",
    ),
}


@pytest.mark.parametrize("case", CANNOT_TELL)
def test_what_is_not_asked_for_is_not_verified(case: str, today: Any, account: Callable[..., CloudService]) -> None:
    keys, check, reason = CANNOT_TELL[case]
    found = today.one(check, account(**keys))
    assert found.state == "NOT_VERIFIED"
    assert reason in found.reason


def test_another_account_is_an_error_of_every_check(today: Any, account: Callable[..., CloudService]) -> None:
    found = today.all(account(account="999999999999"))
    assert {one.state for one in found.values()} == {"ERROR"}
    assert {one.reason for one in found.values()} == {
        "these credentials belong to account 123456789012, the inventory names 999999999999; correct one of them"
    }


def test_nobody_there_is_an_error_of_every_check(today: Any, account: Callable[..., CloudService]) -> None:
    found = today.one("scaling_follows_live_metrics", account(endpoint="http://127.0.0.1:9"))
    assert found.state == "ERROR"


def test_evidence_holds_no_key_and_no_address(today: Any, account: Callable[..., CloudService]) -> None:
    said = str([one.evidence for one in today.all(account()).values()])
    assert KEY_ID not in said
    assert "operations@example.com" not in said


def test_a_gone_alarm_is_an_obstacle(today: Any, amazon: Amazon, account: Callable[..., CloudService]) -> None:
    amazon.client("cloudwatch").disable_alarm_actions(AlarmNames=[ALARM])
    try:
        found = today.one("scaling_follows_live_metrics", account())
    finally:
        amazon.client("cloudwatch").enable_alarm_actions(AlarmNames=[ALARM])
    assert (found.state, found.reason) == (
        "FAIL",
        f"cloud: {GROUP}: actions of alarm {ALARM} are disabled",
    )
