"""PromQL: what the engine adds to prombed's, and how rules follow their series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from prombed.errors import PrombedError

from signoff.demo.prometheus_rules import Rule, RuleFile, alerts_to_api
from signoff.demo.promql import Store

NOW = 1_000_000_000

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store() -> Store:
    store = Store(lookback_delta_ms=60_000)
    for step in range(6):
        value = step if step < 4 else step - 4
        text = f'jobs_total{{host="a"}} {value}\nload{{host="a"}} {step}\nload{{host="b"}} 1.5\nspare{{host="c"}} 9\n'
        store.ingest(text, timestamp_ms=NOW + step * 10_000)
    return store


def ask(store: Store, expression: str) -> list[tuple[dict[str, str], str]]:
    data = store.query(expression, NOW + 50_000)["data"]
    if data["resultType"] == "scalar":
        return [({}, data["result"][1])]
    return [(series["metric"], series["value"][1]) for series in data["result"]]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("absent(nothing{host='x',zone!='y'})", [({"host": "x"}, "1")]),
        ("absent(load)", []),
        ("time()", [({}, "1000050")]),
        ("vector(3)", [({}, "3")]),
        ("max_over_time(load{host='a'}[1m])", [({"host": "a"}, "5")]),
        ("min_over_time(load{host='a'}[1m])", [({"host": "a"}, "0")]),
        ("avg_over_time(load{host='a'}[1m])", [({"host": "a"}, "2.5")]),
        ("count_over_time(load{host='a'}[1m])", [({"host": "a"}, "6")]),
        ("changes(load{host='b'}[1m])", [({"host": "b"}, "0")]),
        ("resets(jobs_total[1m])", [({"host": "a"}, "1")]),
        ("floor(load{host='b'})", [({"host": "b"}, "1")]),
        ("load and spare", []),
        ("load{host='a'} and load", [({"__name__": "load", "host": "a"}, "5")]),
        ("load unless load{host='a'}", [({"__name__": "load", "host": "b"}, "1.5")]),
        ("sum(nothing) or vector(0)", [({}, "0")]),
        ("sum(load) or vector(0)", [({}, "6.5")]),
        ("(load{host='b'} or spare) > 2", [({"__name__": "spare", "host": "c"}, "9")]),
        ("vector(1) unless vector(2) or vector(3)", [({}, "3")]),
        ("time() - 1000000 > bool_free or vector(50)", [({}, "50")]),
    ],
)
def test_expressions(store: Store, expression: str, expected: list[tuple[dict[str, str], str]]) -> None:
    assert ask(store, expression) == expected


@pytest.mark.parametrize(
    "expression", ["", "1 and vector(1)", "absent(load[1m])", "max_over_time(load)", "vector(load)", "deriv(load[1m])"]
)
def test_what_is_not_supported_is_refused(store: Store, expression: str) -> None:
    with pytest.raises(PrombedError):
        ask(store, expression)


def answer(*series: tuple[dict[str, str], str]) -> Any:
    return lambda _: {"data": {"result": [{"metric": labels, "value": [0, value]} for labels, value in series]}}


def test_an_alert_waits_fires_and_clears_by_series() -> None:
    rule = Rule(
        name="Slow", expression="x > 1", hold_seconds=10, labels={"severity": "high"},
        annotations={"summary": "{{ $labels.host }} is at {{ $value }}"},
    )  # fmt: skip
    a, b = ({"__name__": "x", "host": "a"}, "2"), ({"host": "b"}, "3")
    rule.evaluate(answer(a), 100)
    assert rule.state == "pending"
    rule.evaluate(answer(a, b), 110)
    assert [alert["state"] for alert in alerts_to_api([rule])] == ["firing", "pending"]
    assert alerts_to_api([rule])[0]["annotations"] == {"summary": "a is at 2"}
    assert alerts_to_api([rule])[0]["labels"] == {"host": "a", "severity": "high", "alertname": "Slow"}
    rule.evaluate(answer(b), 115)
    assert rule.state == "pending"
    rule.evaluate(answer(), 120)
    assert rule.state == "inactive"


def test_a_broken_expression_keeps_the_alerts_and_says_why(store: Store) -> None:
    rule = Rule(name="Odd", expression="sum(", hold_seconds=0, labels={}, annotations={})
    rule.evaluate(answer(({}, "1")), 1)
    rule.evaluate(store.query, 2)
    assert rule.state == "firing"
    assert rule.error


def test_rules_that_stay_keep_their_state_when_the_file_changes(tmp_path: Path) -> None:
    def write(*names: str) -> None:
        rules = [{"alert": name, "expr": "up == 0", "for": "1m30s"} for name in names]
        file.path.write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]}), encoding="utf-8")
        file.refresh()

    file = RuleFile(tmp_path / "rules.yml")
    file.refresh()
    assert "rules.yml" in file.error
    write("One")
    assert (file.error, [rule.hold_seconds for rule in file.rules()]) == ("", [90])
    next(iter(file.rules())).evaluate(answer(({"host": "a"}, "0")), 1)
    write("One", "Two")
    assert [rule.state for rule in file.rules()] == ["pending", "inactive"]
