"""Small rules: which networks are the world, ports, quantities, allowed openings, and the inventory's own mistakes."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from signoff.config.kinds.cloud import AllowedOpening, CloudService
from signoff.errors import NotVerifiedError
from signoff.probes.cloud.model import OpenRule
from signoff.probes.cloud.quantity import parse_quantity
from signoff.probes.cloud.world import is_world, port_range

UUID = "7d3f0f6e-2f0f-4f0e-9d55-3f1f0a9a2b11"


@pytest.mark.parametrize(
    "source", ["0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "32.0.0.0/7", "2000::/3", "8000::/1"]
)
def test_so_much_is_the_world(source: str) -> None:
    assert is_world(source)


@pytest.mark.parametrize(
    "source",
    ["10.0.0.0/8", "fc00::/7", "fd00::/8", "203.0.113.0/24", "192.0.2.7", "16.0.0.0/8", "2001:db8::/32", "::1"],
)
def test_so_much_is_a_closed_circle(source: str) -> None:
    assert not is_world(source)


@settings(max_examples=50)
@given(st.integers(0, 7), st.integers(0, 2**32 - 1))
def test_every_wide_network_is_the_world_unless_nobody_has_it(length: int, address: int) -> None:
    network = ipaddress.ip_network((address >> (32 - length) << (32 - length) if length else 0, length))
    assert is_world(str(network)) is not network.is_private


@pytest.mark.parametrize("text", ["", "internet", "10.0.0.0/33", "sg-1"])
def test_what_is_no_network_is_not_taken_for_harmless(text: str) -> None:
    with pytest.raises(NotVerifiedError):
        is_world(text)


def test_ports() -> None:
    assert (port_range("22"), port_range("80-90"), port_range("*")) == ((22, 22), (80, 90), (0, 65535))
    with pytest.raises(NotVerifiedError):
        port_range("ssh")


QUANTITIES: dict[str, Any] = {
    "4": 4.0,
    "500m": 0.5,
    "1.5": 1.5,
    "8Gi": 8 * 1024.0**3,
    "2k": 2000.0,
    "1e3": 1000.0,
    "1E3": 1000.0,
    "2E": 2e18,
    "1Ei": 1024.0**6,
    "250u": 250e-6,
    "100n": 1e-7,
    "0": 0.0,
}


@pytest.mark.parametrize("text", QUANTITIES)
def test_quantities(text: str) -> None:
    assert parse_quantity(text) == pytest.approx(QUANTITIES[text])


@pytest.mark.parametrize("text", ["", "ten", "-1", "1 Gi", "5kB", "1e", "0x10", "1Gi5"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(NotVerifiedError):
        parse_quantity(text)


def rule(**keys: Any) -> OpenRule:
    standard: dict[str, Any] = {"rule": "edge", "protocol": "tcp", "first": 443, "last": 443, "source": "0.0.0.0/0"}
    return OpenRule(**(standard | keys))


OPENINGS: dict[str, Any] = {
    "same port": ({}, {}, True),
    "within a range": ({"ports": "400-500"}, {}, True),
    "by glob": ({"rules": "e*"}, {}, True),
    "any port": ({"ports": "*"}, {}, True),
    "all protocols": ({"protocol": "all", "ports": "*"}, {"protocol": "all", "first": 0, "last": 65535}, True),
    "icmp has no ports": ({"protocol": "icmp", "ports": "*"}, {"protocol": "icmp", "first": 0, "last": 65535}, True),
    "other port": ({}, {"first": 22, "last": 22}, False),
    "wider range": ({"ports": "443"}, {"first": 443, "last": 444}, False),
    "other rule": ({"rules": "web"}, {}, False),
    "glob is case-sensitive": ({"rules": "EDGE"}, {}, False),
    "other protocol": ({}, {"protocol": "udp"}, False),
    "everything is more than tcp": ({"ports": "*"}, {"protocol": "all", "first": 0, "last": 65535}, False),
}


@pytest.mark.parametrize("case", OPENINGS)
def test_an_opening_covers_nothing_beyond_itself(case: str) -> None:
    allowed, opened, covered = OPENINGS[case]
    entry = {"ports": "443", "rules": "edge", "reason": "x", **allowed}
    assert AllowedOpening.model_validate(entry).covers(rule(**opened)) is covered


@settings(max_examples=50)
@given(*[st.integers(0, 65535)] * 4)
def test_a_covered_rule_lies_within_the_opening(low: int, high: int, first: int, last: int) -> None:
    low, high, first, last = *sorted((low, high)), *sorted((first, last))
    allowed = AllowedOpening(ports=f"{low}-{high}", rules="*", reason="x")
    assert allowed.covers(rule(first=first, last=last)) is (low <= first and last <= high)


AWS = {"provider": "aws", "account": "123456789012", "regions": ["r"]}
KUBERNETES = {"provider": "kubernetes", "account": UUID, "regions": ["r"], "exports": {"folder": "f"}}
MISTAKES: dict[str, Any] = {
    "account of another form": ({**AWS, "account": "1234"}, "write the account's twelve digits"),
    "uid of another form": ({**KUBERNETES, "account": "prod"}, "uid of the namespace kube-system"),
    "aws by export": ({**AWS, "exports": {"folder": "f"}}, "is not for aws"),
    "no way there": ({**KUBERNETES, "exports": None}, "exactly one of exports and program"),
    "two ways there": ({**KUBERNETES, "program": {}}, "exactly one of exports and program"),
    "key of another provider": ({**KUBERNETES, "profile": "x"}, "profile is for aws only"),
    "half a key": ({**AWS, "access_key_id": "AKIA"}, "go together"),
    "growth of a stranger": (
        {**AWS, "quotas": [{"service": "ec2", "code": "x", "grows_with": {"gone": 1}}]},
        "groups that are not listed: gone",
    ),
    "tier found twice": ({**AWS, "tiers": [{"name": "a", "group": "g", "cache": "c"}]}, "exactly one of"),
    "tier found by nothing": ({**AWS, "tiers": [{"name": "a"}]}, "exactly one of"),
    "label without a value": ({**AWS, "tiers": [{"name": "a", "instances": "web"}]}, "KEY=VALUE"),
    "no ports": ({**AWS, "open_to_world": [{"ports": "https", "rules": "*", "reason": "x"}]}, "not ports"),
    "ports backwards": ({**AWS, "open_to_world": [{"ports": "90-80", "rules": "*", "reason": "x"}]}, "not ports"),
    "opening without a reason": ({**AWS, "open_to_world": [{"ports": "1", "rules": "*", "reason": ""}]}, "reason"),
    "unknown key": ({**AWS, "region": "r"}, "region"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_mistakes_of_the_inventory_are_named(case: str) -> None:
    entry, words = MISTAKES[case]
    with pytest.raises(ValidationError, match=words):
        CloudService.model_validate({"kind": "cloud", **entry})


def test_an_entry_says_where_it_is_without_its_keys() -> None:
    entry = {**AWS, "kind": "cloud", "access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "hidden"}
    cloud = CloudService.model_validate(entry)
    assert cloud.address == "aws 123456789012 in r"
    assert "hidden" not in repr(cloud)
    assert "AKIAIOSFODNN7EXAMPLE" not in repr(cloud)
