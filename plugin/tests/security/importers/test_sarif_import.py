"""SARIF as real tools write it, and as nobody should believe it."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.importers.sarif import read

BANDIT: dict[str, Any] = {
    "version": "2.1.0",
    "runs": [
        {
            "tool": {
                "driver": {"name": "Bandit", "semanticVersion": "1.9.4", "rules": [{"id": "B105"}, {"id": "B602"}]}
            },
            "invocations": [{"executionSuccessful": True, "endTimeUtc": "2026-11-22T08:00:00Z"}],
            "properties": {"metrics": {"_totals": {"loc": 900}, "./shop/app.py": {"loc": 400}, "./shop/db.py": {}}},
            "results": [
                {
                    "ruleId": "B602",
                    "ruleIndex": 1,
                    "message": {"text": "subprocess with shell=True"},
                    "locations": [
                        {"physicalLocation": {"artifactLocation": {"uri": "shop/app.py"}, "region": {"startLine": 12}}}
                    ],
                }
            ],
        }
    ],
}
CODEQL: dict[str, Any] = {
    "version": "2.1.0",
    "runs": [
        {
            "tool": {
                "driver": {
                    "name": "CodeQL",
                    "version": "2.20",
                    "rules": [
                        {
                            "id": "py/sql-injection",
                            "defaultConfiguration": {"level": "error"},
                            "properties": {"security-severity": "8.8"},
                        }
                    ],
                }
            },
            "artifacts": [{"location": {"uri": "a.py"}}, {"location": {"uri": "b.py"}}],
            "versionControlProvenance": [{"revisionId": "3f2a91c"}],
            "results": [
                {"ruleId": "py/sql-injection", "message": {"text": "x"}},
                {"ruleId": "py/sql-injection", "suppressions": [{"kind": "inSource"}]},
                {
                    "ruleId": "py/sql-injection",
                    "level": "note",
                    "suppressions": [{"kind": "external", "status": "underReview"}],
                },
                {"ruleId": "py/sql-injection", "kind": "pass"},
            ],
        }
    ],
}


def test_bandit_leaves_out_level_and_artifacts() -> None:
    report = read(json.dumps(BANDIT))

    (finding,) = report.findings
    assert str(finding) == "shop/app.py:12 B602 (warning)"
    assert (report.tools, report.files, report.rules) == (("Bandit 1.9.4",), 2, 2)
    assert report.ended == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert report.revisions == frozenset()


def test_codeql_keeps_level_and_score_with_the_rule() -> None:
    report = read(json.dumps(CODEQL))

    assert [(f.level, f.suppressed, f.security_severity) for f in report.findings] == [
        ("error", False, 8.8),
        ("error", True, 8.8),
        ("note", False, 8.8),
    ]
    assert (report.files, report.revisions, report.ended) == (2, frozenset({"3f2a91c"}), None)


@pytest.mark.parametrize(("level", "count"), [("note", 2), ("warning", 1), ("error", 1)])
def test_findings_count_from_a_level_up_unless_accepted(level: Any, count: int) -> None:
    assert len(read(json.dumps(CODEQL)).at_least(level)) == count


def test_an_unfinished_analysis_found_nothing_because_it_did_not_look() -> None:
    broken = copy.deepcopy(BANDIT)
    broken["runs"][0]["invocations"][0]["executionSuccessful"] = False

    with pytest.raises(NotVerifiedError, match="did not finish"):
        read(json.dumps(broken))


def _without_results() -> dict[str, Any]:
    broken = copy.deepcopy(BANDIT)
    del broken["runs"][0]["results"]
    return broken


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a JSON document"),
        (json.dumps(BANDIT)[:300], "truncated"),
        ("[]", r"\$\.version"),
        ('{"version": "2.1.0"}', r"\$\.runs: expected a list, found nothing"),
        ('{"version": "2.1.0", "runs": []}', "no run"),
        ('{"version": "1.0.0", "runs": []}', "not understood"),
        ('{"version": "2.1.0", "runs": [{"tool": 5, "results": []}]}', r"driver\.name"),
        (json.dumps(_without_results()), "no list of results"),
        (json.dumps(BANDIT).replace('"ruleIndex": 1', '"level": "fatal"'), "unknown level"),
        ("[" * 100_000, "not a JSON document"),
    ],
)
def test_no_results_are_not_zero_results(text: str, reason: str) -> None:
    with pytest.raises(NotVerifiedError, match=reason):
        read(text)
