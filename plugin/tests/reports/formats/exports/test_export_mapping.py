"""Each of the eight states, alone and mixed, means the same in every format."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.model import IssueStatus, Method, State
from signoff.reports.exports.registry import export
from signoff.reports.exports.wording import Wording
from tests.reports.formats.exports.conftest import (
    ABSENT,
    ATTESTED,
    ERROR,
    FAIL,
    PASS,
    STALE,
    UNSEEN,
    WAIVED,
    document,
    heimdall,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.model import ItemResult, Signoff

CTRF = {
    FAIL: "failed",
    ERROR: "failed",
    UNSEEN: "pending",
    STALE: "pending",
    WAIVED: "other",
    ATTESTED: "passed",
    PASS: "passed",
    ABSENT: "skipped",
}
OSCAL = {
    FAIL: ("not-satisfied", "fail", "open"),
    ERROR: ("not-satisfied", "other", "open"),
    UNSEEN: ("not-satisfied", "other", None),
    STALE: ("not-satisfied", "other", None),
    WAIVED: ("not-satisfied", "other", "deviation-approved"),
    ATTESTED: ("satisfied", "other", None),
    PASS: ("satisfied", "pass", None),
    ABSENT: ("satisfied", "other", None),
}
TEST_RESULT = {
    FAIL: "failedTests",
    ERROR: "failedTests",
    UNSEEN: "failedTests",
    STALE: "failedTests",
    WAIVED: "warnedTests",
    ATTESTED: "warnedTests",
    PASS: "passedTests",
    ABSENT: None,
}
SARIF = {
    FAIL: "fail",
    ERROR: "open",
    UNSEEN: "open",
    STALE: "review",
    WAIVED: "fail",
    ATTESTED: None,
    PASS: None,
    ABSENT: "notApplicable",
}


def expected(control: dict[str, Any]) -> str:
    """Return the status that the item's state stands for."""
    state = State(control["tags"]["signoff_state"])
    if state in {UNSEEN, STALE}:
        passed = any(segment["status"] == "passed" for segment in control["results"])
        return "Profile Error" if passed else "Not Reviewed"
    return {
        FAIL: "Failed",
        ERROR: "Profile Error",
        WAIVED: "Not Applicable",
        ATTESTED: "Passed",
        PASS: "Passed",
        ABSENT: "Not Applicable",
    }[state]


def test_ctrf(every: Signoff, told: Callable[..., str]) -> None:
    tests = {test["testId"]: test for test in document(told, "ctrf", every)["results"]["tests"]}
    for result in every.items:
        test = tests[result.item.id]
        assert (test["status"], test["rawStatus"]) == (CTRF[result.state], result.state.value)
        assert [step["status"] for step in test.get("steps", [])] == [CTRF[cell.state] for cell in result.cells]
        assert bool(test.get("message")) is (result.state is not PASS)


def test_heimdall_derives_the_state(every: Signoff, told: Callable[..., str]) -> None:
    controls = document(told, "hdf", every)["profiles"][0]["controls"]
    assert {control["tags"]["signoff_state"] for control in controls} == {state.value for state in State}
    for control in controls:
        assert heimdall(control) == expected(control), control["id"]


def test_heimdall_is_told_of_waivers_and_attestations(every: Signoff, told: Callable[..., str]) -> None:
    for control in document(told, "hdf", every)["profiles"][0]["controls"]:
        state = State(control["tags"]["signoff_state"])
        assert ("waiver_data" in control) is (state is WAIVED)
        if state is WAIVED:
            assert control["waiver_data"]["expiration_date"] == "2025-07-12T05:00:00Z"
            assert "박지우" in control["waiver_data"]["justification"]
        if state is ATTESTED:
            assert {"skipped", "passed"} == {segment["status"] for segment in control["results"]}
            assert control["attestation_data"]["status"] == "passed"
        if state in {UNSEEN, STALE, ERROR}:
            assert "attestation_data" not in control


parts = st.lists(st.sampled_from([PASS, FAIL, ERROR, WAIVED, STALE, UNSEEN, ABSENT]), max_size=6)


@settings(max_examples=200, deadline=None)
@given(cells=parts, attested=st.sampled_from([None, True, False]), gap=st.booleans())
def test_heimdall_derives_the_state_of_any_mixture(
    mixture: Callable[..., ItemResult], every: Signoff, cells: list[State], attested: bool | None, gap: bool
) -> None:
    states = [state for state in cells if state is not ABSENT]
    states += [] if attested is None else [ATTESTED if attested else FAIL]
    states += [UNSEEN] if gap or not states else []
    worst = min(states, key=lambda state: state.rank)
    state = PASS if worst is ATTESTED and PASS in cells else worst
    more: dict[str, Any] = {} if attested is None else {"attested": attested, "method": Method.HYBRID}
    item = mixture("SEC-AUTH-1", state, tuple(cells), **more)
    text = export("hdf", Wording(signoff=replace(every, items=(item,)), language="en"), str)
    (control,) = json.loads(text)["profiles"][0]["controls"]
    assert heimdall(control) == expected(control)


def test_oscal_findings_and_risks(every: Signoff, told: Callable[..., str]) -> None:
    (result,) = document(told, "oscal-ar", every)["assessment-results"]["results"]
    risks = {risk["uuid"]: risk for risk in result["risks"]}
    findings = {finding["target"]["target-id"]: finding for finding in result["findings"]}
    for item in every.items:
        finding = findings[item.item.id]
        state, reason, risk = OSCAL[item.state]
        assert finding["target"]["status"] == {"state": state, "reason": reason}
        assert {"name": "state", "ns": "urn:pytest-signoff:oscal", "value": item.state.value} in finding["props"]
        found = [risks[each["risk-uuid"]] for each in finding.get("related-risks", [])]
        assert [each["status"] for each in found] == ([risk] if risk else [])
        assert [p["name"] for each in found for p in each["props"]].count("accepted") == (item.state is WAIVED)


def test_oscal_observations(every: Signoff, told: Callable[..., str]) -> None:
    (result,) = document(told, "oscal-ar", every)["assessment-results"]["results"]
    seen = {each["uuid"]: each for each in result["observations"]}
    findings = {finding["target"]["target-id"]: finding for finding in result["findings"]}
    for item in every.items:
        mine = [seen[each["observation-uuid"]] for each in findings[item.item.id].get("related-observations", [])]
        observed = [cell for cell in item.cells if cell.observation is not None]
        assert len(mine) == len(observed) + (item.attestation is not None)
        assert [each["methods"] for each in mine[: len(observed)]] == [["TEST"]] * len(observed)
        if item.attestation is not None:
            method = "INTERVIEW" if item.item.method is Method.INTERVIEW else "EXAMINE"
            assert mine[-1]["methods"] == [method]
        for cell, each in zip(observed, mine, strict=False):
            assert ("expires" in each) is (cell.state in {PASS, STALE, WAIVED})
            if cell.state is STALE:
                assert each["expires"] <= "2025-06-23T05:00:00Z"
            elif "expires" in each:
                assert each["expires"] > "2025-06-23T05:00:00Z"
    said = [part["title"] for each in result["attestations"] for part in each["parts"]]
    assert said == [item.item.id for item in every.items if item.attestation]


def test_the_plan_of_action_is_the_register(every: Signoff, told: Callable[..., str]) -> None:
    plan = document(told, "oscal-poam", every)["plan-of-action-and-milestones"]
    found = dict(zip(IssueStatus, plan["risks"], strict=True))
    assert {status.value: risk["status"] for status, risk in found.items()} == {
        "OPEN": "open",
        "IN_PROGRESS": "remediating",
        "RESOLVED": "remediating",
        "REOPENED": "open",
        "VERIFIED": "closed",
        "WAIVED": "deviation-approved",
        "CLOSED": "closed",
    }
    for status, risk in found.items():
        cycle = [response["lifecycle"] for response in risk["remediations"]]
        done = status in {IssueStatus.RESOLVED, IssueStatus.VERIFIED, IssueStatus.CLOSED}
        assert cycle == ["recommendation", "planned", "planned", *(["completed"] if done else [])]
        assert risk["deadline"] == "2025-06-25T15:00:00Z"  # the end of the day in Seoul
        assert ("mitigating-factors" in risk) is (status is IssueStatus.WAIVED)
    changes = [entry.get("status-change") for entry in found[IssueStatus.RESOLVED]["risk-log"]["entries"]]
    assert changes == ["open", None, "remediating"]
    assert len(plan["poam-items"]) == len(every.issues)


def test_test_result(every: Signoff, told: Callable[..., str]) -> None:
    predicate = document(told, "intoto", every)["predicate"]
    for item in every.items:
        lists = [name for name in ("passedTests", "warnedTests", "failedTests") if item.item.id in predicate[name]]
        wanted = TEST_RESULT[item.state]
        assert lists == ([wanted] if wanted else [])
    assert [each["name"] for each in predicate["configuration"]] == ["checklist", "inventory", "policy"]


def test_sarif_has_security_alone(every: Signoff, told: Callable[..., str]) -> None:
    (run,) = document(told, "sarif", every)["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == [item.item.id for item in every.items if item.item.area == "security"]
    for item in every.items:
        mine = [result for result in run["results"] if result["ruleId"] == item.item.id]
        if item.item.area != "security":
            assert not mine
            continue
        bad = [cell.state for cell in item.cells if SARIF[cell.state] and cell.state is not ABSENT]
        told_states = bad or [item.state] if SARIF[item.state] else []
        assert [result["kind"] for result in mine] == [SARIF[state] for state in told_states]
        for state, result in zip(told_states, mine, strict=True):
            assert (result["level"] == "none") is (result["kind"] != "fail")
            suppressed = [each["status"] for each in result.get("suppressions", [])]
            assert suppressed == (["accepted"] if state is WAIVED else [])
            assert rules[result["ruleIndex"]] == result["ruleId"]
    prints = [result["partialFingerprints"]["signoffFailure/v1"] for result in run["results"]]
    assert len(prints) == len(set(prints))


def test_csv_has_every_item_and_every_cell(every: Signoff, told: Callable[..., str]) -> None:
    text = told("csv", every)
    assert text.startswith("\ufeffrow,")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    items = [(row["item"], row["state"]) for row in rows if row["row"] == "item"]
    assert items == [(each.item.id, each.state.value) for each in every.items]
    cells = [(row["item"], row["check"], row["target"], row["state"]) for row in rows if row["row"] == "cell"]
    assert cells == [
        (cell.cell.item, cell.cell.check, cell.cell.target, cell.state.value)
        for each in every.items
        for cell in each.cells
    ]
    assert {row["verdict"] for row in rows} == {"NO-GO"}
