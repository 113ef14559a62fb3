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


@pytest.mark.checklist(id="INT-SYS-1")
def test_application_is_alive_as_a_whole(target, smoke, evidence):
    evidence(observed=", ".join(map(str, smoke)), expected="every answer complete", inspected=len(smoke))
    broken = [str(view) for view in smoke if not view.complete]
    assert not broken, f"{target.name}: {', '.join(broken)}"


@pytest.mark.checklist(id="INT-SYS-3")
def test_user_can_walk_the_journey(target, walked, evidence):
    evidence(
        observed=", ".join(map(str, walked)),
        expected=f"all {len(target.settings.steps)} steps complete",
        inspected=len(walked),
    )
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
