"""Blue and green: both are well, what switches between them is known, and users do not notice the switch."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="RBK-PRC-1")
def test_both_colours_can_take_the_traffic(colours, evidence):
    healthy = {name: len(backend.healthy) if backend else 0 for name, backend in colours.backends.items()}
    least = colours.settings.min_healthy
    evidence(
        observed=", ".join(f"{name}: {count} healthy" for name, count in healthy.items()),
        expected=f"at least {least} healthy servers in each",
        inspected=sum(len(backend.servers) for backend in colours.backends.values() if backend),
    )
    unknown = [name for name, backend in colours.backends.items() if backend is None]
    assert not unknown, f"{colours.name}: the load balancer does not know {', '.join(unknown)}"
    weak = [f"{name} has {count}" for name, count in healthy.items() if count < least]
    assert not weak, f"{colours.name}: {', '.join(weak)} healthy servers, {least} are needed"


@pytest.mark.checklist(id="RBK-PRC-1")
def test_switch_between_colours_is_known(target, switch, evidence):
    colours = {target.settings.blue, target.settings.green}
    evidence(
        observed=f"{switch.where}: "
        + (", ".join(f"{name} {share:.0%}" for name, share in switch.shares.items()) or "no traffic for anybody"),
        expected=f"one switch that leads to {' or '.join(sorted(colours))}, and nowhere else",
        inspected=len(switch.shares) or 1,
    )
    assert switch.serving, f"{target.name}: {switch.where} leads nowhere: it is not what switches"
    lost = sorted(colours - switch.known) if switch.known is not None else []
    assert not lost, f"{target.name}: {switch.where} cannot lead to {', '.join(lost)}: there is none"
    astray = [name for name in switch.serving if name not in colours]
    assert not astray, f"{target.name}: {switch.where} leads to {', '.join(astray)}, which is neither colour"


@pytest.mark.checklist(id="RBK-PRC-3")
def test_users_did_not_notice_the_switch(target, switch_drill, evidence):
    record, limits = switch_drill.record, target.settings
    most = limits.max_downtime.total_seconds()
    evidence(
        observed=f"{record.requests} requests during the switch, {record.failed_requests} failed, "
        f"{record.downtime_seconds:g} s without answers",
        expected=f"at least {limits.min_requests} requests, at most {limits.max_failed} failed, <= {most:g} s",
        inspected=record.requests or 0,
    )
    if record.requests is None or record.failed_requests is None:
        not_verified(f"{switch_drill.name}: nobody counted requests; write requests and failed_requests into it")
    if record.requests < limits.min_requests:
        not_verified(f"{switch_drill.name}: {record.requests} requests only; switch while somebody uses it")
    assert record.downtime_seconds <= most, (
        f"{target.name}: users were without answers for {record.downtime_seconds:g} s, limit is {most:g} s"
    )
    assert record.failed_requests <= limits.max_failed, (
        f"{target.name}: {record.failed_requests} of {record.requests} requests failed, limit is {limits.max_failed}"
    )
