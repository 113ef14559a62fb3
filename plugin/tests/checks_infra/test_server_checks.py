"""INF-SRV-1, INF-SRV-3 and INF-SRV-4."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.hosts import ServerSpec
from signoff.config.kinds.prometheus import PrometheusService
from signoff.probes.hosts.facts import FileSystem, ServerFacts
from signoff.probes.hosts.libraries import ProgramFact
from signoff.probes.hosts.packages import PackageFact
from signoff.probes.metrics.hosts import DiskForecast, HostCoverage, HostPeaks
from signoff.probes.metrics.prometheus import ScrapeTarget

if TYPE_CHECKING:
    from collections.abc import Callable

FILE = "infra/test_servers.py"
GIB = 2**30
NOW = datetime(2026, 11, 22, tzinfo=UTC)
WEB1 = SimpleNamespace(name="web1")


def disk(mount: str = "/", *, free: float = 0.5, inodes_free: float | None = 0.9) -> FileSystem:
    return FileSystem(mount=mount, type="ext4", size=100 * GIB, free=free, inodes_free=inodes_free)


def server(
    *disks: FileSystem, cpus: int = 8, memory: float = 31.2, spec: dict[str, Any] | None = None
) -> SimpleNamespace:
    facts = ServerFacts(system="Linux", cpus=cpus, memory=int(memory * GIB), file_systems=disks or (disk(),))
    wanted = ServerSpec(**({"cpus": 8, "memory_gib": 32} | (spec or {})))
    return SimpleNamespace(name="web1", spec=wanted, facts=facts)


@pytest.mark.parametrize(
    ("given", "state", "reason"),
    [
        (server(), "PASS", ""),
        (server(cpus=16, memory=64), "PASS", ""),
        (server(cpus=4), "FAIL", "web1: 4 processors, ordered were 8"),
        (server(memory=30), "FAIL", "web1: 30.0 GiB, ordered were 32"),
        (server(spec={"cpus": None, "memory_gib": None}), "NOT_VERIFIED", "nothing inspected"),
    ],
)
def test_size(run_check: Callable[..., Any], given: Any, state: str, reason: str) -> None:
    conclusion = run_check(FILE, "server_has_its_specified_size", server=given)
    assert (conclusion.state, conclusion.reason) == (state, reason)


@pytest.mark.parametrize(
    ("given", "state", "reason"),
    [
        (server(disk(free=0.2, inodes_free=0.2)), "PASS", ""),
        (server(disk(), disk("/data", inodes_free=None)), "PASS", ""),
        (server(disk(), disk("/data", free=0.1)), "FAIL", "web1: free space /data 10%, limit is 20%"),
        (server(disk(inodes_free=0.05)), "FAIL", "web1: free inodes below 20% on /"),
        (server(disk("/data")), "FAIL", "web1: not mounted: /"),
        (server(disk(), spec={"mounts": ["/", "/data"]}), "FAIL", "web1: not mounted: /data"),
    ],
)
def test_space(run_check: Callable[..., Any], given: Any, state: str, reason: str) -> None:
    conclusion = run_check(FILE, "disks_have_space_and_inodes_to_spare", server=given)
    assert (conclusion.state, conclusion.reason) == (state, reason)


@pytest.mark.parametrize(
    ("peaks", "state", "reason"),
    [
        ((0.6, 0.7, 14), "PASS", ""),
        ((0.8, 0.5, 14), "FAIL", "web1: processor peak 80%, limit is 70%"),
        ((0.5, 0.95, 14), "FAIL", "web1: memory peak 95%, limit is 70%"),
        ((0.9, 0.5, 6), "NOT_VERIFIED", "measured for 6 days"),
    ],
)
def test_headroom(run_check: Callable[..., Any], peaks: tuple[float, float, int], state: str, reason: str) -> None:
    cpu, memory, days = peaks
    seen = HostPeaks(cpu=cpu, memory=memory, covered=timedelta(days=days), points=300)
    monitoring = SimpleNamespace(peaks=lambda _window: seen)
    conclusion = run_check(FILE, "server_has_headroom_at_its_peak", server=server(), monitoring=monitoring)
    assert conclusion.state == state
    assert reason in conclusion.reason


@pytest.mark.parametrize(
    ("free", "change", "days", "state", "reason"),
    [
        (100 * GIB, 1.0, 14, "PASS", ""),
        (100 * GIB, 0.0, 14, "PASS", ""),
        (100 * GIB, -100 * GIB / (15 * 86_400), 14, "PASS", ""),
        (100 * GIB, -100 * GIB / (13 * 86_400), 14, "FAIL", "web1: will be full: / in 13 days"),
        (100 * GIB, -100 * GIB / 3600, 6, "NOT_VERIFIED", "measured for 6 days"),
    ],
)
def test_forecast(  # noqa: PLR0913, PLR0917 - one row of the table
    run_check: Callable[..., Any], free: float, change: float, days: float, state: str, reason: str
) -> None:
    disk = DiskForecast(mount="/", free=free, change=change, covered=timedelta(days=days))
    monitoring = SimpleNamespace(forecasts=lambda _window: (disk,))
    conclusion = run_check(FILE, "disks_do_not_fill_up_soon", server=server(), monitoring=monitoring)
    assert conclusion.state == state
    assert reason in conclusion.reason


@pytest.mark.parametrize(
    ("packages", "state", "reason"),
    [
        ([("bash", "5.2", True), ("curl", "8", None)], "PASS", ""),
        ([("bash", "5.2", True), ("curl", "", None)], "FAIL", "web1: not installed: curl"),
        ([("openssl", "1.1", False)], "FAIL", "web1: older than required: openssl 1.1"),
        ([], "NOT_VERIFIED", "nothing inspected"),
    ],
)
def test_packages(
    run_check: Callable[..., Any], packages: list[tuple[str, str, bool | None]], state: str, reason: str
) -> None:
    facts = [PackageFact(name=name, version=version, new_enough=enough) for name, version, enough in packages]
    conclusion = run_check(FILE, "required_packages_are_installed", target=WEB1, packages=facts)
    assert (conclusion.state, conclusion.reason) == (state, reason)


@pytest.mark.parametrize(
    ("programs", "state", "reason"),
    [
        ([("/srv/app", True, ())], "PASS", ""),
        ([("/srv/app", True, ("libpq.so.5",))], "FAIL", "web1: /srv/app lacks libpq.so.5"),
        ([("/srv/app", False, ())], "FAIL", "web1: no such program: /srv/app"),
        ([], "NOT_VERIFIED", "nothing inspected"),
    ],
)
def test_libraries(
    run_check: Callable[..., Any], programs: list[tuple[str, bool, tuple[str, ...]]], state: str, reason: str
) -> None:
    facts = [ProgramFact(path=path, exists=exists, libraries=3, missing=missing) for path, exists, missing in programs]
    conclusion = run_check(FILE, "programs_find_their_shared_libraries", target=WEB1, programs=facts)
    assert (conclusion.state, conclusion.reason) == (state, reason)


def scrape(*, health: str = "up", age: float = 30, error: str = "") -> ScrapeTarget:
    return ScrapeTarget(
        job="node",
        labels={"instance": "web1"},
        url="http://web1:9100/metrics",
        health=health,
        last_error=error,
        last_scrape=NOW - timedelta(seconds=age),
        interval_seconds=30,
    )


ALL = frozenset({"a", "b"})


@pytest.mark.parametrize(
    ("targets", "metrics", "state", "reason"),
    [
        ([scrape()], ALL, "PASS", ""),
        ([], ALL, "FAIL", "web1: Prometheus has no target in job 'node' with instance='web1'"),
        (
            [scrape(health="down", error="refused")],
            ALL,
            "FAIL",
            "web1: target is not up: http://web1:9100/metrics refused",
        ),
        ([scrape(age=120)], ALL, "FAIL", "web1: not asked for more than 3 intervals: http://web1:9100/metrics"),
        ([scrape()], frozenset({"a"}), "FAIL", "web1: not measured: b"),
    ],
)
def test_monitoring(
    run_check: Callable[..., Any], targets: list[ScrapeTarget], metrics: frozenset[str], state: str, reason: str
) -> None:
    settings = PrometheusService(url="http://p:9090", jobs=("node",), host_metrics=("a", "b"))
    coverage = HostCoverage(targets=tuple(targets), metrics=metrics)
    monitoring = SimpleNamespace(
        settings=settings, host="web1", api=SimpleNamespace(now=lambda: NOW), coverage=lambda: coverage
    )
    conclusion = run_check(FILE, "server_is_monitored", target=WEB1, monitoring=monitoring)
    assert (conclusion.state, conclusion.reason) == (state, reason)
