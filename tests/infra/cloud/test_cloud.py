"""Clouds: groups that scale, zones, limits and costs."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="INF-CLD-1")
def test_scaling_groups_have_room_for_the_peak(scaling, evidence):
    evidence(
        observed=", ".join(f"{one.name}: {one.minimum} <= {one.desired} <= {one.maximum}" for one in scaling.found),
        expected=", ".join(f"{one.name}: >= {one.minimum}, up to {one.peak}" for one in scaling.wanted),
        inspected=len(scaling.found),
    )
    assert not scaling.missing(), f"{scaling.name}: no scaling group {', '.join(scaling.missing())}"
    for wanted, group in scaling.pairs():
        where = f"{scaling.name}: {group.name}"
        assert group.minimum >= wanted.minimum, f"{where} may shrink to {group.minimum}, limit is {wanted.minimum}"
        assert group.maximum >= wanted.peak, f"{where} may grow to {group.maximum}, the peak needs {wanted.peak}"
        assert group.desired < group.maximum, f"{where} runs {group.desired}, its maximum: it cannot grow"
        assert group.healthy >= group.minimum, f"{where} has {group.healthy} healthy, its minimum is {group.minimum}"


@pytest.mark.checklist(id="INF-CLD-1")
def test_scaling_follows_live_metrics(scaling, evidence):
    evidence(
        observed=", ".join(f"{one.name}: {' '.join((*one.metrics, *one.obstacles))}" for one in scaling.found),
        expected="each group follows a metric that is measured now, and nothing keeps it from scaling",
        inspected=len(scaling.found),
    )
    assert not scaling.missing(), f"{scaling.name}: no scaling group {', '.join(scaling.missing())}"
    for group in scaling.found:
        assert not group.obstacles, f"{scaling.name}: {group.name}: {', '.join(group.obstacles)}"
        assert group.metrics, f"{scaling.name}: {group.name} follows no metric"


@pytest.mark.checklist(id="INF-CLD-1")
def test_no_scaling_failed_lately(scaling, evidence):
    failures = [f"{group.name} {failure}" for group in scaling.found for failure in group.failures]
    evidence(observed=", ".join(failures) or "none failed", expected="none failed", inspected=len(scaling.found))
    assert not scaling.missing(), f"{scaling.name}: no scaling group {', '.join(scaling.missing())}"
    assert not failures, f"{scaling.name}: {failures[0]} ({len(failures)} in all)"


@pytest.mark.checklist(id="INF-CLD-2")
def test_every_tier_spans_zones(layout, evidence):
    tiers = layout.settings.tiers
    zones = {tier.name: sorted({place.zone for place in layout.of(tier)}) for tier in tiers}
    evidence(
        observed=", ".join(f"{name}: {' '.join(found) or 'nowhere'}" for name, found in zones.items()),
        expected=", ".join(f"{tier.name}: >= {tier.zones} zones" for tier in tiers),
        inspected=sum(len(layout.of(tier)) for tier in tiers),
    )
    for tier in tiers:
        weak = [f"{place.resource}: {place.weakness}" for place in layout.of(tier) if place.weakness]
        assert not weak, f"{layout.name}: {tier.name}: {', '.join(weak)}"
        assert layout.of(tier), f"{layout.name}: nothing runs for {tier.name}"
        assert len(zones[tier.name]) >= tier.zones, (
            f"{layout.name}: {tier.name} is in {len(zones[tier.name])} zones, limit is {tier.zones}"
        )


@pytest.mark.checklist(id="INF-CLD-2")
def test_everything_runs_in_allowed_regions(layout, evidence):
    allowed, places = layout.settings.regions, (*layout.placements, *layout.elsewhere())
    strays = [f"{place.resource} in {place.region}" for place in places if place.region not in allowed]
    evidence(
        observed=", ".join(sorted({place.region for place in places})),
        expected=", ".join(allowed),
        inspected=len(places),
    )
    assert not strays, f"{layout.name}: outside of {', '.join(allowed)}: {', '.join(strays)}"


@pytest.mark.checklist(id="INF-CLD-3")
def test_cloud_quotas_leave_room(quotas, evidence):
    most = f"{quotas.most:.0%}"
    evidence(
        observed=quotas.seen,
        expected=f"<= {most} of each quota used, now and as planned",
        inspected=len(quotas.rooms),
    )
    assert not quotas.exceeded(), f"{quotas.name}: beyond {most}: {', '.join(quotas.exceeded())}"
    if quotas.untold():
        not_verified(f"{quotas.name}: {'; '.join(quotas.untold())}")


@pytest.mark.checklist(id="INF-CLD-3")
def test_system_limits_leave_room(host_limits, evidence):
    most = f"{host_limits.most:.0%}"
    evidence(
        observed=host_limits.seen,
        expected=f"<= {most} of each limit used, now and as planned",
        inspected=len(host_limits.rooms),
    )
    assert not host_limits.exceeded(), f"{host_limits.name}: beyond {most}: {', '.join(host_limits.exceeded())}"
    if host_limits.untold():
        not_verified(f"{host_limits.name}: {'; '.join(host_limits.untold())}")


@pytest.mark.checklist(id="INF-CLD-3")
def test_database_connection_limit_leaves_room(database_limits, evidence):
    most = f"{database_limits.most:.0%}"
    evidence(
        observed=database_limits.seen,
        expected=f"<= {most} of max_connections used, now and as planned",
        inspected=len(database_limits.rooms),
    )
    assert not database_limits.exceeded(), (
        f"{database_limits.name}: beyond {most}: {', '.join(database_limits.exceeded())}"
    )
    if database_limits.untold():
        not_verified(f"{database_limits.name}: {'; '.join(database_limits.untold())}")


@pytest.mark.checklist(id="INF-CLD-3")
def test_cache_connection_limit_leaves_room(cache, evidence):
    facts, wanted = cache.facts, cache.settings
    most, planned = wanted.clients_limit_used, wanted.clients_planned or 0
    evidence(
        observed=f"{facts.clients} of {facts.max_clients} connections, {planned} planned",
        expected=f"<= {most:.0%} of maxclients, now and as planned",
        inspected=1,
    )
    peak = max(facts.clients, planned)
    assert peak <= most * facts.max_clients, f"{cache.name}: {peak} of {facts.max_clients} clients, limit is {most:.0%}"


@pytest.mark.checklist(id="INF-CLD-4")
def test_budgets_warn_in_time(spending, evidence):
    limit, budgets = spending.settings.costs.alert_at, spending.wanted()
    alerts = [(one.name, alert) for one in budgets for alert in one.alerts]
    evidence(
        observed=", ".join(
            f"{name}: {one.percent:g} % to {' '.join(one.receivers) or 'nobody'}" for name, one in alerts
        ),
        expected=f"each budget tells somebody by {limit:g} %",
        inspected=len(budgets),
    )
    assert not spending.missing(), f"{spending.name}: no budget {', '.join(spending.missing())}"
    assert budgets, f"{spending.name}: no budget at all"
    for budget in budgets:
        heard = [one for one in budget.alerts if one.percent <= limit and one.receivers]
        dead = sorted({name for one in budget.alerts for name in one.dead})
        assert heard, f"{spending.name}: budget {budget.name} tells nobody by {limit:g} %" + (
            f"; never confirmed or switched off: {', '.join(dead)}" if dead else ""
        )


@pytest.mark.checklist(id="INF-CLD-4")
def test_unusual_costs_are_watched(spending, evidence):
    monitors = spending.facts.monitors
    if not spending.settings.costs.anomaly_monitor:
        evidence(observed="not asked for", expected="the inventory asks for none", inspected=1)
        return
    if monitors is None:
        not_verified(
            f"{spending.name}: {spending.settings.provider} cannot be asked about unusual costs; attest INF-CLD-4,"
            " and write anomaly_monitor: false"
        )
    evidence(
        observed=", ".join(" ".join(one.receivers) or "nobody" for one in monitors),
        expected="a monitor that tells somebody",
        inspected=len(monitors),
    )
    assert monitors, f"{spending.name}: nothing watches for unusual costs"
    assert any(one.receivers for one in monitors), f"{spending.name}: unusual costs are told to nobody"
