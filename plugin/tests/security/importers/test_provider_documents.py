"""Answers of Cloudflare, Google Cloud and Keycloak as their programming interfaces are documented."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from signoff.errors import SignoffError
from signoff.importers.settings import cloud_armor, cloudflare, keycloak

pytestmark = pytest.mark.contract


def text(document: Any) -> bytes:
    return json.dumps(document).encode()


def answer(result: Any, **info: Any) -> bytes:
    return text({"success": True, "errors": [], "messages": [], "result": result, "result_info": info})


def record(name: str, *, proxied: bool = True, kind: str = "A") -> dict[str, Any]:
    return {"id": name, "name": name, "type": kind, "content": "192.0.2.1", "proxied": proxied, "ttl": 1}


ZONE = {"id": "023e105f4ecef8ad9ca31a8372d0c353", "name": "example.test", "status": "active", "paused": False}
RECORDS = [
    record("shop.example.test"),
    record("direct.example.test", proxied=False),
    {"id": "m", "name": "example.test", "type": "MX", "content": "mail.example.test", "ttl": 1},
]


def test_cloudflare_tells_which_names_lead_past_it() -> None:
    found = cloudflare.read(answer(ZONE), answer(RECORDS, total_count=3, page=1, per_page=100))

    assert found.is_active
    assert list(found.gaps(["shop.example.test"])) == []
    assert list(found.gaps(["direct.example.test", "gone.example.test"])) == [
        "direct.example.test: leads past Cloudflare",
        "gone.example.test: is not in the zone",
    ]


@pytest.mark.parametrize("change", [{"paused": True}, {"status": "moved"}])
def test_a_zone_that_is_not_served_protects_nothing(change: dict[str, Any]) -> None:
    found = cloudflare.read(answer(ZONE | change), answer(RECORDS, total_count=3))

    assert list(found.gaps(["shop.example.test"])) == [
        "shop.example.test: the zone example.test is not active, or paused"
    ]


def test_a_name_with_one_record_past_cloudflare_is_exposed() -> None:
    both = [record("shop.example.test"), record("shop.example.test", proxied=False, kind="AAAA")]

    found = cloudflare.read(answer(ZONE), answer(both, total_count=2))

    assert list(found.gaps(["shop.example.test"])) == ["shop.example.test: leads past Cloudflare"]


@pytest.mark.parametrize(
    ("zone", "records"),
    [
        (answer(ZONE), answer(RECORDS, total_count=120)),
        (answer(ZONE), answer(RECORDS)),
        (text({"success": False, "errors": [{"code": 9109}], "result": None}), answer(RECORDS, total_count=3)),
        (answer(ZONE)[:40], answer(RECORDS, total_count=3)),
        (answer(ZONE), answer([{"name": "x", "type": "A"}], total_count=1)),
    ],
)
def test_one_page_an_error_or_half_a_file_is_no_evidence(zone: bytes, records: bytes) -> None:
    with pytest.raises(SignoffError):
        cloudflare.read(zone, records)


POLICY: dict[str, Any] = {
    "name": "front",
    "adaptiveProtectionConfig": {"layer7DdosDefenseConfig": {"enable": True}},
    "rules": [
        {"priority": 1000, "action": "deny(403)", "preview": False, "match": {}},
        {"priority": 2_147_483_647, "action": "allow", "match": {}},
    ],
}
BACKEND = {
    "name": "shop",
    "securityPolicy": "https://www.googleapis.com/compute/v1/projects/p/global/securityPolicies/front",
}
DENY, ALLOW = POLICY["rules"]


@pytest.mark.parametrize(
    ("policy", "backend", "gaps"),
    [
        (POLICY, BACKEND, []),
        (POLICY, {"name": "shop"}, ["shop: no security policy"]),
        (POLICY, {"name": "other"}, ["shop: no such backend service"]),
        (POLICY | {"adaptiveProtectionConfig": {}}, BACKEND, ["shop: front has no adaptive protection"]),
        (POLICY | {"rules": [ALLOW]}, BACKEND, ["shop: front refuses nothing"]),
        (POLICY | {"rules": [DENY | {"preview": True}]}, BACKEND, ["shop: front only previews rules 1000"]),
    ],
)
def test_cloud_armor_must_work_before_the_service(policy: Any, backend: Any, gaps: list[str]) -> None:
    assert list(cloud_armor.read(text([policy]), text([backend])).gaps(["shop"])) == gaps


@pytest.mark.parametrize(("policies", "backends"), [("[]", "[]"), ("{}", '[{"name": "shop"}]'), ("[", "[]")])
def test_no_backend_service_is_no_evidence(policies: str, backends: str) -> None:
    with pytest.raises(SignoffError):
        cloud_armor.read(policies.encode(), backends.encode())


REALM: dict[str, Any] = {
    "realm": "shop",
    "enabled": True,
    "sslRequired": "external",
    "passwordPolicy": "length(14) and notUsername(undefined) and passwordHistory(5)",
    "bruteForceProtected": True,
    "failureFactor": 6,
    "ssoSessionIdleTimeout": 1800,
    "ssoSessionMaxLifespan": 36_000,
    "requiredActions": [{"alias": "CONFIGURE_TOTP", "enabled": True, "defaultAction": True}],
}
FLOW = [
    {"alias": "browser", "authenticationExecutions": [{"authenticator": "auth-otp-form", "requirement": "REQUIRED"}]}
]


def test_a_realm_tells_its_rules() -> None:
    found = keycloak.read(text(REALM))

    assert (found.name, found.min_password, found.locks_after, found.needs_https) == ("shop", 14, 6, True)
    assert (found.session_idle, found.session_lifetime) == (timedelta(minutes=30), timedelta(hours=10))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"requiredActions": []}, False),
        ({"requiredActions": [{"alias": "CONFIGURE_TOTP", "enabled": True, "defaultAction": False}]}, False),
        ({"requiredActions": [], "authenticationFlows": FLOW}, True),
    ],
)
def test_a_second_factor_counts_if_nobody_can_do_without(change: dict[str, Any], expected: bool) -> None:
    assert keycloak.read(text(REALM | change)).needs_second_factor is expected


def test_a_realm_without_rules_has_none() -> None:
    loose = {key: value for key, value in REALM.items() if key != "passwordPolicy"}

    found = keycloak.read(text(loose | {"bruteForceProtected": False, "sslRequired": "none"}))

    assert (found.min_password, found.locks_after, found.needs_https) == (0, 0, False)


@pytest.mark.parametrize("document", [{}, {"realm": "shop"}, [], {**REALM, "failureFactor": "many"}])
def test_what_is_no_realm_is_no_evidence(document: Any) -> None:
    with pytest.raises(SignoffError):
        keycloak.read(text(document))
