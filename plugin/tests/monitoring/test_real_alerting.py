"""A real Prometheus, Alertmanager and exporter (itself): the watchdog really arrives, and what is broken is seen."""

from __future__ import annotations

import shutil
import subprocess
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml

from signoff.probes.metrics.prometheus import open_prometheus
from signoff.probes.metrics.retention import read_retention
from signoff.probes.products.alertmanager import open_alertmanager
from tests.patience import wait_until
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from signoff.probes.products.alertmanager import HeldAlert


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """Prometheus, Alertmanager behind it, and the paths that webhooks arrived at."""

    prometheus: str
    alertmanager: str
    rules: Path
    arrived: list[str]


def _held(api: Any) -> dict[str, HeldAlert]:
    """Return the alerts by name, with the watchdog, which ends whenever it is not repeated in time."""

    def held() -> dict[str, HeldAlert] | None:
        alerts = {one.labels["alertname"]: one for one in api.alerts()}
        return alerts if "Watchdog" in alerts and alerts["Watchdog"].state != "unprocessed" else None

    return wait_until(held, "the watchdog is not held", pause=0.2)


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """Give the whole pipeline, once for all tests."""
    if not shutil.which("prometheus") or not shutil.which("prometheus-alertmanager"):
        pytest.skip("needs real ones (apt-get install prometheus prometheus-alertmanager)")
    folder, arrived = tmp_path_factory.mktemp("alerting"), []
    prometheus, alertmanager = (f"127.0.0.1:{free_port()}" for _ in range(2))

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            arrived.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ExitStack() as stack:
        receiver = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        stack.callback(receiver.server_close)
        threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        stack.callback(receiver.shutdown)
        _write(folder / "alertmanager.yml", _routes(receiver.server_port))
        _write(folder / "prometheus.yml", _configuration(prometheus, alertmanager))
        _write(folder / "rules.yml", RULES)
        for command in (
            [
                "prometheus-alertmanager",
                f"--config.file={folder / 'alertmanager.yml'}",
                f"--storage.path={folder / 'am'}",
                f"--web.listen-address={alertmanager}",
                "--cluster.listen-address=",
                "--log.level=error",
            ],
            [
                "prometheus",
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'db'}",
                f"--web.listen-address={prometheus}",
                "--storage.tsdb.retention.time=20d",
                "--storage.tsdb.retention.size=1GB",
                "--web.enable-lifecycle",
                # What fired before Alertmanager was discovered is sent again at once.
                "--rules.alert.resend-delay=1s",
                "--log.level=error",
            ],
        ):
            process = subprocess.Popen(command, cwd=folder)
            stack.callback(process.wait)
            stack.callback(process.kill)
        wait_until(lambda: "/heartbeat" in arrived, "the watchdog does not arrive")
        yield Pipeline(
            prometheus=f"http://{prometheus}",
            alertmanager=f"http://{alertmanager}",
            rules=folder / "rules.yml",
            arrived=arrived,
        )


RULES = {
    "groups": [
        {
            "name": "shop",
            "rules": [
                {"alert": "Watchdog", "expr": "vector(1)", "labels": {"severity": "none"}},
                {"alert": "TargetDown", "expr": "up == 0", "for": "1m", "labels": {"severity": "critical"}},
                {"alert": "Dead", "expr": "rate(gone_total[5m]) > 0.05", "labels": {"severity": "critical"}},
            ],
        }
    ]
}


def _write(file: Path, content: Any) -> None:
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def _routes(port: int) -> dict[str, Any]:
    def receiver(name: str) -> dict[str, Any]:
        return {"name": name, "webhook_configs": [{"url": f"http://127.0.0.1:{port}/{name}"}]}

    routes = [
        {"receiver": "heartbeat", "matchers": ['alertname="Watchdog"']},
        {"receiver": "pager", "matchers": ['severity=~"critical|page"']},
    ]
    return {
        "route": {"receiver": "chat", "group_wait": "0s", "routes": routes},
        "receivers": [*map(receiver, ("heartbeat", "pager")), {"name": "chat"}],
    }


def _configuration(own: str, alertmanager: str) -> dict[str, Any]:
    return {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
        "scrape_configs": [
            {"job_name": "prometheus", "static_configs": [{"targets": [own]}]},
            {"job_name": "alertmanager", "static_configs": [{"targets": [alertmanager]}]},
        ],
    }


def test_the_watchdog_is_held_and_goes_to_whoever_waits_for_it(pipeline: Pipeline) -> None:
    with open_alertmanager(pipeline.alertmanager) as api:
        held = _held(api)
    assert held["Watchdog"].state == "active"
    assert held["Watchdog"].receivers == ("heartbeat",)
    assert datetime.now(UTC) - held["Watchdog"].updated < timedelta(minutes=1)


def test_the_running_configuration_says_who_is_told(pipeline: Pipeline) -> None:
    with open_alertmanager(pipeline.alertmanager) as api:
        routing = api.routing()
    assert routing.always({"alertname": "TargetDown", "severity": "critical"}) == ("pager",)
    assert routing.always({"alertname": "DiskSpaceLow", "severity": "warning"}) == ("chat",)
    assert routing.integrations == {"heartbeat": 1, "pager": 1, "chat": 0}


def test_a_silence_is_seen_as_it_is(pipeline: Pipeline) -> None:
    now = datetime.now(UTC)
    given = {
        "matchers": [{"name": "alertname", "value": ".+", "isRegex": True, "isEqual": True}],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(days=30)).isoformat(),
        "createdBy": "Kim",
        "comment": "too loud",
    }
    number = requests.post(f"{pipeline.alertmanager}/api/v2/silences", json=given, timeout=30).json()["silenceID"]
    try:
        with open_alertmanager(pipeline.alertmanager) as api:
            (silence,) = api.silences()
            assert (silence.id, silence.is_narrow, silence.covers({"alertname": "X"})) == (number, False, True)
            assert silence.lasts > timedelta(days=29)
            assert {one.state for one in _held(api).values()} == {"suppressed"}
    finally:
        requests.delete(f"{pipeline.alertmanager}/api/v2/silence/{number}", timeout=30)
    with open_alertmanager(pipeline.alertmanager) as api:
        assert api.silences() == ()


def test_prometheus_says_what_it_keeps_collects_and_sends(pipeline: Pipeline) -> None:
    with open_prometheus(pipeline.prometheus) as api:
        wait_until(lambda: len(api.query("up == 1")) == 2, "the targets are not up")
        wait_until(lambda: api.oldest_sample() is not None, "it does not know of its own samples")
        retention, oldest = read_retention(api.runtime().retention), api.oldest_sample()
        dead = api.dead_selectors(api.rules())
        assert api.alertmanagers() == (f"{pipeline.alertmanager}/api/v2/alerts",)
        fresh = api.scalar("count(count_over_time(up[5m]))")
        gone = api.scalar("count(count_over_time(gone_total[5m]))")
    assert (retention.time, retention.by_size) == (timedelta(days=20), "1GiB")
    assert oldest is not None
    assert timedelta(0) <= oldest < timedelta(days=1)
    assert {name: [one.metric for one in missing] for name, missing in dead.items()} == {"Dead": ["gone_total"]}
    assert (fresh, gone) == (2, None)


def test_a_reload_that_fails_is_seen(pipeline: Pipeline) -> None:
    before = pipeline.rules.read_text(encoding="utf-8")
    reload_ = f"{pipeline.prometheus}/-/reload"
    with open_prometheus(pipeline.prometheus) as api:
        assert api.runtime().config_loaded
        pipeline.rules.write_text("groups: [{name: shop, rules: [{alert: X, expr: 'up =='}]}]", encoding="utf-8")
        try:
            assert requests.post(reload_, timeout=30).status_code == 500
            assert not api.runtime().config_loaded
        finally:
            pipeline.rules.write_text(before, encoding="utf-8")
            requests.post(reload_, timeout=30)
        assert api.runtime().config_loaded
