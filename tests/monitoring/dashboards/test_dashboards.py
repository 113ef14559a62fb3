"""Dashboards: they are there, every panel shows something, and nobody looks at them without signing in."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="MON-SYS-2")
def test_dashboards_exist(dashboards, evidence):
    health, missing = dashboards.api.health(), [uid for uid, one in dashboards.found.items() if one is None]
    evidence(
        observed=f"database {health}, {len(dashboards.there)} of {len(dashboards.found)} dashboards",
        expected=f"database ok, {', '.join(dashboards.found)}",
        inspected=len(dashboards.found),
    )
    assert health == "ok", f"{dashboards.name}: its database is {health or 'unknown'}"
    assert not missing, f"{dashboards.name}: there is no dashboard {', '.join(missing)}"
    empty = [one.uid for one in dashboards.there if not one.panels]
    assert not empty, f"{dashboards.name}: no panel that shows data in {', '.join(empty)}"


@pytest.mark.checklist(id="MON-SYS-2")
def test_every_panel_shows_data(dashboards, evaluated_at, evidence):
    settings = dashboards.settings
    shown = [
        one
        for board in dashboards.there
        for one in dashboards.api.shown(board, now=evaluated_at, window=settings.window)
    ]
    allowed = {f"{one.dashboard}/{one.panel}" for one in settings.may_be_empty}
    evidence(
        observed=", ".join(f"{one}: {one.error or one.cannot_ask or one.series}" for one in shown),
        expected=f"at least one series within {settings.window}, of every panel",
        inspected=len(shown),
    )
    wrong = [f"{one} ({one.error})" for one in shown if one.error]
    assert not wrong, f"{dashboards.name}: panels with an error: {', '.join(wrong)}"
    empty = [str(one) for one in shown if not one.series and not one.cannot_ask and str(one) not in allowed]
    assert not empty, f"{dashboards.name}: panels that show nothing: {', '.join(empty)}"
    if blind := [f"{one} ({one.cannot_ask})" for one in shown if one.cannot_ask]:
        not_verified(f"{dashboards.name}: panels that could not be asked: {', '.join(blind)}")


@pytest.mark.checklist(id="MON-SYS-2")
def test_data_sources_are_healthy(dashboards, evidence):
    sources = dashboards.api.sources(dashboards.there)
    evidence(
        observed=", ".join(f"{one.name} ({one.type}) {one.health or 'cannot say'}" for one in sources),
        expected="OK, of every data source that the dashboards ask",
        inspected=len(sources),
    )
    ill = [f"{one.name} {one.health}" for one in sources if one.health not in {"", "OK"}]
    assert not ill, f"{dashboards.name}: data sources are not healthy: {', '.join(ill)}"
    if silent := [one.name for one in sources if not one.health]:
        not_verified(f"{dashboards.name}: no health check of {', '.join(silent)}; update its plugin")


@pytest.mark.checklist(id="MON-SYS-2")
def test_nobody_looks_at_dashboards_without_signing_in(target, answers_strangers, evidence):
    answered = answers_strangers()
    evidence(
        observed="answers" if answered else "refuses",
        expected="refuses whoever has no credentials",
        inspected=1,
    )
    assert not answered, f"{target.name}: anonymous access is on; anybody can look at the dashboards"
