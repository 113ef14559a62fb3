"""A product that is out of reach, closed, broken or another one is no verdict, for every check that asks one."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.checklist import load_checklist
from signoff.config.kinds import KINDS
from tests.suite_checks import ROOT, SuiteChecks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

SERVERS = {
    "closed": (401, ""),
    "elsewhere": (404, "<html>not found</html>"),
    "maintenance": (200, "<html>back soon</html>"),
    "broken": (500, "{}"),
    "empty": (200, "{}"),
    "no-rules": (200, '{"status": "success", "data": {"groups": []}}'),
}
KEY = "throw-away-token"
OTHERS = {"log": "elasticsearch", "rota": "opsgenie", "ci": "gitlab", "wiki": "data_center"}
"""The other vendors of the same kinds."""


@contextmanager
def answering(status: int, text: str) -> Iterator[str]:
    """Serve the same answer to every question; gives the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_GET  # noqa: N815 - the names are http.server's

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def places() -> Iterator[dict[str, str]]:
    """Return addresses where nobody is, or somebody else."""
    with ExitStack() as running:
        yield {"gone": "http://127.0.0.1:1"} | {
            name: running.enter_context(answering(*answer)) for name, answer in SERVERS.items()
        }


def services(url: str, prometheus: str, vendors: Mapping[str, str]) -> Mapping[str, Any]:
    """Return a service of each kind at the address; Alertmanager's Prometheus may stand elsewhere."""
    store = {"product": vendors["log"], "url": url}
    store |= {} if vendors["log"] == "loki" else {"index": "logs", "kibana": url}
    sample = {"url": url, "header": "X-Server", "pool": "shop"}
    entries: dict[str, dict[str, Any]] = {
        "prometheus": {"url": prometheus, "jobs": ["shop"]},
        "grafana": {"url": url, "token": KEY, "dashboards": ["shop"]},
        "alertmanager": {
            "url": url,
            "prometheus": "prometheus",
            "pager": ["pager"],
            "heartbeat": {"url": f"{url}/beat"},
        },
        "error_tracking": {"url": url, "organization": "shop", "project": "shop", "token": KEY},
        "central_log": {
            "store": store,
            "trace": {"url": f"{url}/shop"},
            "views": ["shop"],
            "alerts": {"required": ["errors"]},
        },
        "on_call": {"provider": vendors["rota"], "url": url, "token": KEY, "schedules": ["P1"]},
        "ci": {"provider": vendors["ci"], "url": url, "project": "shop/shop", "token": KEY, "required": ["test"]},
        "sonarqube": {"url": url, "project": "shop", "token": KEY},
        "vault": {"url": url, "token": KEY},
        "oidc": {"issuer": url},
        "patroni": {"url": url},
        "long_run": {"prometheus": "prometheus", "selector": 'job="shop"', "instances": 1, "memory_limit_mib": 100},
        "document": {"confluence": {"url": url, "page": "1", "token": KEY, "edition": vendors["wiki"]}, "owner": "Kim"},
        "load_balancer": {"nginx_api": url, "pools": [{"name": "shop"}], "http_url": url, "spread": sample},
    }
    return {kind: KINDS[kind].model_validate(entry) for kind, entry in entries.items()}


VENDORS = {"log": "loki", "rota": "pagerduty", "ci": "github", "wiki": "cloud"}
ASKED = frozenset(services("http://localhost", "http://localhost", VENDORS))
CHECKS = [
    (check.name, kind)
    for item in load_checklist(ROOT / "tests" / "checklist.yaml").items
    for check in item.checks
    for kind in check.targets.name.split(",")
    if kind in ASKED and check.name != "failover_was_rehearsed"
]
"""Every check of these kinds that asks them anything."""


@pytest.fixture
def conclude(tmp_path: Path, places: dict[str, str]) -> Callable[..., Any]:
    """Return the function `conclude(check, kind, place, **vendors)`."""
    host = SimpleNamespace(settings=SimpleNamespace(metrics_instance=""))

    def conclude_(check: str, kind: str, place: str, **vendors: str) -> Any:
        prometheus = places["no-rules" if kind == "alertmanager" else place]
        known = services(places[place], prometheus, VENDORS | vendors)
        inventory = SimpleNamespace(
            hosts={"app1": host},
            policy=SimpleNamespace(commit="0" * 40),
            service=known.__getitem__,
            services_of=lambda wanted: {name: one for name, one in known.items() if name == wanted},
        )
        given: dict[str, Any] = {"inventory": inventory, "evaluated_at": datetime.now(UTC), "connect": None}
        return SuiteChecks().one(check, known[kind], name=kind, workspace_path=lambda name: tmp_path / name, **given)

    return conclude_


@pytest.mark.parametrize(
    "vendors", [{}, OTHERS, {"log": "opensearch"}], ids=["loki, github ...", "elasticsearch, gitlab ...", "opensearch"]
)
@pytest.mark.parametrize("place", ["gone", *(name for name in SERVERS if name != "no-rules")])
def test_nothing_is_concluded_from_it(conclude: Callable[..., Any], place: str, vendors: dict[str, str]) -> None:
    changed = {"log": "central_log", "rota": "on_call", "ci": "ci", "wiki": "document"}
    kinds = {changed[name] for name in vendors} or ASKED
    concluded = {}
    for check, kind in CHECKS:
        found = conclude(check, kind, place, **vendors) if kind in kinds else None
        if found and (found.state not in {"ERROR", "NOT_VERIFIED"} or not found.reason):
            concluded[check] = (found.state, found.reason)
    # Whoever refuses strangers keeps them away from the dashboards, whoever it is.
    refuses = {"nobody_looks_at_dashboards_without_signing_in": ("PASS", "")}
    assert concluded == (refuses if place == "closed" and not vendors else {})


def test_nobody_there_is_an_error(conclude: Callable[..., Any]) -> None:
    states = {check: conclude(check, kind, "gone").state for check, kind in CHECKS}

    # These end before anybody is asked: Loki keeps no views, keys are looked for in files, providers speak https.
    unasked = {"saved_views_of_the_log_are_there", "no_key_travels_in_addresses", "identity_provider_is_sound"}
    assert {check for check, state in states.items() if state != "ERROR"} == unasked
