"""Metrics of every host in Prometheus' text format, under the names that node_exporter and its cousins use.

Run as `python -m signoff.demo.node_metrics DIR`: one process, one port per host. The values are the real ones of the
machine and of the components; files `~/var/lib/node_exporter/*.prom` on a host are passed on as they are and replace
a family of the same name, as with node_exporter's textfile collector.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from prometheus_client import start_http_server
from prometheus_client.core import (
    CollectorRegistry,
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
    UnknownMetricFamily,
)
from prometheus_client.parser import text_string_to_metric_families

from signoff.demo.component_metrics import collect_component
from signoff.demo.layout import HOSTS, Layout, load

if TYPE_CHECKING:
    from collections.abc import Iterator

_CPU_MODES = ("user", "system", "idle", "iowait")


class HostCollector:
    """Everything that one host tells about itself; collected at each scrape."""

    def __init__(self, layout: Layout, host: str) -> None:
        self._layout = layout
        self._host = host

    def collect(self) -> Iterator[Metric]:
        """Yield the metric families of this moment."""
        given = {metric.name: metric for metric in self._textfiles()}
        yield from given.values()
        for metric in self._measured():
            if metric.name not in given:
                yield metric

    def _measured(self) -> Iterator[Metric]:
        yield from _machine(self._host)
        yield from _memory()
        yield from _cpu()
        yield from _filesystem(self._layout.host(self._host))
        yield from _network()
        yield from collect_component(self._layout, self._host)

    def _textfiles(self) -> Iterator[Metric]:
        directory = self._layout.host(self._host) / "var" / "lib" / "node_exporter"
        for file in sorted(directory.glob("*.prom")):
            yield from text_string_to_metric_families(file.read_text(encoding="utf-8"))


def _machine(host: str) -> Iterator[Metric]:
    uname = GaugeMetricFamily("node_uname_info", "The kernel.", labels=["nodename", "release", "machine"])
    system = os.uname()
    uname.add_metric([host, system.release, system.machine], 1)
    yield uname
    yield GaugeMetricFamily("node_boot_time_seconds", "Boot, in Unix seconds.", psutil.boot_time())
    yield GaugeMetricFamily("node_time_seconds", "System time, in Unix seconds.", time.time())
    for minutes, value in zip((1, 5, 15), os.getloadavg(), strict=True):
        yield GaugeMetricFamily(f"node_load{minutes}", f"Load average of {minutes} minutes.", value)
    counters = dict(line.split() for line in Path("/proc/vmstat").read_text(encoding="ascii").splitlines())
    killed = float(counters.get("oom_kill", 0))
    yield UnknownMetricFamily("node_vmstat_oom_kill", "Processes killed for lack of memory.", killed)


def _memory() -> Iterator[Metric]:
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    values = {
        "MemTotal": memory.total,
        "MemAvailable": memory.available,
        "MemFree": memory.free,
        "SwapTotal": swap.total,
        "SwapFree": swap.free,
    }
    for name, value in values.items():
        yield GaugeMetricFamily(f"node_memory_{name}_bytes", f"{name} of /proc/meminfo.", value)


def _cpu() -> Iterator[Metric]:
    seconds = CounterMetricFamily("node_cpu_seconds", "Seconds spent in each mode.", labels=["cpu", "mode"])
    for number, times in enumerate(psutil.cpu_times(percpu=True)):
        for mode in _CPU_MODES:
            seconds.add_metric([str(number), mode], getattr(times, mode, 0.0))
    yield seconds


def _filesystem(home: Path) -> Iterator[Metric]:
    usage = os.statvfs(home)
    values = {
        "size_bytes": usage.f_blocks * usage.f_frsize,
        "avail_bytes": usage.f_bavail * usage.f_frsize,
        "files": usage.f_files,
        "files_free": usage.f_ffree,
    }
    for name, value in values.items():
        metric = GaugeMetricFamily(f"node_filesystem_{name}", f"Filesystem {name}.", labels=["mountpoint"])
        metric.add_metric(["/"], value)
        yield metric


def _network() -> Iterator[Metric]:
    received = CounterMetricFamily("node_network_receive_bytes", "Bytes received.", labels=["device"])
    sent = CounterMetricFamily("node_network_transmit_bytes", "Bytes sent.", labels=["device"])
    for device, counters in psutil.net_io_counters(pernic=True).items():
        received.add_metric([device], counters.bytes_recv)
        sent.add_metric([device], counters.bytes_sent)
    yield from (received, sent)


def main(layout: Layout) -> None:
    """Serve every host's metrics until stopped."""
    ports = load(layout).ports
    for host in HOSTS:
        registry = CollectorRegistry(auto_describe=False)
        registry.register(HostCollector(layout, host))
        start_http_server(ports[f"node_{host}"], addr="127.0.0.1", registry=registry)
    print("metrics: serving", ", ".join(HOSTS), flush=True)  # noqa: T201 - this is the log
    threading.Event().wait()


if __name__ == "__main__":
    main(Layout(Path(sys.argv[1])))
