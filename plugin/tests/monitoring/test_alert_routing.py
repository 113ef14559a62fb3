"""Where Alertmanager's configuration sends an alert: by named cases, and by amtool's own word."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signoff.errors import NotVerifiedError
from signoff.probes.products.alert_routing import Matcher, parse_matchers, read_routing

if TYPE_CHECKING:
    from pathlib import Path

TREE = {
    "route": {
        "receiver": "chat",
        "routes": [
            {"receiver": "heartbeat", "matchers": ['alertname="Watchdog"']},
            {"receiver": "audit", "match": {"severity": "critical"}, "continue": True},
            {
                "receiver": "pager",
                "match_re": {"severity": "crit.*|page"},
                "routes": [{"receiver": "dba", "matchers": ['{team=~"db|storage", night!="no"}']}],
            },
            {"receiver": "mail", "matchers": ["severity=warning"], "mute_time_intervals": ["weekend"]},
        ],
    },
    "receivers": [
        {"name": "chat"},
        {"name": "pager", "pagerduty_configs": [{"routing_key": "<secret>"}]},
        {"name": "audit", "webhook_configs": [{"url": "http://a"}, {"url": "http://b"}]},
        *({"name": name, "webhook_configs": [{"url": "http://x"}]} for name in ("heartbeat", "dba", "mail")),
    ],
    "inhibit_rules": [
        {"source_match": {"alertname": "Watchdog"}, "target_matchers": ['team="db"'], "equal": ["region"]},
    ],
    "time_intervals": [{"name": "weekend", "time_intervals": [{"weekdays": ["saturday:sunday"]}]}],
}


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({"alertname": "Watchdog", "severity": "critical"}, ("heartbeat",)),
        ({"severity": "critical"}, ("audit", "pager")),
        ({"severity": "page"}, ("pager",)),
        ({"severity": "xcritical"}, ("chat",)),
        ({"severity": "critical", "team": "db"}, ("audit", "dba")),
        ({"severity": "page", "team": "db", "night": "no"}, ("pager",)),
        ({"severity": "warning"}, ("mail",)),
        ({}, ("chat",)),
    ],
)
def test_an_alert_goes_where_the_tree_says(labels: dict[str, str], receivers: tuple[str, ...]) -> None:
    assert read_routing(yaml.safe_dump(TREE)).receivers(labels) == receivers


def test_a_route_that_sleeps_at_times_is_no_way_for_every_hour() -> None:
    routing = read_routing(yaml.safe_dump(TREE))
    assert routing.always({"severity": "warning"}) == ()
    assert routing.integrations == {"chat": 0, "pager": 1, "audit": 2, "heartbeat": 1, "dba": 1, "mail": 1}


@pytest.mark.parametrize(
    ("source", "target", "muted"),
    [
        ({}, {"team": "db"}, True),
        ({}, {"team": "web"}, False),
        ({"region": "a"}, {"team": "db", "region": "b"}, False),
        ({}, {"team": "db", "alertname": "Watchdog"}, False),
    ],
)
def test_an_inhibition_needs_equal_labels(source: dict[str, str], target: dict[str, str], muted: bool) -> None:
    (rule,) = read_routing(yaml.safe_dump(TREE)).inhibitions
    assert rule.mutes({"alertname": "Watchdog", **source}, target) is muted


@pytest.mark.parametrize("text", ["", "route: [", "route: {}\nreceivers: 5", "[]", "route:\n  matchers: ['???']"])
def test_what_is_no_configuration_is_no_evidence(text: str) -> None:
    with pytest.raises(NotVerifiedError, match="Alertmanager"):
        read_routing(text)


@pytest.mark.parametrize(
    ("text", "narrows"),
    [('a=~".*"', False), ('a!="none"', False), ('a=~".+"', False), ('a="x"', True), ('a!~""', False)],
)
def test_a_matcher_that_lets_everything_in_does_not_narrow(text: str, narrows: bool) -> None:
    (matcher,) = parse_matchers(text)
    assert matcher.narrows is narrows
    assert parse_matchers(str(matcher)) == (matcher,)


def test_commas_and_quotes_in_values_are_values() -> None:
    assert parse_matchers(r'{a="x,y", b=~"z\"z"}') == (
        Matcher(name="a", operator="=", value="x,y"),
        Matcher(name="b", operator="=~", value='z"z'),
    )


LABELS = st.dictionaries(st.sampled_from(["team", "severity"]), st.sampled_from(["a", "b", "ab"]), max_size=2)
MATCHERS = st.builds(
    '{}{}"{}"'.format,
    st.sampled_from(["team", "severity"]),
    st.sampled_from(["=", "!=", "=~", "!~"]),
    st.sampled_from(["a", "b", "a|b", "a.*", ""]),
)


def routes(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    node: dict[str, Any] = {
        "receiver": st.sampled_from(["r0", "r1", "r2", "r3"]),
        "matchers": st.lists(MATCHERS, max_size=2),
        "continue": st.booleans(),
    }
    if depth:
        node["routes"] = st.lists(routes(depth - 1), max_size=3)
    return st.fixed_dictionaries(node)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(children=st.lists(routes(1), min_size=1, max_size=3), labels=LABELS)
def test_amtool_sends_it_to_the_same_receivers(tmp_path: Path, children: list[Any], labels: dict[str, str]) -> None:
    if not shutil.which("amtool"):
        pytest.skip("needs amtool (apt-get install prometheus-alertmanager)")
    document = {
        "route": {"receiver": "r0", "routes": children},
        "receivers": [{"name": f"r{number}"} for number in range(4)],
    }
    file = tmp_path / "alertmanager.yml"
    file.write_text(yaml.safe_dump(document))
    command = ["amtool", "config", "routes", "test", f"--config.file={file}"]
    command += [f"{name}={value}" for name, value in labels.items()]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout.strip()
    assert set(read_routing(file.read_text()).receivers(labels)) == set(said.split(","))
