"""What may be attested now: refused with the rule, by the same rules as the statement is judged."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from signoff.decision.may_attest import check_may_attest, role_of
from signoff.errors import RecordError
from signoff.model import EvidenceFile, Method, Person, Records, State

CHANGED = EvidenceFile(name="drill.pdf", sha256="a" * 64, actual_sha256="b" * 64)
GONE = EvidenceFile(name="drill.pdf", sha256="a" * 64)
MAY = "qa, security, security-lead, tech"

ALLOWED: dict[str, tuple[dict[str, Any], State]] = {
    "it is good": ({}, State.ATTESTED),
    "it is good for one more second": ({"expires": timedelta(seconds=1)}, State.ATTESTED),
    "it is bad": ({"passed": False}, State.FAIL),
    "it is bad, and the file has changed": ({"passed": False, "evidence": (CHANGED,)}, State.FAIL),
}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no words": ({"statement": " \n"}, "the statement is empty: write what was looked at, and what was found"),
    "a stranger": ({"by": "mallory"}, "SEC-CFG-1 cannot be attested so: mallory is not on the roster"),
    "a role not held": ({"role": "qa"}, "SEC-CFG-1 cannot be attested so: sam does not hold the role qa"),
    "somebody who has left": (
        {"by": "gone"},
        "SEC-CFG-1 cannot be attested so: gone was on the roster only until 2026-06-01T12:00:00+00:00",
    ),
    "a role that may not": (
        {"by": "eva", "role": "executive"},
        f"SEC-CFG-1 cannot be attested so: the role executive may not attest SEC-CFG-1; those who may: {MAY}",
    ),
    "too long": ({"expires": timedelta(days=365)}, "SEC-CFG-1 cannot be attested so: it lasts longer than 365 days"),
    "over already": (
        {"expires": timedelta(0)},
        "SEC-CFG-1 cannot be attested so: it would expire at 2026-06-01T12:00:00+00:00, which has passed",
    ),
    "over before it was made": (
        {"expires": timedelta(days=-2)},
        "SEC-CFG-1 cannot be attested so: it expires before it was made",
    ),
    "a file that changed": (
        {"evidence": (CHANGED,)},
        "SEC-CFG-1 cannot be attested so: its evidence drill.pdf has changed",
    ),
    "a file that is gone": (
        {"evidence": (GONE,)},
        "SEC-CFG-1 cannot be attested so: its evidence drill.pdf cannot be read",
    ),
}
MEASURED = {"measured": Method.TEST, "computed": Method.DERIVED}
STATED = {"read": Method.EXAMINE, "asked": Method.INTERVIEW, "measured and stated": Method.HYBRID}


def _policy(make: Any) -> Any:
    gone = Person(name="gone", roles=frozenset({"security-lead"}), valid_until=make.now)
    return make.policy(roster=(*make.people(), gone))


def _statement(make: Any, fields: dict[str, Any]) -> Any:
    moved = {name: make.now + value if isinstance(value, timedelta) else value for name, value in fields.items()}
    return make.attestation(**moved)


@pytest.mark.parametrize(("fields", "state"), ALLOWED.values(), ids=ALLOWED)
def test_what_may_be_stated_counts(make: Any, fields: dict[str, Any], state: State) -> None:
    item, statement = make.item(method=Method.EXAMINE, checks=()), _statement(make, fields)
    check_may_attest(statement, item, _policy(make), make.now)
    records = Records(attestations=(statement,))
    assert make.result([], items=(item,), policy=_policy(make), records=records).state is state


@pytest.mark.parametrize(("fields", "why"), REFUSED.values(), ids=REFUSED)
def test_is_refused_with_the_rule(make: Any, fields: dict[str, Any], why: str) -> None:
    with pytest.raises(RecordError) as caught:
        check_may_attest(_statement(make, fields), make.item(method=Method.EXAMINE), _policy(make), make.now)
    assert str(caught.value) == why


@pytest.mark.parametrize("method", MEASURED.values(), ids=MEASURED)
def test_statement_cannot_stand_in_for_a_measurement(make: Any, method: Method) -> None:
    with pytest.raises(RecordError, match=rf"SEC-CFG-1 is measured \(method {method}\)"):
        check_may_attest(make.attestation(), make.item(method=method), make.policy(), make.now)


@pytest.mark.parametrize("method", STATED.values(), ids=STATED)
def test_statement_is_asked_for(make: Any, method: Method) -> None:
    check_may_attest(make.attestation(), make.item(method=method), make.policy(), make.now)


def test_the_only_role_that_may_need_not_be_named(make: Any) -> None:
    policy, item = make.policy(), make.item(method=Method.EXAMINE)
    sam = Person(name="sam", roles=frozenset({"security-lead", "development"}))
    assert role_of(sam, item, policy, "") == "security-lead"
    assert role_of(sam, item, policy, "development") == "development"  # named: the check says whether it may


@pytest.mark.parametrize(
    ("roles", "why"),
    [
        (
            {"development"},
            f"sam holds no role that may attest SEC-CFG-1; those who may: {MAY}",
        ),
        ({"tech", "qa", "development"}, "sam may attest SEC-CFG-1 as qa or tech: say which with --role"),
        (
            {"tech", "security", "qa", "security-lead"},
            "sam may attest SEC-CFG-1 as qa or security or security-lead or tech: say which with --role",
        ),
    ],
    ids=["none may", "two may", "all may"],
)
def test_role_is_asked_for_where_it_is_not_clear(make: Any, roles: set[str], why: str) -> None:
    sam = Person(name="sam", roles=frozenset(roles))
    with pytest.raises(RecordError) as caught:
        role_of(sam, make.item(method=Method.EXAMINE), make.policy(), "")
    assert str(caught.value) == why
