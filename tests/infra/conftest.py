"""What infrastructure checks talk about: servers, what is installed on them, and caches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import timedelta

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.prometheus import PrometheusService
    from signoff.config.kinds.redis import RedisService
    from signoff.probes.hosts.facts import ServerFacts
    from signoff.probes.hosts.libraries import ProgramFact
    from signoff.probes.hosts.packages import PackageFact
    from signoff.probes.metrics.hosts import DiskForecast, HostCoverage, HostPeaks
    from signoff.probes.metrics.prometheus import Prometheus
    from signoff.probes.redis.server import RedisFacts
    from signoff.pytest_plugin.fixtures import BoundTarget


@dataclass(frozen=True, kw_only=True)
class Server:
    """A host, what was ordered, and what is there."""

    name: str
    spec: Any
    facts: ServerFacts


@pytest.fixture
def server(target: BoundTarget, connect: Callable[[str], Any]) -> Server:
    """Return the current host's specification and facts."""
    from signoff import not_verified
    from signoff.probes.hosts.facts import read_facts

    spec = target.settings.spec
    if spec is None:
        not_verified(f"{target.name}: no specification; write signoff.spec for it in hosts.yaml")
    return Server(name=target.name, spec=spec, facts=read_facts(connect(target.name), mounts=spec.mounts))


@pytest.fixture
def packages(target: BoundTarget, connect: Callable[[str], Any]) -> tuple[PackageFact, ...]:
    """Return what is installed of the packages that the current host needs."""
    from signoff import not_verified
    from signoff.probes.hosts.packages import read_packages

    wanted = target.settings.packages
    if not wanted:
        not_verified(f"{target.name}: no packages named; write signoff.packages for it in hosts.yaml")
    return read_packages(connect(target.name), {one.name: one.min_version for one in wanted})


@pytest.fixture
def programs(target: BoundTarget, connect: Callable[[str], Any]) -> tuple[ProgramFact, ...]:
    """Return the programs of the current host whose shared libraries matter."""
    from signoff import not_verified
    from signoff.probes.hosts.libraries import read_programs

    if not target.settings.libraries:
        not_verified(f"{target.name}: no programs named; write signoff.libraries for it in hosts.yaml")
    return read_programs(connect(target.name), target.settings.libraries)


@dataclass(frozen=True, kw_only=True)
class Monitoring:
    """What Prometheus knows of the current host."""

    settings: PrometheusService
    api: Prometheus
    host: str

    def coverage(self) -> HostCoverage:
        """Return the host's targets and metrics."""
        from signoff.probes.metrics.hosts import read_coverage

        wanted = self.settings
        return read_coverage(
            self.api, job=wanted.host_job, label=wanted.host_label, host=self.host, metrics=wanted.host_metrics
        )

    def peaks(self, window: timedelta) -> HostPeaks:
        """Return the host's busiest time within the window."""
        from signoff.probes.metrics.hosts import read_peaks

        return read_peaks(self.api, label=self.settings.host_label, host=self.host, window=window)

    def forecasts(self, window: timedelta) -> tuple[DiskForecast, ...]:
        """Return where the host's file systems are going, judged by the window."""
        from signoff.probes.metrics.hosts import read_forecasts

        return read_forecasts(self.api, label=self.settings.host_label, host=self.host, window=window)


@pytest.fixture
def monitoring(target: BoundTarget, inventory: Inventory) -> Iterator[Monitoring]:
    """Return the inventory's Prometheus, about the current host."""
    from signoff import not_verified
    from signoff.probes.metrics.prometheus import open_service

    found = inventory.services_of("prometheus")
    if not found:
        not_verified("no service of kind prometheus in services.yaml; add one, then hosts can be looked up in it")
    settings: Any = next(iter(found.values()))
    with open_service(settings) as api:
        yield Monitoring(settings=settings, api=api, host=target.settings.metrics_instance or target.name)


@dataclass(frozen=True, kw_only=True)
class Cache:
    """A Redis-compatible server, and a way to look again."""

    name: str
    settings: RedisService
    facts: RedisFacts
    look: Callable[[], RedisFacts]

    def later(self) -> RedisFacts:
        """Look again after the pause that the inventory asks for: counters that move tell what happens now."""
        import time

        time.sleep(self.settings.sample.total_seconds())
        return self.look()


@pytest.fixture
def cache(target: BoundTarget) -> Cache:
    """Return the current cache's facts: one INFO."""
    from functools import partial

    from signoff.probes.redis.server import read_redis

    settings: RedisService = target.settings
    look = partial(
        read_redis,
        host=settings.host,
        port=settings.port,
        username=settings.user,
        password=settings.password.get_secret_value() if settings.password else None,
        tls=settings.tls,
        ca_file=settings.ca_file or None,
    )
    return Cache(name=target.name, settings=settings, facts=look(), look=look)
