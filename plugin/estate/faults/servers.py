"""Faults of the servers themselves: size, space, packages, libraries, and who watches them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from estate.estate import wait_until
from estate.faults import packages
from estate.faults.model import Fault
from estate.roles import database, monitoring, node_exporter
from signoff.model import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.estate import Estate

_FILLER = f"{database.BACKUPS}/filler"
_LESS_MEMORY = "/run/meminfo"
_FIND_LIBRARY = "ldd /usr/bin/redis-server | sed -n 's/.*liblzf.* => \\(.*\\) (.*/\\1/p'"
_EXPORTER_SETTINGS = "/etc/default/prometheus-node-exporter"
_COLLECTOR = "--collector.filesystem "


def _fill_disk(estate: Estate) -> None:
    estate.host("db1").run("fallocate", "--length", "63MiB", f"{_FILLER}.dump")


def _fill_inodes(estate: Estate) -> None:
    estate.host("db2").run(
        f"mkdir {_FILLER} && cd {_FILLER} && seq -f part-%g {database.BACKUPS_INODES - 50} | xargs touch"
    )


def _clean(host: str) -> Callable[[Estate, Any], None]:
    def mend(estate: Estate, _: Any) -> None:
        estate.host(host).run(f"rm -r {_FILLER}*")

    return mend


def _take_memory(estate: Estate) -> None:
    host = estate.host("db2")
    lines = ["MemTotal: 524288 kB", *host.read("/proc/meminfo").splitlines()[1:]]
    host.write(_LESS_MEMORY, "\n".join(lines) + "\n")
    host.run("mount", "--bind", _LESS_MEMORY, "/proc/meminfo")


def _give_memory(estate: Estate, _: Any) -> None:
    estate.host("db2").run(f"umount /proc/meminfo && rm {_LESS_MEMORY}")


def _remove_package(estate: Estate) -> None:
    packages.remove(estate.host("app2"), "openssl")


def _downgrade_package(estate: Estate) -> None:
    packages.downgrade(estate.host("app1"), "openssl", "1.1.1w-0+deb11u1")


def _restore_package(host: str) -> Callable[[Estate, Any], None]:
    def mend(estate: Estate, _: Any) -> None:
        packages.restore(estate.host(host), "openssl")

    return mend


def _lose_library(estate: Estate) -> str:
    host = estate.host("cache2")
    file = host.run(_FIND_LIBRARY).strip()
    host.run("mv", file, f"{file}.bak")
    return file


def _find_library(estate: Estate, file: str) -> None:
    estate.host("cache2").run("mv", f"{file}.bak", file)


def _stop_exporter(estate: Estate) -> None:
    estate.host("cache2").stop_service(node_exporter.UNIT)
    _wait_for_health(estate, "cache2", "down")


def _start_exporter(estate: Estate, _: Any) -> None:
    estate.host("cache2").start_service(node_exporter.UNIT)
    _wait_for_health(estate, "cache2", "up")


def _forget_host(estate: Estate) -> str:
    host = estate.host("mon")
    before = host.read(monitoring.CONFIGURATION)
    document = yaml.safe_load(before)
    job = next(one for one in document["scrape_configs"] if one["job_name"] == "node")
    job["static_configs"] = [one for one in job["static_configs"] if one["labels"]["instance"] != "ns2"]
    _scrape(estate, yaml.safe_dump(document, sort_keys=False))
    wait_until(lambda: _health(estate, "ns2") is None, "Prometheus still asks ns2")
    return before


def _remember_host(estate: Estate, before: str) -> None:
    _scrape(estate, before)
    _wait_for_health(estate, "ns2", "up")


def _measure_less(estate: Estate) -> None:
    estate.host("ns1").replace(_EXPORTER_SETTINGS, _COLLECTOR, "")
    _restart_exporter(estate, measured=False)


def _measure_all(estate: Estate, _: Any) -> None:
    estate.host("ns1").replace(_EXPORTER_SETTINGS, "--collector.loadavg ", f"{_COLLECTOR}--collector.loadavg ")
    _restart_exporter(estate, measured=True)


def _restart_exporter(estate: Estate, *, measured: bool) -> None:
    estate.host("ns1").restart_service(node_exporter.UNIT)
    query = 'node_filesystem_avail_bytes{instance="ns1"}'
    wait_until(lambda: bool(monitoring.query(estate, query)) is measured, "Prometheus does not see the change")


def _scrape(estate: Estate, configuration: str) -> None:
    host = estate.host("mon")
    host.write(monitoring.CONFIGURATION, configuration)
    host.reload_service(monitoring.UNIT)


def _health(estate: Estate, host: str) -> str | None:
    """Return what Prometheus says of the host's exporter; None: it does not ask it."""
    targets = json.loads(monitoring.ask(estate, "targets?state=active"))["data"]["activeTargets"]
    found = (one for one in targets if (one["labels"]["job"], one["labels"]["instance"]) == ("node", host))
    return next((one["health"] for one in found), None)


def _wait_for_health(estate: Estate, host: str, wanted: str) -> None:
    wait_until(lambda: _health(estate, host) == wanted, f"Prometheus does not call {host} {wanted}")


FAULTS = (
    Fault(
        name="disk-full",
        title=Text(ko="db1의 백업 파일 시스템이 가득 찼습니다", en="The file system for backups on db1 is full"),
        items=("INF-SRV-1",),
        break_=_fill_disk,
        mend=_clean("db1"),
    ),
    Fault(
        name="inodes-used-up",
        title=Text(ko="db2의 작은 파일들이 inode를 모두 썼습니다", en="Small files have used up the inodes on db2"),
        items=("INF-SRV-1",),
        break_=_fill_inodes,
        mend=_clean("db2"),
    ),
    Fault(
        name="memory-too-small",
        title=Text(ko="db2의 메모리가 주문한 것보다 적습니다", en="db2 has less memory than was ordered"),
        items=("INF-SRV-1",),
        break_=_take_memory,
        mend=_give_memory,
    ),
    Fault(
        name="package-removed",
        title=Text(ko="app2에서 필요한 패키지가 제거되었습니다", en="A needed package was removed from app2"),
        items=("INF-SRV-3",),
        break_=_remove_package,
        mend=_restore_package("app2"),
    ),
    Fault(
        name="package-too-old",
        title=Text(
            ko="app1에 오래된 버전의 패키지가 설치되었습니다", en="An old version of a package was installed on app1"
        ),
        items=("INF-SRV-3",),
        break_=_downgrade_package,
        mend=_restore_package("app1"),
    ),
    Fault(
        name="library-missing",
        title=Text(
            ko="cache2의 redis-server가 다음 재시작 때 찾지 못할 라이브러리가 있습니다",
            en="redis-server on cache2 would not find a library at its next start",
        ),
        items=("INF-SRV-3",),
        break_=_lose_library,
        mend=_find_library,
    ),
    Fault(
        name="exporter-stopped",
        title=Text(ko="cache2의 node exporter가 중지되었습니다", en="The node exporter on cache2 is stopped"),
        items=("INF-SRV-4",),
        break_=_stop_exporter,
        mend=_start_exporter,
    ),
    Fault(
        name="host-unmonitored",
        title=Text(ko="ns2가 Prometheus 설정에서 빠졌습니다", en="ns2 was forgotten in Prometheus' configuration"),
        items=("INF-SRV-4",),
        break_=_forget_host,
        mend=_remember_host,
    ),
    Fault(
        name="disks-unmeasured",
        title=Text(ko="ns1의 exporter가 디스크를 측정하지 않습니다", en="The exporter on ns1 does not measure disks"),
        items=("INF-SRV-4",),
        break_=_measure_less,
        mend=_measure_all,
    ),
)
