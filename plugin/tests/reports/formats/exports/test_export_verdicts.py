"""Exports that state a verdict: written where it allows them, and never of records that cannot be trusted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from signoff.errors import ExportError
from signoff.model import State, Verdict
from tests.reports.formats.exports.conftest import (
    ATTESTED,
    FAIL,
    WAIVED,
    document,
    heimdall,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.model import ItemResult, Signoff


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict is not Verdict.GO])
def test_a_verification_result_is_written_for_a_go_alone(
    verdict: Verdict, go: Signoff, every: Signoff, told: Callable[..., str]
) -> None:
    with pytest.raises(ExportError, match=f"the verdict is {verdict.value}: SEC-CFG-1 failed"):
        told("svr", replace(go, verdict=verdict, reasons=every.reasons))
    with pytest.raises(ExportError):
        told("svr", replace(go, scope=frozenset({"SEC-AUTH-1"})))


def test_a_verification_result_says_where_and_until_when(go: Signoff, told: Callable[..., str]) -> None:
    predicate = document(told, "svr", go)["predicate"]
    assert predicate["properties"][0] == "SIGNOFF_RELEASE_APPROVED:production"
    assert "SIGNOFF_VALID_UNTIL:2025-06-29T05:00:00Z" in predicate["properties"]
    assert [each["name"] for each in predicate["verifier"]["policies"]] == ["checklist", "inventory", "policy"]


def test_an_area_with_a_failure_that_does_not_block_is_not_listed(
    mixture: Callable[..., ItemResult], go: Signoff, told: Callable[..., str]
) -> None:
    bad = mixture("SEC-CFG-9", FAIL, (FAIL,), blocking=False)
    listed = document(told, "svr", replace(go, items=(*go.items, bad)))["predicate"]["properties"]
    assert "SIGNOFF_AREA_SATISFIED:security" not in listed
    assert "SIGNOFF_AREA_SATISFIED:backup" in listed


def test_no_waiver_is_a_property(mixture: Callable[..., ItemResult], go: Signoff, told: Callable[..., str]) -> None:
    assert "SIGNOFF_WITHOUT_WAIVERS" in told("svr", go)
    waived = mixture("SEC-CFG-9", WAIVED, (WAIVED,))
    assert "SIGNOFF_WITHOUT_WAIVERS" not in told("svr", replace(go, items=(*go.items, waived)))


@pytest.mark.parametrize(
    ("verdict", "add", "result"),
    [
        (Verdict.GO, (), "WARNED"),
        (Verdict.READY, (), "WARNED"),
        (Verdict.READY, (FAIL,), "FAILED"),
        (Verdict.NO_GO, (), "FAILED"),
        (Verdict.INCOMPLETE, (), "FAILED"),
        (Verdict.PARTIAL_OK, (), "FAILED"),
    ],
)
def test_a_test_result_passes_with_the_verdict_alone(  # noqa: PLR0913, PLR0917 - one case a line
    verdict: Verdict,
    add: tuple[State, ...],
    result: str,
    mixture: Callable[..., ItemResult],
    go: Signoff,
    told: Callable[..., str],
) -> None:
    more = tuple(mixture("SEC-CFG-9", state, (state,), blocking=False) for state in add)
    signoff = replace(go, verdict=verdict, items=(*go.items, *more))
    assert document(told, "intoto", signoff)["predicate"]["result"] == result


def test_a_test_result_without_a_warning_is_passed(go: Signoff, told: Callable[..., str]) -> None:
    measured = replace(go, items=tuple(each for each in go.items if each.state is not ATTESTED))
    assert document(told, "intoto", measured)["predicate"]["result"] == "PASSED"


def test_a_plan_of_action_without_an_issue_is_refused(go: Signoff, told: Callable[..., str]) -> None:
    with pytest.raises(ExportError, match="register is empty"):
        told("oscal-poam", go)


@pytest.mark.parametrize("name", ["svr", "oscal-poam", "sarif"])
def test_records_that_cannot_be_trusted_are_not_told(
    name: str, invalid: Signoff, every: Signoff, told: Callable[..., str]
) -> None:
    with pytest.raises(ExportError, match="cannot be trusted"):
        told(name, replace(invalid, issues=every.issues))


def test_nothing_good_is_told_of_records_that_cannot_be_trusted(invalid: Signoff, told: Callable[..., str]) -> None:
    tests = document(told, "ctrf", invalid)["results"]
    assert {test["status"] for test in tests["tests"]} == {"failed"}
    assert tests["environment"]["healthy"] is False
    assert "cannot be trusted" in tests["tests"][0]["message"]
    assert {heimdall(each) for each in document(told, "hdf", invalid)["profiles"][0]["controls"]} == {"Profile Error"}
    (result,) = document(told, "oscal-ar", invalid)["assessment-results"]["results"]
    assert {each["target"]["status"]["state"] for each in result["findings"]} == {"not-satisfied"}
    assert "attestations" not in result
    predicate = document(told, "intoto", invalid)["predicate"]
    assert (predicate["result"], predicate["passedTests"], predicate["warnedTests"]) == ("FAILED", [], [])
    assert ",PASS," not in told("csv", invalid)
    assert "[x]" not in told("markdown", invalid)
