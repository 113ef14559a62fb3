"""The roster: one key is one person, and a key is one that can sign."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from signoff.model import Separation

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = (
    "schema_version: 1\nproduct: Shop\nenvironment: demo\ntimezone: Asia/Seoul\n"
    "release: {version: 1.0.0, commit: abcdef1}\n"
)
KEY = base64.b64encode(b"k" * 32).decode()
OTHER = base64.b64encode(b"o" * 32).decode()


def _policy(*people: str, more: str = "") -> dict[str, str]:
    return {"policy.yaml": HEAD + "roster:\n" + "".join(f"  - {person}\n" for person in people) + more}


REFUSED = {
    "one key for two": (
        (f"{{name: Kim, roles: [tech], public_key: '{KEY}'}}", f"{{name: Lee, roles: [qa], public_key: '{KEY}'}}"),
        "roster.1.public_key: is the key of Kim too: one key is one person",
    ),
    "no key": (("{name: Kim, roles: [tech], public_key: 'c2hvcnQ='}",), "is no Ed25519 public key (write the line"),
    "not base64": (("{name: Kim, roles: [tech], public_key: 'ssh-ed25519 AAAA'}",), "is no Ed25519 public key"),
    "backwards": (
        ("{name: Kim, roles: [tech], valid_from: 2026-06-02T00:00:00Z, valid_until: 2026-06-01T00:00:00Z}",),
        "roster.0.valid_until: is not after valid_from",
    ),
    "no zone": (("{name: Kim, roles: [tech], valid_until: 2026-06-01T00:00:00}",), "roster.0.valid_until"),
}


@pytest.mark.parametrize(("people", "says"), REFUSED.values(), ids=REFUSED)
def test_roster_that_cannot_be_is_refused(
    refused: Callable[..., list[str]], people: tuple[str, ...], says: str
) -> None:
    problems = refused(_policy(*people))
    assert any(says in problem for problem in problems), problems


def test_rules_of_separation_are_switched_off_one_by_one(load: Any) -> None:
    two = (f"{{name: Kim, roles: [tech], public_key: '{KEY}'}}", f"{{name: Lee, roles: [qa], public_key: '{OTHER}'}}")
    assert load(_policy(*two)).policy.relaxed == frozenset()
    for rule in Separation:
        policy = load(_policy(*two, more=f"separation_of_duties: {{{rule}: false}}\n")).policy
        assert policy.relaxed == {rule}
    digests = {
        load(_policy(*two, more=more)).policy.sha256 for more in ("", "separation_of_duties: {attester: false}\n")
    }
    assert len(digests) == 2, "what is relaxed is part of what is signed"
