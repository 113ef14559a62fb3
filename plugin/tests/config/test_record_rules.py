"""Rules about people's word: what the policy may say of waivers and attestations, and how their files are read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from signoff.model import Severity

if TYPE_CHECKING:
    from collections.abc import Callable

POLICY = (
    "schema_version: 1\nproduct: P\nenvironment: demo\ntimezone: Asia/Seoul\n"
    "release: {version: 1.0.0, commit: abcdef1}\nroster:\n  - {name: Kim, roles: [tech]}\n"
)
WAIVER = (
    "schema_version: 1\nwaivers:\n"
    "  - {id: W-1, item: INF-SRV-1, fingerprints: [abc], reason: r, risk: r, compensating_control: c,\n"
    "     requested_by: a, approver: b, role: tech, created: 2026-01-01T00:00:00Z, expires: EXPIRES}\n"
)


def test_rules_have_defaults(load: Callable[..., Any]) -> None:
    policy = load().policy
    assert policy.waiver_days == {
        Severity.CRITICAL: 14,
        Severity.HIGH: 30,
        Severity.MEDIUM: 60,
        Severity.LOW: 90,
    }
    assert (policy.not_waivable, policy.attesting_roles, policy.attesting) == (frozenset(), frozenset(), {})
    assert (policy.attestations_signed, policy.attestation_days) == (False, 365)
    assert policy.due_days == {Severity.CRITICAL: 1, Severity.HIGH: 3, Severity.MEDIUM: 7, Severity.LOW: 14}


def test_rules_are_read_and_what_is_left_out_keeps_its_default(load: Callable[..., Any]) -> None:
    extra = (
        "due_days: {critical: 0}\nwaivers: {longest: {critical: 7}, never: [INF-SRV-1]}\n"
        "attestations: {roles: [tech], signed: required, longest: 90}\n"
    )
    policy = load({"policy.yaml": POLICY + extra}).policy
    assert (policy.waiver_days[Severity.CRITICAL], policy.waiver_days[Severity.LOW]) == (7, 90)
    assert (policy.due_days[Severity.CRITICAL], policy.due_days[Severity.HIGH]) == (0, 3)
    assert policy.not_waivable == {"INF-SRV-1"}
    assert (policy.attesting_roles, policy.attestations_signed, policy.attestation_days) == ({"tech"}, True, 90)
    assert policy.roster[0].place.endswith("policy.yaml:7")


MISTAKES = {
    "waivers: {longest: {critical: 91}}": "less than or equal to 90",
    "waivers: {longest: {critical: 0}}": "greater than or equal to 1",
    "waivers: {longest: {urgent: 5}}": "'critical', 'high', 'medium' or 'low'",
    "waivers: {never: [INF-SRV-2]}": "did you mean 'INF-SRV-1'?",
    "waivers: {maximum: 5}": "unknown key",
    "attestations: {roles: [tecg]}": "nobody on the roster holds the role 'tecg' (did you mean 'tech'?)",
    "attestations: {items: {INF-SRV-2: [tech]}}": "unknown item 'INF-SRV-2'",
    "attestations: {items: {INF-SRV-1: [tech]}}": "is a test item, which nobody attests",
    "attestations: {longest: 0}": "greater than or equal to 1",
    "attestations: {signed: true}": "'optional' or 'required'",
    "due_days: {low: -1}": "greater than or equal to 0",
}


@pytest.mark.parametrize(("text", "said"), MISTAKES.items())
def test_mistake_in_the_rules_is_refused(refused: Callable[..., list[str]], text: str, said: str) -> None:
    found = refused({"policy.yaml": f"{POLICY}{text}\n"})
    assert len(found) == 1
    assert said in found[0]


ENDS = {
    "2026-01-10": datetime(2026, 1, 10, 15, tzinfo=UTC),  # midnight in Seoul
    "'2026-01-10T12:00:00+09:00'": datetime(2026, 1, 10, 3, tzinfo=UTC),
    "'2026-01-10T12:00:00Z'": datetime(2026, 1, 10, 12, tzinfo=UTC),
}


@pytest.mark.parametrize(("written", "end"), ENDS.items())
def test_date_alone_ends_with_that_day_in_the_projects_zone(
    load: Callable[..., Any], written: str, end: datetime
) -> None:
    (waiver,) = load({"waivers.yaml": WAIVER.replace("EXPIRES", written)}).records.waivers
    assert waiver.expires == end
    assert (waiver.starts, waiver.place.rpartition("/")[2]) == (None, "waivers.yaml:3")


@pytest.mark.parametrize("written", ["'2026-01-10T12:00:00'", "soon", "9999-12-31", "''"])
def test_end_that_is_none_is_refused(refused: Callable[..., list[str]], written: str) -> None:
    assert len(refused({"waivers.yaml": WAIVER.replace("EXPIRES", written)})) == 1


def test_waiver_may_say_from_when_it_counts(load: Callable[..., Any]) -> None:
    text = WAIVER.replace("EXPIRES", "2026-01-10, starts: 2026-01-02T09:00:00+09:00")
    (waiver,) = load({"waivers.yaml": text}).records.waivers
    assert waiver.starts == datetime(2026, 1, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize("written", ["1234567890123456", "1234567e89012345"])
def test_fingerprint_that_yaml_takes_for_a_number_is_refused_with_the_reason(
    refused: Callable[..., list[str]], written: str
) -> None:
    text = WAIVER.replace("EXPIRES", "2026-01-10").replace("[abc]", f"[{written}]")
    (found,) = [found for found in refused({"waivers.yaml": text}) if "fingerprints.0" in found]
    assert "put it in quotes" in found


def test_evidence_that_is_nowhere_is_refused(refused: Callable[..., list[str]]) -> None:
    text = (
        "schema_version: 1\nattestations:\n"
        "  - {item: INF-SRV-1, status: pass, statement: s, by: Kim, role: tech, at: 2026-01-01T00:00:00Z,\n"
        f"     expires: 2026-02-01, release: 1.0.0, evidence: [{{name: a.pdf, sha256: {'a' * 64}}}]}}\n"
    )
    (found,) = refused({"attestations.yaml": text})
    assert "says nowhere where it is" in found


EMPTY = ["reason", "risk", "compensating_control", "requested_by", "approver", "role"]


@pytest.mark.parametrize("name", EMPTY)
def test_waiver_without_words_is_refused(refused: Callable[..., list[str]], name: str) -> None:
    text = re.sub(rf"{name}: \w+", f"{name}: ''", WAIVER.replace("EXPIRES", "2026-01-10"))
    assert any(name in found for found in refused({"waivers.yaml": text}))
