"""Stability: what crashes comes back by itself."""

import pytest


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
