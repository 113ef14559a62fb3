"""Computed items: completeness and open issues, from the rest of the sign-off."""

from __future__ import annotations

from typing import Any

import pytest

from signoff.decision.derived import every_item_is_complete
from signoff.errors import ConfigError
from signoff.model import Method, NotApplicable, Records, Severity, State, Verdict


def _computed(make: Any, rule: str, item_id: str = "INT-FIN-1") -> Any:
    return make.item(item_id, method=Method.DERIVED, derives=rule, checks=(), owner="qa")


def _state(make: Any, observations: Any, rule: str, severity: Severity = Severity.HIGH, **fields: Any) -> Any:
    items = (make.item(severity=severity), _computed(make, rule))
    return make.judge(observations, items=items, **fields).items[1]


DECIDED = {"pass": State.PASS, "fail": State.PASS, "error": State.NOT_VERIFIED, "skip": State.NOT_VERIFIED}


@pytest.mark.parametrize(("outcome", "state"), DECIDED.items())
def test_complete_means_decided_for_better_or_worse(make: Any, outcome: str, state: State) -> None:
    result = _state(make, [make.seen(outcome)], "every_item_is_complete")
    assert result.state is state
    assert result.note == ("" if state is State.PASS else "1 items are not decided: SEC-CFG-1")


def test_stale_item_is_not_complete(make: Any) -> None:
    stale = make.seen(finished=make.ago(days=30))
    assert _state(make, [stale], "every_item_is_complete").state is State.NOT_VERIFIED


def test_first_undecided_items_are_named_and_the_rest_counted(make: Any) -> None:
    items = (*(make.item(f"SEC-CFG-{n}") for n in range(1, 8)), _computed(make, "every_item_is_complete"))
    note = make.judge([], items=items).items[-1].note
    assert note == "7 items are not decided: SEC-CFG-1, SEC-CFG-2, SEC-CFG-3, SEC-CFG-4, SEC-CFG-5, +2"


def test_completeness_looks_at_other_computed_items_too(make: Any) -> None:
    items = (
        _computed(make, "every_item_is_complete"),
        make.item(blocking=False),
        _computed(make, "no_open_critical_issue", "INT-FIN-2"),
    )
    complete, _, issues = make.judge([], items=items).items
    assert issues.state is State.NOT_VERIFIED
    assert complete.note == "2 items are not decided: SEC-CFG-1, INT-FIN-2"


def test_checklist_of_nothing_else_is_not_complete(make: Any) -> None:
    signoff = make.judge([], items=(_computed(make, "every_item_is_complete"),))
    assert signoff.items[0].state is State.NOT_VERIFIED
    assert every_item_is_complete((), (), any_evidence=True, policy=make.policy()).state is State.NOT_VERIFIED


def test_five_undecided_items_are_all_named(make: Any) -> None:
    items = (*(make.item(f"SEC-CFG-{n}") for n in range(1, 6)), _computed(make, "every_item_is_complete"))
    note = make.judge([], items=items).items[-1].note
    assert note == "5 items are not decided: SEC-CFG-1, SEC-CFG-2, SEC-CFG-3, SEC-CFG-4, SEC-CFG-5"
    six = (make.item("SEC-CFG-0"), *items)
    assert make.judge([], items=six).items[-1].note.endswith("SEC-CFG-4, +1")


ISSUES = {
    Severity.CRITICAL: State.FAIL,
    Severity.HIGH: State.FAIL,
    Severity.MEDIUM: State.PASS,
    Severity.LOW: State.PASS,
}


@pytest.mark.parametrize(("severity", "state"), ISSUES.items())
def test_open_issue_fails_by_its_severity(make: Any, severity: Severity, state: State) -> None:
    result = _state(make, [make.seen("fail")], "no_open_critical_issue", severity)
    assert result.state is state
    assert ("ISS-SEC-CFG-1-ffffffff" in result.note) is (state is State.FAIL)


def test_no_evidence_is_not_the_absence_of_issues(make: Any) -> None:
    for nothing in ([], [make.seen("skip")], [make.seen(inspected=0)]):
        result = _state(make, nothing, "no_open_critical_issue")
        assert (result.state, result.note) == (State.NOT_VERIFIED, "there is no evidence at all")
    assert _state(make, [make.seen()], "no_open_critical_issue").state is State.PASS


def test_some_evidence_is_evidence(make: Any) -> None:
    items = (make.item(), make.item("SEC-CFG-2"), _computed(make, "no_open_critical_issue"))
    assert make.judge([make.seen()], items=items).items[2].state is State.PASS


def test_waived_issue_does_not_fail(make: Any) -> None:
    records = Records(waivers=(make.waiver(),))
    assert _state(make, [make.seen("fail")], "no_open_critical_issue", records=records).state is State.PASS


def test_unknown_rule_is_a_mistake_in_the_checklist(make: Any) -> None:
    with pytest.raises(ConfigError, match=r"^checklist:1:1: INT-FIN-1\.derives: no rule 'all_is_well' \(rules: "):
        make.judge([], items=(_computed(make, "all_is_well"),))


def test_computed_items_alone_verify_nothing(make: Any) -> None:
    items = (make.item(), _computed(make, "every_item_is_complete"))
    nothing_here = make.policy(
        not_applicable=(NotApplicable(item="SEC-CFG-1", target="*", reason="none", approver="sam"),)
    )
    signoff = make.judge([], items=items, policy=nothing_here)
    assert signoff.items[1].state is State.PASS
    assert signoff.verdict is Verdict.INCOMPLETE
    assert [reason.text.en for reason in signoff.reasons] == ["nothing at all was verified"]
