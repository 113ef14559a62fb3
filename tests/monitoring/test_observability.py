"""Monitoring: metrics are collected, alerts can fire and reach somebody, errors are tracked."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="MON-SYS-1")
def test_prometheus_collects_from_every_target(metrics, evidence):
    wanted, now, targets = metrics.settings, metrics.api.now(), metrics.api.targets()
    up = [one for one in targets if one.health == "up"]
    evidence(
        observed=f"{len(up)} of {len(targets)} targets up, jobs {', '.join(sorted({one.job for one in targets}))}",
        expected=f"all up and fresh, jobs {', '.join(wanted.jobs)}",
        inspected=len(targets),
    )
    missing = sorted(set(wanted.jobs) - {one.job for one in targets})
    assert not missing, f"{metrics.name}: no target in the jobs {', '.join(missing)}"
    instances = {(one.job, one.labels.get(wanted.host_label, "")) for one in targets}
    expected = {**wanted.instances, wanted.host_job: (*metrics.hosts, *wanted.instances.get(wanted.host_job, ()))}
    unknown = [f"{job} {name}" for job, names in expected.items() for name in names if (job, name) not in instances]
    assert not unknown, f"{metrics.name}: in the inventory and no target: {', '.join(unknown)}"
    down = [f"{one.job} {one.url} {one.last_error or one.health}" for one in targets if one.health != "up"]
    assert not down, f"{metrics.name}: targets not up: {'; '.join(down)}"
    late = [f"{one.job} {one.url}" for one in targets if one.missed_scrapes(now) > wanted.max_missed_scrapes]
    assert not late, f"{metrics.name}: not asked for {wanted.max_missed_scrapes} intervals: {', '.join(late)}"


@pytest.mark.checklist(id="MON-SYS-1")
def test_prometheus_runs_on_its_current_configuration(metrics, evidence):
    runtime, rules = metrics.api.runtime(), metrics.api.rules()
    broken = [f"{rule.name}: {rule.last_error or rule.health}" for rule in rules if rule.health == "err"]
    evidence(
        observed=f"ready {runtime.is_ready}, loaded {runtime.config_loaded}, {runtime.corruptions} corruptions, "
        f"{len(broken)} of {len(rules)} rules failing, keeps {runtime.retention or 'unknown'}",
        expected="ready, configuration loaded, 0 corruptions, 0 rules failing",
        inspected=1,
    )
    assert runtime.is_ready, f"{metrics.name}: not ready"
    assert runtime.config_loaded, f"{metrics.name}: the last configuration reload failed: it runs on an older one"
    assert not runtime.corruptions, f"{metrics.name}: {runtime.corruptions} corruptions of its storage"
    assert not broken, f"{metrics.name}: rules fail: {'; '.join(broken)}"


@pytest.mark.checklist(id="MON-SYS-1")
def test_metrics_that_are_relied_on_are_collected(metrics, evidence):
    from signoff.probes.metrics.promql import selectors_of

    wanted = [*metrics.settings.host_metrics, *metrics.settings.metrics]
    absent = [name for name in wanted if not metrics.api.query(f"count({name})")]
    recorded = metrics.api.dead_selectors([rule for rule in metrics.api.rules() if rule.type == "recording"])
    evidence(
        observed=f"absent: {', '.join(absent) or 'none'}, of {len(wanted)} metrics",
        expected="every metric of the inventory, and every one that a recording rule needs",
        inspected=sum(bool(selectors_of(name)) for name in wanted),
    )
    assert not absent, f"{metrics.name}: has no series of {', '.join(absent)}"
    assert not recorded, f"{metrics.name}: records nothing, for lack of what they need: {', '.join(recorded)}"


@pytest.mark.checklist(id="MON-SYS-1")
def test_samples_are_kept_long_enough(metrics, evidence):
    from signoff.probes.metrics.retention import read_retention

    limit, retention = metrics.settings.min_retention, read_retention(metrics.api.runtime().retention)
    evidence(observed=f"keeps {retention}", expected=f"at least {limit}", inspected=1)
    assert retention.time is None or retention.time >= limit, (
        f"{metrics.name}: keeps samples for {retention.time}, needed are {limit}"
    )
    if retention.by_size or retention.time is None:
        oldest = metrics.api.oldest_sample()
        evidence(observed=f"keeps {retention}, the oldest sample is {oldest} old")
        if oldest is None or oldest < limit:
            not_verified(
                f"{metrics.name}: limited by size, and its oldest sample is {oldest} old; raise the size, or wait"
            )


@pytest.mark.checklist(id="MON-SYS-3")
def test_required_alerts_exist_with_their_thresholds(metrics, evidence):
    alerts = {rule.name: rule for rule in metrics.api.rules() if rule.type == "alerting"}
    required = metrics.settings.alerts
    evidence(
        observed=", ".join(f"{name} {rule.threshold or ''}".strip() for name, rule in alerts.items()),
        expected=", ".join(f"{one.name} {one.condition}".strip() for one in required),
        inspected=len(required),
    )
    missing = [one.name for one in required if one.name not in alerts]
    assert not missing, f"{metrics.name}: no alert rule {', '.join(missing)}"
    for one in required:
        rule = alerts[one.name]
        condition = str(rule.threshold or "no threshold")
        assert one.threshold is None or condition == one.condition, (
            f"{metrics.name}: {one.name} fires at {condition}, required is {one.condition}"
        )
        assert rule.hold_seconds <= one.hold_max_seconds, (
            f"{metrics.name}: {one.name} waits {rule.hold_seconds:g} s, limit is {one.hold_max_seconds:g} s"
        )
        unlike = {key: rule.labels.get(key) for key, value in one.labels.items() if rule.labels.get(key) != value}
        assert not unlike, f"{metrics.name}: {one.name} has the labels {unlike}, required are {one.labels}"


@pytest.mark.checklist(id="MON-SYS-3")
def test_alert_rules_can_fire(metrics, evidence):
    alerts = [rule for rule in metrics.api.rules() if rule.type == "alerting"]
    dead = metrics.api.dead_selectors(alerts)
    text = "; ".join(f"{name} needs {', '.join(map(str, missing))}" for name, missing in dead.items())
    evidence(
        observed=text or f"every metric of {len(alerts)} rules exists",
        expected="every metric that an alert rule needs exists",
        inspected=len(alerts),
    )
    assert not dead, f"{metrics.name}: can never fire: {text}"


@pytest.mark.checklist(id="MON-SYS-3")
def test_alerting_is_alive_from_end_to_end(metrics, evidence):
    wanted = metrics.settings
    watchdog = [rule for rule in metrics.api.rules() if rule.name == wanted.watchdog]
    receivers = metrics.api.alertmanagers()
    evidence(
        observed=f"{wanted.watchdog} {watchdog[0].state if watchdog else 'missing'}, {len(receivers)} Alertmanagers",
        expected=f"{wanted.watchdog} firing, >= {wanted.min_alertmanagers} Alertmanagers",
        inspected=len(watchdog),
    )
    assert watchdog, f"{metrics.name}: no always-firing alert {wanted.watchdog}: a dead pipeline would look healthy"
    assert watchdog[0].state == "firing", f"{metrics.name}: {wanted.watchdog} is {watchdog[0].state}, it must fire"
    assert len(receivers) >= wanted.min_alertmanagers, (
        f"{metrics.name}: {len(receivers)} Alertmanagers take its alerts, needed are {wanted.min_alertmanagers}"
    )


@pytest.mark.checklist(id="MON-SYS-5")
def test_error_tracker_takes_events_in(error_tracker, evidence):
    ingest, wanted = error_tracker.ingest, error_tracker.settings
    evidence(
        observed=f"{ingest.accepted} events accepted, {ingest.lost} refused in {wanted.period}",
        expected=f"some accepted, <= {wanted.lost_ratio:.0%} refused",
        inspected=ingest.accepted + ingest.lost,
    )
    if ingest.lost_ratio is None:
        not_verified(
            f"{error_tracker.name}: no event in {wanted.period}; let the application report one, then check again"
        )
    assert ingest.lost_ratio <= wanted.lost_ratio, (
        f"{error_tracker.name}: {ingest.lost_ratio:.0%} of the events refused, limit is {wanted.lost_ratio:.0%}"
    )


@pytest.mark.checklist(id="MON-SYS-5")
def test_error_tracker_is_responsive_and_tells_somebody(error_tracker, evidence):
    project, limit = error_tracker.project, error_tracker.settings.response_seconds
    telling = [rule.name for rule in error_tracker.rules if rule.is_active and rule.actions]
    evidence(
        observed=f"project {project.status}, {len(telling)} active rules with an action, {error_tracker.seconds:.1f} s",
        expected=f"project active, >= 1 active rule with an action, answers within {limit:g} s",
        inspected=1 + len(error_tracker.rules),
    )
    assert project.status == "active", f"{error_tracker.name}: project {project.slug} is {project.status}"
    assert telling, f"{error_tracker.name}: no active alert rule of {project.slug} does anything"
    assert error_tracker.seconds <= limit, (
        f"{error_tracker.name}: its API took {error_tracker.seconds:.1f} s, limit is {limit:g} s"
    )
