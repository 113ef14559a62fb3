"""What a check may ask is written in the checklist, shown before the run, and kept by force while it runs."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from signoff.errors import ConfigError, GuardError
from signoff.meter import KINDS, Meter

if TYPE_CHECKING:
    from collections.abc import Callable

ITEMS = {
    "INF-SRV-1": {
        "checks": [
            {"name": "keeps_it", "at_most": {"commands": 2}},
            {"name": "asks_once_more", "at_most": {"commands": 1}},
            {"name": "hides_that_it_asked", "at_most": {"commands": 1}},
            {"name": "asks_what_is_not_named", "at_most": {"lookups": 9}},
            {"name": "asks_in_a_fixture", "at_most": {"lookups": 1}},
            {"name": "takes_too_long", "at_most": {"seconds": 1}},
            {"name": "promises_nothing"},
        ],
        "targets": "hosts:ungrouped",
    }
}
TESTS = """
import contextlib, time

@pytest.fixture
def uptime(host): return host.run("uptime").stdout

@pytest.mark.checklist(id="INF-SRV-1")
def test_keeps_it(host, evidence): assert host.run("true").rc == host.run("true").rc == 0

@pytest.mark.checklist(id="INF-SRV-1")
def test_asks_once_more(host): assert host.run("true").rc == host.run("true").rc == 0

@pytest.mark.checklist(id="INF-SRV-1")
def test_hides_that_it_asked(host):
    host.run("true")
    with contextlib.suppress(Exception): host.run("true")

@pytest.mark.checklist(id="INF-SRV-1")
def test_asks_what_is_not_named(host): assert host.run("true").rc == 0

@pytest.mark.checklist(id="INF-SRV-1")
def test_asks_in_a_fixture(host, uptime): assert uptime

@pytest.mark.checklist(id="INF-SRV-1")
def test_takes_too_long(host): time.sleep(30)

@pytest.mark.checklist(id="INF-SRV-1")
def test_promises_nothing(host): [host.run("true") for _ in range(5)]
"""


@pytest.fixture
def suite(write_suite: Callable[..., Any]) -> Any:
    return write_suite(ITEMS, TESTS)


def test_a_check_that_would_ask_more_than_its_plan_is_no_verdict(suite: Any) -> None:
    run = suite.run()
    for check, state, words in (
        ("keeps_it", "PASS", ""),
        ("asks_once_more", "ERROR", "at most 1 commands"),
        ("hides_that_it_asked", "ERROR", "at most 1 commands"),
        ("asks_what_is_not_named", "ERROR", "at most 0 commands"),
        ("asks_in_a_fixture", "ERROR", "at most 0 commands"),
        ("takes_too_long", "ERROR", "Timeout"),
        ("promises_nothing", "PASS", ""),
    ):
        cell = run.cell(check, "web-1")
        assert cell["state"] == state, (check, cell)
        assert words in cell["reason"], (check, cell)
    asked = {
        case.attrib["name"]: {each.attrib["name"]: each.attrib["value"] for each in case.iter("property")}
        for file in (suite.folder / "reports/demo").glob("junit_*.xml")
        for case in ET.parse(file).iter("testcase")
    }
    assert asked["test_keeps_it[web-1]"]["asked.commands"] == "2"
    assert asked["test_promises_nothing[web-1]"]["asked.commands"] == "5"
    assert asked["test_asks_once_more[web-1]"]["asked.commands"] == "1"
    assert "asked.commands" not in asked["test_asks_what_is_not_named[web-1]"]


def test_the_plan_lists_what_is_asked_at_most(suite: Any) -> None:
    english = suite.run("--signoff-plan", "--signoff-lang=en").output
    assert "        at most 2 commands, 120 seconds\n" in english
    assert "        nothing asked of others, at most 1 second\n" in english
    # two hosts, and of each 2 + 1 + 1 commands; 9 + 1 queries
    assert "together at most 8 commands, 20 DNS queries\n" in english
    assert "2 cells promise no limit (at_most)\n" in english
    assert "모두 합해 최대 명령 8회, DNS 조회 20회\n" in suite.run("--signoff-plan", "--signoff-lang=ko").output


@pytest.mark.parametrize(
    ("at_most", "words"),
    [
        ({"reqests": 3}, "reqests"),
        ({"requests": -1}, "greater than or equal to 0"),
        ({}, "name what the check may ask"),
        ({"seconds": 0}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_promised_is_a_mistake_with_its_place(
    write_suite: Callable[..., Any], at_most: dict[str, int], words: str
) -> None:
    suite = write_suite({"INF-SRV-1": {"checks": [{"name": "good", "at_most": at_most}]}}, "")
    with pytest.raises(ConfigError, match=rf"checklist\.yaml:\d+:\d+: .*{words}"):
        suite.workspace()


def test_threads_together_ask_no_more_than_one() -> None:
    meter = Meter()
    meter.start({"requests": 100})
    refused = []

    def ask() -> None:
        for _ in range(50):
            try:
                meter.spend("requests")
            except GuardError as error:
                refused.append(str(error))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(refused) == 100
    assert meter.stop() == {"requests": 100}
    for kind in KINDS:  # after its end nothing is limited: what is taken down then may belong to many checks
        meter.spend(kind)
