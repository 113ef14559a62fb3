"""Alerting: what must be known at night reaches the pager, and nothing keeps it quiet for long."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="MON-SYS-3")
def test_alerts_are_routed_to_the_pager(alerting, evidence):
    pager, routing = set(alerting.settings.pager), alerting.routing
    wanted = [(name, labels, pager) for name, labels in alerting.alerts.items()]
    wanted += [(str(one.labels), one.labels, set(one.receivers)) for one in alerting.settings.routes]
    evidence(
        observed=", ".join(f"{name} -> {', '.join(routing.receivers(labels))}" for name, labels, _ in wanted),
        expected=f"at every hour, one of {', '.join(sorted(pager))}, which tells somebody",
        inspected=len(wanted),
    )
    mute = sorted(name for name in pager if not routing.integrations.get(name))
    assert not mute, f"{alerting.name}: the receiver {', '.join(mute)} tells nobody"
    lost = [
        f"{name} goes to {', '.join(routing.receivers(labels))}"
        for name, labels, to in wanted
        if to.isdisjoint(routing.always(labels))
    ]
    assert not lost, f"{alerting.name}: does not reach the pager at every hour: {'; '.join(lost)}"


@pytest.mark.checklist(id="MON-SYS-3")
def test_no_alert_is_kept_quiet_by_another_that_always_fires(alerting, evidence):
    rules = alerting.routing.inhibitions
    muted = [
        name for name, labels in alerting.alerts.items() if any(rule.mutes(alerting.watchdog, labels) for rule in rules)
    ]
    evidence(
        observed=f"{len(rules)} inhibitions, kept quiet for ever: {', '.join(muted) or 'none'}",
        expected="no required alert",
        inspected=len(alerting.alerts),
    )
    assert not muted, f"{alerting.name}: inhibited as long as the watchdog fires, that is always: {', '.join(muted)}"


@pytest.mark.checklist(id="MON-SYS-3")
def test_silences_are_bounded(alerting, evidence):
    limit = alerting.settings.max_silence
    evidence(
        observed=f"{len(alerting.silences)} silences: "
        + (", ".join(f"{one.id} {' '.join(map(str, one.matchers))} for {one.lasts}" for one in alerting.silences)),
        expected=f"each at most {limit}, narrow, with a reason, and none of the watchdog",
        inspected=1 + len(alerting.silences),
    )
    for one in alerting.silences:
        assert one.lasts <= limit, f"{alerting.name}: silence {one.id} lasts {one.lasts}, limit is {limit}"
        assert one.is_narrow, f"{alerting.name}: silence {one.id} keeps everything quiet"
        quiet = [name for name, labels in alerting.alerts.items() if one.covers(labels)]
        assert len(quiet) < max(2, len(alerting.alerts)), (
            f"{alerting.name}: silence {one.id} keeps every required alert quiet"
        )
        assert not one.covers(alerting.watchdog), f"{alerting.name}: silence {one.id} keeps the watchdog quiet"
        assert one.comment, f"{alerting.name}: silence {one.id} of {one.created_by or 'nobody'} gives no reason"


@pytest.mark.checklist(id="MON-SYS-3")
def test_watchdog_arrives_end_to_end(alerting, heartbeat, evaluated_at, evidence):
    name = alerting.watchdog["alertname"]
    arrived = [one for one in alerting.held if one.labels.get("alertname") == name]
    limit = alerting.settings.heartbeat.max_age
    evidence(
        observed=f"{name}: {', '.join(one.state for one in arrived) or 'not'} at Alertmanager",
        expected=f"active at Alertmanager, noted by its receiver at most {limit} ago",
        inspected=len(alerting.held),
    )
    assert arrived, f"{alerting.name}: {name} does not arrive from Prometheus"
    assert any(one.state == "active" for one in arrived), f"{alerting.name}: {name} is {arrived[0].state}"
    noted = heartbeat()
    assert noted is not None, f"{alerting.name}: {name} never arrived at its receiver"
    age = evaluated_at - noted
    evidence(observed=f"{name}: active at Alertmanager, noted by its receiver {age} ago")
    if -age > limit:
        not_verified(f"{alerting.name}: its receiver noted {name} in the future; correct the clock")
    assert age <= limit, f"{alerting.name}: {name} arrived at its receiver {age} ago, limit is {limit}"
