"""Patches: no security update waits too long, no restart waits, and there are updates at all."""

import pytest

from signoff import not_verified
from signoff.probes.hosts.os_release import SUPPORT_ENDS, TABLE_OF


@pytest.mark.checklist(id="INF-SRV-2")
def test_security_updates_are_installed(target, updates, evaluated_at, evidence):
    grace = target.settings.patches.grace
    overdue = updates.overdue(evaluated_at, grace)
    evidence(
        observed=f"{len(updates.pending)} security updates wait, {len(overdue)} of them for too long;"
        f" lists of {updates.listed_at:%Y-%m-%d %H:%M} by {updates.manager}",
        expected=f"no security update that may be older than {grace.days} days, and a source of such updates",
        inspected=len(updates.sources),
    )
    assert updates.sources, f"{target.name}: no source of security updates: whatever is missing, none would show"
    assert not overdue, f"{target.name}: not installed: {', '.join(map(str, overdue))}"


@pytest.mark.checklist(id="INF-SRV-2")
def test_no_restart_is_pending(target, restarts, evidence):
    waiting = restarts.services
    evidence(
        observed=f"kernel {restarts.running_kernel}, newest installed {restarts.newest_kernel or 'none (container)'};"
        f" services: {'needrestart is not installed' if waiting is None else ', '.join(waiting) or 'none waits'}",
        expected="the newest kernel runs, nothing asks for a reboot, no service runs replaced libraries",
        inspected=1,
    )
    assert not restarts.kernel_waits, (
        f"{target.name}: kernel {restarts.running_kernel} runs, {restarts.newest_kernel} is installed: reboot"
    )
    asking = ", ".join(restarts.reboot_required)
    assert not restarts.reboot_required, f"{target.name}: a reboot is required: {asking}"
    assert not waiting, f"{target.name}: still run replaced libraries: {', '.join(waiting)}: restart them"


@pytest.mark.checklist(id="INF-SRV-2")
def test_release_gets_security_updates(target, os_release, evaluated_at, evidence):
    ends = os_release.support_ends({**SUPPORT_ENDS, **target.settings.patches.end_of_life})
    evidence(
        observed=f"{os_release.title}, supported until {ends or 'unknown'} (table of {TABLE_OF})",
        expected="a release that still gets security updates",
        inspected=1,
    )
    if ends is None:
        name = f"{os_release.id} {os_release.version}".strip()
        not_verified(f"{target.name}: nobody knows until when {name!r} is supported: write patches.end_of_life for it")
    assert evaluated_at.date() <= ends, f"{target.name}: {os_release.title} gets no security updates since {ends}"
