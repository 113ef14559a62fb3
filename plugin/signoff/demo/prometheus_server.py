"""A small Prometheus: scrapes what `prometheus.yml` says, evaluates the rules, and answers the same HTTP API.

Run as `python -m signoff.demo.prometheus_server DIR`. Samples live in memory for an hour.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import uvicorn
import yaml
from prombed import ScrapeTarget
from prombed.errors import PrombedError

from signoff.demo import prometheus
from signoff.demo.layout import Layout
from signoff.demo.prometheus_api import Api
from signoff.demo.prometheus_notifier import Notifier
from signoff.demo.prometheus_rules import RuleFile, seconds
from signoff.demo.promql import Store

RETENTION_SECONDS = 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One scrape target of one job."""

    name: str
    address: str
    target: ScrapeTarget
    interval: float


def read_jobs(document: dict[str, Any]) -> list[Job]:
    """Return every static target of a Prometheus configuration."""
    common = document["global"]
    jobs = []
    for config in document["scrape_configs"]:
        name, interval = config["job_name"], seconds(config.get("scrape_interval", common["scrape_interval"]))
        query = f"?{urlencode(config['params'], doseq=True)}" if "params" in config else ""
        for group in config["static_configs"]:
            for address in group["targets"]:
                target = ScrapeTarget(
                    url=f"http://{address}{config.get('metrics_path', '/metrics')}{query}",
                    labels={"job": name, "instance": address, **group.get("labels", {})},
                    timeout_ms=int(seconds(config.get("scrape_timeout", common["scrape_timeout"])) * 1_000),
                )
                jobs.append(Job(name=name, address=address, target=target, interval=interval))
    return jobs


class Server:
    """Scraping, evaluation and API of one configuration."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        file = prometheus.configuration(layout)
        self._configuration = file.read_text(encoding="utf-8")
        document = yaml.safe_load(self._configuration)
        self._jobs = read_jobs(document)
        self._interval = seconds(document["global"]["evaluation_interval"])
        self._notifier = Notifier(document)
        self._rules = RuleFile(file.with_name(document["rule_files"][0]))
        self._store = Store(
            targets=[job.target for job in self._jobs], retention_ms=RETENTION_SECONDS * 1_000, lookback_delta_ms=60_000
        )

    async def run(self) -> None:
        """Serve until stopped."""
        self._rules.refresh()
        api = Api(
            store=self._store,
            rules=self._rules,
            jobs=self._jobs,
            configuration=self._configuration,
            interval=self._interval,
            retention=RETENTION_SECONDS,
            alertmanagers=self._notifier.urls,
        )
        options = uvicorn.Config(
            api.application(),
            host="127.0.0.1",
            port=self._layout.port("prometheus"),
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        background = [asyncio.create_task(self._scrape(job)) for job in self._jobs]
        background.append(asyncio.create_task(self._evaluate()))
        try:
            await uvicorn.Server(options).serve()
        finally:
            for task in background:
                task.cancel()

    async def _scrape(self, job: Job) -> None:
        while True:
            started = time.monotonic()
            with suppress(PrombedError):  # the target's status holds the reason, and `up` is 0
                await self._store.scrape_once(job.target)
            # Until a target answers for the first time it is asked more often: it may still be starting.
            pause = job.interval if self._answered(job) else min(job.interval, 0.5)
            await asyncio.sleep(max(0.05, pause - (time.monotonic() - started)))

    def _answered(self, job: Job) -> bool:
        return any(status.target.url == job.target.url and status.health == "up" for status in self._store.targets())

    async def _evaluate(self) -> None:
        while True:
            self._rules.refresh()
            now = time.time()
            for rule in self._rules.rules():
                rule.evaluate(self._store.query, now)
            if self._notifier.is_due():
                await asyncio.to_thread(self._notifier.send, list(self._rules.rules()))
            await asyncio.sleep(self._interval)


if __name__ == "__main__":
    asyncio.run(Server(Layout(Path(sys.argv[1]))).run())
