"""Integration: the whole works together, every edge is there, and the numbers agree."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="INT-SYS-1")
def test_integration_tests_passed_for_this_release(suite, evidence):
    report, settings = suite.report, suite.settings
    skipped = sorted(set(report.named("skipped")) - set(settings.may_skip))
    evidence(
        observed=f"{report.executed} executed, {len(report.failures)} failed, skipped: {', '.join(skipped) or 'none'}",
        expected=f"at least {settings.min_tests} executed, none failed, none skipped but the listed ones",
        inspected=report.executed,
    )
    assert not report.failures, f"{suite.name}: failed: {', '.join(report.failures[:10])}"
    assert not skipped, f"{suite.name}: skipped without leave: {', '.join(skipped[:10])}"
    if report.executed < settings.min_tests:
        not_verified(f"{suite.name}: {report.executed} tests executed, at least {settings.min_tests} prove something")


@pytest.mark.checklist(id="INT-SYS-2")
def test_service_answers_to_everybody_who_calls_it(edge, evidence):
    evidence(
        observed=", ".join(map(str, edge.attempts)),
        expected=f"{edge.settings.address} accepts connections from {', '.join(edge.settings.sources)}",
        inspected=len(edge.attempts),
    )
    closed = [str(attempt) for attempt in edge.attempts if not attempt.answers]
    assert not closed, f"{edge.name}: cannot be reached: {', '.join(closed)}"


@pytest.mark.checklist(id="INT-SYS-2")
def test_application_confirms_its_dependencies(target, reported, evidence):
    evidence(
        observed=", ".join(f"{edge} {state}" for edge, state in reported.items()),
        expected="ok, of every instance about every dependency",
        inspected=len(reported),
    )
    unwell = [f"{edge} {state}" for edge, state in reported.items() if state != "ok"]
    assert not unwell, f"{target.name}: {', '.join(unwell)}"


@pytest.mark.checklist(id="INT-SYS-3")
def test_user_can_walk_the_journey(target, walked, evidence):
    evidence(observed=", ".join(map(str, walked)), expected="every step complete", inspected=len(walked))
    stuck = [str(view) for view in walked if not view.complete]
    assert not stuck, f"{target.name}: stuck at {', '.join(stuck)}"


@pytest.mark.checklist(id="INT-SYS-3")
def test_journey_was_tested_with_its_changes(target, covering, evidence):
    evidence(
        observed=", ".join(f"{start}: {len(cases)} tests" for start, cases in covering.items()),
        expected="tests of this release behind every name, all of them passed",
        inspected=sum(map(len, covering.values())),
    )
    failed = [case.name for cases in covering.values() for case in cases if case.outcome != "passed"]
    assert not failed, f"{target.name}: failed: {', '.join(failed[:10])}"
    if untested := [start for start, cases in covering.items() if not cases]:
        not_verified(f"{target.name}: no test was executed of {', '.join(untested)}; add it to the end-to-end tests")


@pytest.mark.checklist(id="INT-SYS-4")
def test_figures_of_both_sides_agree(target, figures, evidence):
    (left, right), tolerance = figures, target.settings.tolerance
    evidence(
        observed=f"{left:.15g} and {right:.15g}",
        expected=f"equal within {tolerance:g}",
        inspected=2 if target.settings.allow_zero or left or right else 0,
    )
    assert abs(left - right) <= tolerance, (
        f"{target.name}: {left:.15g} and {right:.15g} differ by more than {tolerance:g}"
    )
