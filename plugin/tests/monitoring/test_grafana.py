"""Grafana: every panel with its variables, from rows and libraries; no data is told apart from no answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from signoff.demo import operations
from signoff.errors import AuthenticationError, GuardError, NotVerifiedError
from signoff.probes.products.grafana import answers_strangers, open_grafana
from signoff.probes.products.grafana_dashboard import Source, read_dashboard

pytestmark = pytest.mark.contract

WINDOW = timedelta(hours=1)
NOW = datetime.now(UTC)


def read(*panels: Any, variables: Any = (), **more: Any) -> Any:
    document = {"uid": "u", "title": "t", "panels": list(panels), "templating": {"list": list(variables)}, **more}
    library = {"lib": {"title": "Shared", "targets": [{"refId": "A", "expr": "up"}]}}
    return read_dashboard(document, library=library.__getitem__, window=WINDOW)


def panel(expression: str, **more: Any) -> dict[str, Any]:
    return {"title": "P", "targets": [{"refId": "A", "expr": expression}], **more}


@pytest.mark.parametrize(
    ("variable", "asked"),
    [
        ({"type": "custom", "current": {"value": "shop"}}, 'up{job="shop"}'),
        ({"type": "constant", "query": "shop"}, 'up{job="shop"}'),
        ({"type": "textbox", "query": "shop", "current": {}}, 'up{job="shop"}'),
        ({"type": "query", "current": {"value": ["a", "b"]}}, 'up{job="(a|b)"}'),
        ({"type": "query", "current": {"value": ["$__all"]}, "allValue": ".*"}, 'up{job=".*"}'),
        (
            {"type": "query", "current": {"value": "$__all"}, "options": [{"value": "$__all"}, {"value": "a"}]},
            'up{job="a"}',
        ),
        ({"type": "query", "current": {"value": "$__all"}}, 'up{job=".+"}'),
    ],
)
@pytest.mark.parametrize("written", ["$job", "${job}", "[[job]]", "${job:regex}"])
def test_variables_are_filled_in(variable: dict[str, Any], asked: str, written: str) -> None:
    board = read(panel(f'up{{job="{written}"}}'), variables=[{"name": "job", **variable}])
    (question,) = board.panels[0].questions
    assert (question.model["expr"], question.unknown) == (asked, ())


def test_a_variable_without_a_value_makes_a_question_unknown() -> None:
    board = read(panel('up{job="$job", x="$x"}'), variables=[{"name": "job", "type": "query", "current": {}}])
    assert board.panels[0].questions[0].unknown == ("$job", "$x")


def test_intervals_are_numbers_and_macros_stay() -> None:
    board = read(panel("rate(a[$__rate_interval])"), panel("SELECT 1 WHERE $__timeFilter(t)"))
    assert [one.questions[0].model["expr"] for one in board.panels] == [
        "rate(a[144s])",
        "SELECT 1 WHERE $__timeFilter(t)",
    ]
    assert not any(one.questions[0].unknown for one in board.panels)


def test_panels_come_from_rows_and_libraries_and_those_without_data_do_not() -> None:
    board = read(
        {"type": "text", "title": "Read me"},
        {"type": "row", "title": "Row", "panels": [panel("a")]},
        {"title": "Mine", "libraryPanel": {"uid": "lib"}},
        panel("b", datasource={"uid": "-- Grafana --"}),
        {"title": "Two", "targets": [{"refId": "A", "expr": "c"}, {"refId": "B", "expr": "d", "hide": True}]},
        rows=[{"panels": [panel("e", title="Old")]}],
    )
    assert [(one.title, len(one.questions)) for one in board.panels] == [
        ("P", 1),
        ("Shared", 1),
        ("Two", 1),
        ("Old", 1),
    ]


def test_a_query_may_name_its_own_source() -> None:
    mixed = panel("a", datasource={"uid": "-- Mixed --"})
    mixed["targets"] = [{"refId": "A", "expr": "a", "datasource": {"type": "loki", "uid": "${source}"}}]
    board = read(
        mixed,
        panel("b", datasource="Old name"),
        panel("c"),
        variables=[{"name": "source", "type": "datasource", "current": {"value": "L"}}],
    )
    assert [one.questions[0].source for one in board.panels] == [
        Source(type="loki", uid="L"),
        Source(uid="Old name"),
        Source(),
    ]


@pytest.mark.parametrize("document", [None, [], {"panels": 5}, {"panels": [5]}, {"templating": [5]}])
def test_what_is_no_dashboard_is_no_evidence(document: Any) -> None:
    with pytest.raises(NotVerifiedError, match="which version"):
        read_dashboard(document, library=lambda uid: uid, window=WINDOW)


def test_a_missing_dashboard_is_a_fact_and_a_wrong_token_is_none(products: Any) -> None:
    with open_grafana(f"{products.url}/grafana", token="t0ken") as api:
        assert api.health() == "ok"
        assert api.dashboard("gone", WINDOW) is None
        board = api.dashboard("shop-overview", WINDOW)
    assert board is not None
    assert [one.title for one in board.panels] == ["Requests", "Response time", "Orders"]
    with (
        open_grafana(f"{products.url}/grafana", token="wrong") as api,
        pytest.raises(AuthenticationError, match="Viewer"),
    ):
        api.dashboard("shop-overview", WINDOW)


def test_panels_whose_sources_are_gone_do_not_show_data(products: Any) -> None:
    with open_grafana(f"{products.url}/grafana", token="t0ken") as api:
        board = api.dashboard("shop-overview", WINDOW)
        assert board is not None
        shown = {one.panel: one for one in api.shown(board, now=NOW, window=WINDOW)}
        sources = {one.name: one.health for one in api.sources((board,))}
    assert "status 502" in shown["Requests"].cannot_ask
    assert "refused" in shown["Orders"].error
    assert not any(one.series for one in shown.values())
    assert set(sources.values()) == {"ERROR: the data source does not answer"}


def test_nothing_but_a_query_is_posted(products: Any) -> None:
    with open_grafana(f"{products.url}/grafana", token="t0ken") as api, pytest.raises(GuardError):
        api._session.post(f"{products.url}/grafana/api/dashboards/db", json={})


def test_strangers_are_seen(products: Any) -> None:
    url = f"{products.url}/grafana"
    assert not answers_strangers(url)
    operations.write(operations.grafana(products.layout) / "settings.json", {"database": "ok", "anonymous": True})
    assert answers_strangers(url)
    with pytest.raises(NotVerifiedError, match="404"):
        answers_strangers(f"{products.url}/nothing")
