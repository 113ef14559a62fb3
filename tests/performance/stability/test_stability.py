"""Stability: it runs for days as it did in its first hour, and what crashes comes back by itself."""

from datetime import timedelta

import pytest

from signoff import not_verified

MIB = 2**20
PROOF_HOLDS = timedelta(days=180)


@pytest.mark.checklist(id="PERF-STAB-1")
def test_processes_ran_for_the_whole_time(long_run, evidence):
    limits, processes = long_run.settings, long_run.processes()
    evidence(
        observed=", ".join(f"{one.instance}: {one.coverage:.1%} seen, {one.restarts} restarts" for one in processes),
        expected=f"{limits.instances} processes without a restart, for {limits.duration}",
        inspected=len(processes),
    )
    for one in processes:
        where = f"{long_run.name}: {one.instance}"
        assert not one.restarts, f"{where} was restarted {one.restarts} times in {limits.duration}"
        assert one.answered >= limits.answered, f"{where} answered {one.answered:.2%}, limit is {limits.answered:.2%}"
    if len(processes) < limits.instances:
        not_verified(
            f"{long_run.name}: {len(processes)} of {limits.instances} processes measured; correct the selector"
        )
    if gaps := [one.instance for one in processes if one.coverage < limits.coverage]:
        not_verified(f"{long_run.name}: gaps in what was seen of {', '.join(gaps)}; mend the collection, run again")
    if young := [one.instance for one in processes if one.started > long_run.began]:
        not_verified(f"{long_run.name}: {', '.join(young)} started within the {limits.duration}; check again later")


@pytest.mark.checklist(id="PERF-STAB-1")
def test_errors_stayed_rare_all_the_time(long_run, evidence):
    limits, windows = long_run.settings, long_run.errors()
    worst = max(windows, key=lambda window: window.error_ratio, default=None)
    evidence(
        observed=f"worst of {len(windows)} times five minutes: {worst.error_ratio:.2%}" if worst else "no requests",
        expected=f"at most {limits.error_ratio:.2%} in any five minutes of {limits.duration}",
        inspected=len(windows),
    )
    if worst is None:
        not_verified(f"{long_run.name}: too few requests in every five minutes; run it under load")
    bad = [window for window in windows if window.error_ratio > limits.error_ratio]
    assert not bad, f"{long_run.name}: {len(bad)} times over {limits.error_ratio:.2%}, worst {worst.error_ratio:.2%}"
    if len(windows) < limits.coverage * long_run.windows:
        not_verified(
            f"{long_run.name}: requests enough in {len(windows)} of {long_run.windows} windows; run it under load"
        )


@pytest.mark.checklist(id="PERF-STAB-1")
def test_response_times_did_not_grow(long_run, evidence):
    limits, times = long_run.settings, long_run.response_times()
    least, most = (growth / times.mean for growth in times.growth(limits.duration))
    evidence(
        observed=f"mean {times.mean * 1000:.0f} ms, growth {least:+.1%} to {most:+.1%} by {times.points} hours",
        expected=f"at most {limits.slower:+.1%} in {limits.duration}",
        inspected=times.points,
    )
    assert least <= limits.slower, f"{long_run.name}: response times grew by {least:.1%} or more in {limits.duration}"
    if most > limits.slower:
        not_verified(f"{long_run.name}: growth is between {least:+.1%} and {most:+.1%}: measure for longer")


@pytest.mark.checklist(id="PERF-STAB-1")
def test_load_of_days_was_borne(target, soak, evidence):
    limits, test, p95 = target.settings, soak.test, soak.test.quantile_seconds(0.95)
    worst = max((window.error_ratio for window in soak.windows), default=0.0)
    least, most = (growth / soak.response_times.mean for growth in soak.response_times.growth(limits.duration))
    evidence(
        observed=f"{test.duration}, {test.requests} requests, worst five minutes {worst:.2%} errors, p95 {p95:.3f} s, "
        f"mean response time {least:+.1%} to {most:+.1%}",
        expected=f"{limits.duration}, errors <= {limits.error_ratio:.2%} in any five minutes, "
        f"p95 <= {limits.p95_seconds:g} s, growth <= {limits.slower:+.1%}",
        inspected=test.requests,
    )
    assert worst <= limits.error_ratio, f"{target.name}: {worst:.2%} errors in five minutes of it"
    assert p95 <= limits.p95_seconds, f"{target.name}: p95 is {p95:.3f} s, limit is {limits.p95_seconds:g} s"
    assert least <= limits.slower, f"{target.name}: response times grew by {least:.1%} or more"
    if test.duration < limits.duration:
        not_verified(f"{target.name}: lasted {test.duration}, {limits.duration} are needed; run it for longer")
    if len(soak.windows) < limits.coverage * soak.expected:
        not_verified(f"{target.name}: requests enough in {len(soak.windows)} of {soak.expected} times five minutes")
    if most > limits.slower:
        not_verified(f"{target.name}: growth is between {least:+.1%} and {most:+.1%}: measure for longer")


@pytest.mark.checklist(id="PERF-STAB-2")
def test_faults_were_simulated_and_recovered(target, fault_drills, evidence):
    done = [one for one in fault_drills if one.experiment is not None]
    evidence(
        observed=", ".join(f"{one.fault.name}: {one.experiment.at:%Y-%m-%d}, {one.experiment.detail}" for one in done),
        expected=f"each of {len(fault_drills)} faults within {target.settings.max_age}, recovered within its limit",
        inspected=len(done),
    )
    for one in done:
        where, seconds = f"{target.name}: {one.fault.name}", one.experiment.seconds
        assert one.experiment.recovered, f"{where}: did not recover ({one.experiment.detail})"
        if one.fault.within is not None and seconds is not None:
            limit = one.fault.within.total_seconds()
            assert seconds <= limit, f"{where}: recovered after {seconds:g} s, limit is {limit:g} s"
    if missing := [f"{one.fault.name}: {one.why}" for one in fault_drills if one.experiment is None]:
        not_verified(f"{target.name}: {'; '.join(missing)}")
    if unfinished := [one.fault.name for one in done if not one.experiment.completed]:
        not_verified(f"{target.name}: not carried out to the end: {', '.join(unfinished)}; simulate again")
    if untimed := [one.fault.name for one in done if one.fault.within and one.experiment.seconds is None]:
        not_verified(f"{target.name}: no recovery time in the report of {', '.join(untimed)}; record a game day")


@pytest.mark.checklist(id="PERF-STAB-3")
def test_memory_suffices_for_days(long_run, evidence):
    limits, memory = long_run.settings, long_run.memory()
    reach, limit = limits.memory_reach, limits.memory_limit_mib * MIB
    ends = {name: tuple(one.last + growth for growth in one.growth(reach)) for name, one in memory.items()}
    evidence(
        observed=", ".join(f"{name}: {low / MIB:.0f} to {high / MIB:.0f} MiB" for name, (low, high) in ends.items()),
        expected=f"at most {limits.memory_limit_mib} MiB after {reach.days} more days",
        inspected=len(ends),
    )
    for name, (low, _) in ends.items():
        assert low <= limit, f"{long_run.name}: {name} will use {low / MIB:.0f} MiB, limit is {limits.memory_limit_mib}"
    if unsure := [name for name, (_, high) in ends.items() if high > limit]:
        not_verified(f"{long_run.name}: too uncertain for {', '.join(unsure)}: measure for longer")
    if len(ends) < limits.instances:
        not_verified(f"{long_run.name}: {len(ends)} of {limits.instances} processes measured; correct the selector")
    if young := long_run.younger_than(limits.memory_uptime):
        not_verified(f"{long_run.name}: {', '.join(young)} started less than {limits.memory_uptime} ago; check later")


@pytest.mark.checklist(id="PERF-STAB-3")
def test_no_process_was_killed_for_memory(long_run, evidence):
    killed = long_run.killed_for_memory()
    evidence(
        observed=", ".join(f"{host}: {count}" for host, count in killed.items()),
        expected=f"none in {long_run.settings.duration}",
        inspected=len(killed),
    )
    found = [f"{host} ({count})" for host, count in killed.items() if count]
    assert not found, f"{long_run.name}: the kernel killed processes for want of memory on {', '.join(found)}"


@pytest.mark.checklist(id="PERF-STAB-4")
def test_processes_restart_after_a_crash(target, restart_policies, evidence):
    evidence(
        observed=", ".join(f"{policy.process} ({policy.manager}): {policy.detail}" for _, policy in restart_policies),
        expected="a service manager starts each again after a crash, and with the host where that is wanted",
        inspected=len(restart_policies),
    )
    for wanted, policy in restart_policies:
        where = f"{target.name}: {policy.process}"
        assert policy.is_known, f"{where} is not known to {policy.manager}"
        assert policy.restarts_after_crash, f"{where} stays down after a crash ({policy.detail})"
        assert policy.starts_at_boot or not wanted.at_boot, f"{where} does not start with the host ({policy.detail})"


@pytest.mark.checklist(id="PERF-STAB-4")
def test_restarts_were_seen_to_work(target, restart_policies, restart_proofs, evidence):
    shown = {
        wanted.name: f"restarted {policy.restarts} times, well for {policy.restarted_ago}"
        for wanted, policy in restart_policies
        if policy.restarted_ago is not None and policy.restarted_ago <= PROOF_HOLDS
    }
    shown |= {
        wanted.name: f"{wanted.proof} on {restart_proofs[wanted.proof].at:%Y-%m-%d}"
        for wanted, _ in restart_policies
        if wanted.proof in restart_proofs
    }
    evidence(
        observed=", ".join(f"{name}: {proof}" for name, proof in shown.items()),
        expected=f"each was started again by itself within {PROOF_HOLDS.days} days",
        inspected=len(shown),
    )
    if missing := [wanted.name for wanted, _ in restart_policies if wanted.name not in shown]:
        not_verified(
            f"{target.name}: nobody saw {', '.join(missing)} come back; kill it in a drill and name that as its proof:"
        )


@pytest.mark.checklist(id="PERF-STAB-4")
def test_workloads_come_back_by_themselves(target, workloads, restart_proofs, evidence):
    evidence(
        observed=", ".join(f"{facts.name}: {facts.ready} of {facts.wanted} ready" for _, facts in workloads),
        expected="probes on every container, pods enough, a disruption budget, and a restart that was seen to work",
        inspected=len(workloads),
    )
    for wanted, facts in workloads:
        where = f"{target.name}: {facts.name}"
        assert facts.is_known, f"{where} is not in the cluster"
        assert not facts.without_liveness, f"{where}: no liveness probe on {', '.join(facts.without_liveness)}"
        assert not facts.without_readiness, f"{where}: no readiness probe on {', '.join(facts.without_readiness)}"
        assert facts.wanted >= wanted.replicas, f"{where}: {facts.wanted} replicas, at least {wanted.replicas} needed"
        assert facts.ready >= wanted.replicas, f"{where}: {facts.ready} pods ready, at least {wanted.replicas} needed"
        assert facts.is_budgeted, f"{where}: no disruption budget keeps its pods while nodes are emptied"
    shown = [wanted.proof in restart_proofs or facts.restarted_at is not None for wanted, facts in workloads]
    if missing := [facts.name for (_, facts), is_shown in zip(workloads, shown, strict=True) if not is_shown]:
        not_verified(f"{target.name}: nobody saw {', '.join(missing)} come back; kill a pod in a drill, name it proof:")
