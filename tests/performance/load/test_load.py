"""Performance: the load test kept its limits, main functions are fast, no statement takes all the time."""

import pytest

from signoff import not_verified


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
    assert not load_test.crossed, f"{target.name}: the test's own limits were crossed: {', '.join(load_test.crossed)}"


@pytest.mark.checklist(id="PERF-LOAD-2")
def test_more_than_the_planned_peak_is_borne(target, stress, evidence):
    limits, wanted = target.settings, target.settings.room * target.settings.users
    evidence(
        observed=", ".join(
            f"{step.users} users: {step.error_ratio:.2%} errors, p95 {step.p95_seconds:.3f} s" for step in stress.steps
        ),
        expected=f"{wanted:g} users with errors <= {limits.error_ratio:.2%} and p95 <= {limits.p95_seconds:g} s",
        inspected=len(stress.steps),
    )
    if stress.knee < wanted and not stress.is_overloaded:
        not_verified(
            f"{target.name}: {stress.knee} users were tried, {wanted:g} are to be borne; raise the load further"
        )
    assert stress.knee >= wanted, f"{target.name}: {stress.knee} users are borne, {wanted:g} are needed"


@pytest.mark.checklist(id="PERF-LOAD-2")
def test_too_much_load_is_refused_in_time(target, stress, load_test, evidence):
    limits, kinds = target.settings, load_test.kinds
    if kinds is None:
        not_verified(f"{target.name}: the report does not say why requests failed; import _failures.csv: failures")
    evidence(
        observed=f"of {load_test.failures} failures {kinds.refused} were a 429 or 503, {kinds.timed_out} timed out",
        expected=f"at least {limits.refused_ratio:.0%} of the failures are a 429 or 503",
        inspected=load_test.requests,
    )
    if limits.must_overload and not stress.is_overloaded:
        not_verified(f"{target.name}: never overloaded, so nobody saw how it fails; raise the load until it does")
    assert kinds.refused_ratio >= limits.refused_ratio, (
        f"{target.name}: {kinds.refused_ratio:.0%} of the failures were refused in time, "
        f"limit is {limits.refused_ratio:.0%} ({kinds.timed_out} timed out)"
    )


@pytest.mark.checklist(id="PERF-LOAD-2")
def test_it_is_well_again_after_the_overload(target, stress, evidence):
    limits = target.settings
    evidence(
        observed=f"well after {stress.recovery}" if stress.recovery is not None else "not seen to be well again",
        expected=f"within {limits.recovery} of the load falling to {limits.users} users",
        inspected=len(stress.steps),
    )
    if stress.is_measured_after is False:
        not_verified(
            f"{target.name}: nothing was measured after the highest load; go on for {limits.recovery} after it"
        )
    assert stress.recovery is not None, f"{target.name}: was not well again before the test ended"
    assert stress.recovery <= limits.recovery, (
        f"{target.name}: was well again after {stress.recovery}, limit is {limits.recovery}"
    )


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


@pytest.mark.checklist(id="PERF-LOAD-4")
def test_no_statement_dominates_under_load(target, profile, evidence):
    limits, top = target.settings, profile.statements[0]
    calls = sum(one.calls for one in profile.statements)
    evidence(
        observed=f"{len(profile.statements)} statements, {calls} calls, {profile.total_ms:.0f} ms; "
        f"most: {profile.share(top):.0%} {top.text} ({top.mean_ms:.1f} ms each)",
        expected=f"means <= {limits.mean_ms:g} ms; no statement of {limits.share_from_mean_ms:g} ms and more takes "
        f"over {limits.share:.0%} of the time",
        inspected=len(profile.statements),
    )
    if calls < limits.min_calls:
        not_verified(f"{target.name}: {calls} calls during the load test, at least {limits.min_calls} are needed")
    slow = [f"{one.mean_ms:.0f} ms {one.text}" for one in profile.statements if one.mean_ms > limits.mean_ms]
    assert not slow, f"{target.name}: over {limits.mean_ms:g} ms on average under load: {'; '.join(slow)}"
    costly = [one for one in profile.statements if one.mean_ms >= limits.share_from_mean_ms]
    heavy = [f"{profile.share(one):.0%} {one.text}" for one in costly if profile.share(one) > limits.share]
    assert not heavy, f"{target.name}: over {limits.share:.0%} of the execution time under load: {'; '.join(heavy)}"
