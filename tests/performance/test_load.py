"""Performance: the load test kept its limits, main functions are fast, no statement takes all the time."""

import pytest


@pytest.mark.checklist(id="PERF-LOAD-1")
def test_load_test_kept_its_limits(target, load_test, evidence):
    limits, held, p95 = target.settings, load_test.held(target.settings.users), load_test.quantile_seconds(0.95)
    evidence(
        observed=f"{load_test.peak_users} users, {limits.users} of them for {held}, {load_test.requests} requests, "
        f"{load_test.error_ratio:.2%} errors, p95 {p95:.3f} s",
        expected=f"{limits.users} users for {limits.duration}, errors <= {limits.error_ratio:.2%}, "
        f"p95 <= {limits.p95_seconds:g} s",
        inspected=load_test.requests,
    )
    assert held >= limits.duration, f"{target.name}: {limits.users} users for {held} only, planned is {limits.duration}"
    assert load_test.error_ratio <= limits.error_ratio, (
        f"{target.name}: {load_test.error_ratio:.2%} of requests failed, limit is {limits.error_ratio:.2%}"
    )
    assert p95 <= limits.p95_seconds, f"{target.name}: p95 is {p95:.3f} s, limit is {limits.p95_seconds:g} s"


@pytest.mark.checklist(id="PERF-LOAD-3")
def test_main_functions_respond_in_time(target, journeys, evidence):
    evidence(
        observed=", ".join(
            f"{one.journey.name}: p95 {one.p95_seconds:.3f} s of {one.requests} ({one.source})" for one in journeys
        ),
        expected=", ".join(f"{one.journey.name} <= {one.journey.p95_seconds:g} s" for one in journeys),
        inspected=sum(one.requests for one in journeys),
    )
    failing = [f"{one.journey.name} {one.error_ratio:.1%}" for one in journeys if one.error_ratio > 0.01]
    assert not failing, f"{target.name}: more than 1 % of the requests failed: {', '.join(failing)}"
    slow = [
        f"{one.journey.name} {one.p95_seconds:.3f} s (limit {one.journey.p95_seconds:g} s)"
        for one in journeys
        if one.p95_seconds > one.journey.p95_seconds
    ]
    assert not slow, f"{target.name}: p95 of {', '.join(slow)}"


@pytest.mark.checklist(id="PERF-LOAD-4")
def test_no_statement_dominates_the_database(target, statements, evidence):
    limits, top = target.settings.statements, statements.statements[0]
    evidence(
        observed=f"{len(statements.statements)} statements, {statements.total_ms:.0f} ms in {statements.hours:.1f} h; "
        f"most: {statements.share(top):.0%} {top.text} ({top.mean_ms:.1f} ms each)",
        expected=f"no statement of {limits.share_from_mean_ms:g} ms and more takes over {limits.share:.0%} of the time",
        inspected=len(statements.statements),
    )
    costly = [one for one in statements.statements if one.mean_ms >= limits.share_from_mean_ms]
    heavy = [f"{statements.share(one):.0%} {one.text}" for one in costly if statements.share(one) > limits.share]
    assert not heavy, f"{target.name}: over {limits.share:.0%} of the execution time: {'; '.join(heavy)}"
