"""Lint of attestations: each rule at its edge."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.decision.lint.attestations import lint
from signoff.model import EvidenceFile, Method

if TYPE_CHECKING:
    from datetime import datetime

    from signoff.decision.lint.findings import Finding

BACKED = (EvidenceFile(name="drill.pdf", sha256="a" * 64, actual_sha256="a" * 64),)
SECOND = timedelta(seconds=1)


def _lint(
    make: Any, *made: Any, failed: datetime | None = None, method: Method = Method.HYBRID, **fields: Any
) -> list[Finding]:
    items = (make.item(method=method),)
    return list(lint(made, items, {} if failed is None else {"SEC-CFG-1": failed}, make.policy(**fields), make.now))


def _kinds(found: list[Finding]) -> list[str]:
    return [finding.kind for finding in found]


def test_of_several_earlier_releases_the_newest_statement_is_named(make: Any) -> None:
    made = [
        make.attestation(release=release, at=make.ago(days=days))
        for release, days in (("0.8", 9), ("0.9", 3), ("0.7", 6))
    ]
    (found,) = _lint(make, *made)
    assert found.text.en == "sam's statement about SEC-CFG-1 is for release 0.9, and this is 1.0"
    assert (found.kind, found.error, found.place, found.subject) == ("other-release", False, "SEC-CFG-1", "SEC-CFG-1")
    assert _lint(make, *made, make.attestation(evidence=BACKED)) == []


def test_statement_about_a_measured_item_of_another_release_is_history(make: Any) -> None:
    assert _lint(make, make.attestation(release="0.9"), method=Method.TEST) == []


# whether the statement is good, made how long after the check failed; what is said of it
FAILED = {
    "a second after": (True, SECOND, []),
    "at once": (True, timedelta(0), ["contradiction"]),
    "a second before": (True, -SECOND, ["contradiction"]),
    "and says so too": (False, -SECOND, []),
}


@pytest.mark.parametrize(("passed", "after", "kinds"), FAILED.values(), ids=FAILED)
def test_statement_and_a_check_that_failed(make: Any, passed: bool, after: timedelta, kinds: list[str]) -> None:
    at = make.ago(days=1)
    found = _lint(make, make.attestation(passed=passed, at=at, evidence=BACKED), failed=at - after)
    assert _kinds(found) == kinds
    assert all(finding.error for finding in found)


def test_failure_is_told_to_the_second(make: Any) -> None:
    failed = make.ago(hours=1) + timedelta(microseconds=7)
    (found,) = _lint(make, make.attestation(evidence=BACKED), failed=failed)
    assert found.text.en == (
        "SEC-CFG-1: attestation by sam no longer counts: the item failed after it, at 2026-06-01T11:00:00+00:00; "
        "look again and attest anew"
    )


def test_only_good_news_needs_a_file(make: Any) -> None:
    assert _lint(make, make.attestation(passed=False)) == []
    assert _kinds(_lint(make, make.attestation())) == ["no-evidence"]
    unread = (EvidenceFile(name="drill.pdf", sha256="a" * 64),)
    assert _kinds(_lint(make, make.attestation(evidence=unread))) == ["invalid", "no-evidence"]
    assert _lint(make, make.attestation(evidence=BACKED)) == []


def test_end_is_announced_a_week_before(make: Any) -> None:
    ends = {timedelta(days=7): ["expires-soon"], timedelta(days=7) + SECOND: [], timedelta(0): ["invalid"]}
    found = {span: _kinds(_lint(make, make.attestation(evidence=BACKED, expires=make.now + span))) for span in ends}
    assert found == ends


# when sam said that it is bad, and what quinn, who said that it is good, did, in minutes ago; whether they contradict
WORDS = {
    "good after bad": (90, {"at": 60}, True),
    "good and bad at once": (60, {"at": 60}, True),
    "bad after good": (60, {"at": 90}, False),
    "bad just now": (0, {"at": 0}, True),
    "good by a stranger": (90, {"at": 60, "by": "mallory"}, False),
    "good in a role that may not": (90, {"at": 60, "by": "eva", "role": "executive"}, False),
    "good in the same role": (90, {"at": 60, "by": "sam", "role": "security-lead"}, False),
    "both from the future": (-60, {"at": -90}, False),
}


@pytest.mark.parametrize(("bad", "good", "told"), WORDS.values(), ids=WORDS)
def test_good_and_bad_news(make: Any, bad: int, good: dict[str, Any], told: bool) -> None:
    fields = {"by": "quinn", "role": "qa", "evidence": BACKED} | good | {"at": make.ago(minutes=good["at"])}
    refusal, praise = make.attestation(passed=False, at=make.ago(minutes=bad)), make.attestation(**fields)
    for both in ((refusal, praise), (praise, refusal)):
        assert ("contradiction" in _kinds(_lint(make, *both))) is told


def test_every_good_word_against_a_bad_one_is_named(make: Any) -> None:
    bad = make.attestation(passed=False, at=make.ago(days=2))
    good = [make.attestation(by=by, role=role, evidence=BACKED) for by, role in (("quinn", "qa"), ("tina", "tech"))]
    found = _lint(make, bad, *good)
    assert [f.text.en.partition(" states")[0] for f in found] == ["SEC-CFG-1: quinn", "SEC-CFG-1: tina"]
    assert found[0].step.en == "sam, or somebody else as security-lead, must attest anew."
