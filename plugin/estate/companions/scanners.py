"""What scanners left of this release: reports beside the hosts, and a SonarQube that is played by a contract fake.

Real: ruff over the release's source, and nmap of every host from outside, where they are installed (without them their
report is absent). Made by hand in their tools' published formats, about this very release: ZAP's and pip-audit's.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from packaging.markers import default_environment

from estate import shop_release
from estate.companions.model import Companion
from estate.layout import EstateError, write_atomically
from estate.topology import ADDRESSES, OUTSIDE_ADDRESS
from signoff.demo.exercises import static_analysis
from signoff.demo.layout import load
from signoff.importers.locks import lock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from estate.estate import Estate

PORT = 5578
PROJECT = "shop"
SITE = "https://shop.estate.test"
PORTS = (22, 53, 80, 443, 5432, 6379, 8000, 8404, 9090, 9100)
"""What is looked for from outside on every host."""


def folder(estate: Estate) -> Path:
    """Return where the reports lie."""
    return estate.layout.companions / "scanners"


def put(estate: Estate, name: str, report: str, **note: Any) -> None:
    """Write a report, and the note beside it that says what it is about."""
    path = folder(estate) / name
    write_atomically(path, report)
    given = {
        "report_sha256": hashlib.sha256(report.encode()).hexdigest(),
        "commit": load(shop_release.prepare(estate)).commit,
        "created": now(),
    }
    write_atomically(path.with_suffix(".note.json"), json.dumps(given | note, indent=1) + "\n")


def now() -> str:
    """Return this instant as the reports write it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def put_web_scan(estate: Estate, *, site: str = SITE, created: str = "", alerts: Sequence[Any] = ()) -> None:
    """Write a report of ZAP."""
    insight = {"level": "Info", "reason": "Informational", "site": site, "statistic": "97"}
    report = {
        "@programName": "ZAP",
        "@version": "2.17.0",
        "created": created or now(),
        "insights": [
            {**insight, "key": "insight.code.2xx"},
            {**insight, "key": "insight.endpoint.total", "statistic": "24"},
        ],
        "site": [{"@name": site, "@host": "shop.estate.test", "@port": "443", "@ssl": "true", "alerts": list(alerts)}],
    }
    put(estate, "zap.json", json.dumps(report, indent=1) + "\n", tool="ZAP 2.17.0")


def put_audit(
    estate: Estate, *, skip: bool = False, vulnerable: Mapping[str, Any] | None = None, data: str = ""
) -> None:
    """Write a report of pip-audit about every package that the release locks."""
    text = (shop_release.prepare(estate).repo / "poetry.lock").read_bytes()
    environment = {name: str(value) for name, value in default_environment().items()}
    packages = lock.read("poetry.lock", text, environment=environment)
    found: list[dict[str, Any]] = [{"name": one.name, "version": one.version, "vulns": []} for one in packages]
    if vulnerable:
        found[0]["vulns"] = [vulnerable]
    if skip:
        found[0] = {"name": packages[0].name, "skip_reason": "Dependency not found on the index"}
    report = json.dumps({"dependencies": found, "fixes": []}, indent=1) + "\n"
    put(estate, "pip-audit.json", report, tool="pip-audit 2.10.1", database_updated=data or now())


def put_analysis(estate: Estate) -> None:
    """Let ruff analyse the release's source."""
    layout = shop_release.prepare(estate)
    layout.run.mkdir(parents=True, exist_ok=True)
    for name, content in static_analysis.run(layout).items():
        write_atomically(folder(estate) / name, content)


def put_gate(estate: Estate, *, status: str = "OK", revision: str = "", hotspots: int = 0) -> None:
    """Say what SonarQube answers."""
    state = {
        "status": status,
        "revision": revision or load(shop_release.prepare(estate)).commit,
        "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}+0000",
        "hotspots": hotspots,
    }
    write_atomically(folder(estate) / "sonarqube.json", json.dumps(state) + "\n")


def scan_ports(estate: Estate) -> None:
    """Look at every host from outside with nmap, if it is installed."""
    nmap = shutil.which("nmap")
    if nmap is None:
        return
    device = estate.controller.run("ip", "-o", "-4", "addr", "show", "to", OUTSIDE_ADDRESS).split()[1]
    asked = (nmap, "-n", "-Pn", "-sS", "-S", OUTSIDE_ADDRESS, "-e", device, "-T4", "--max-retries", "2")
    ports = ",".join(map(str, PORTS))
    report = estate.controller.run(*asked, "-p", ports, "-oX", "-", *ADDRESSES.values())
    if "<runstats>" not in report:
        raise EstateError("nmap came to no end")
    write_atomically(folder(estate) / "nmap.xml", report)


def _prepare(estate: Estate) -> None:
    folder(estate).mkdir(parents=True, exist_ok=True)
    put_web_scan(estate)
    put_audit(estate)
    put_analysis(estate)
    put_gate(estate)


def _program(estate: Estate) -> Sequence[str]:
    return (sys.executable, "-m", "estate.companions.sonarqube", str(PORT), str(folder(estate) / "sonarqube.json"))


def _ready(estate: Estate) -> bool:
    asked = ("curl", "--silent", "--max-time", "2", f"http://127.0.0.1:{PORT}/api/system/status")
    return estate.controller.ask(*asked).returncode == 0


def _start(estate: Estate) -> None:
    for host in estate.hosts:
        estate.wait_for(host, seconds=120)
    scan_ports(estate)


def _exports(estate: Estate) -> Mapping[str, str]:
    return {"ESTATE_REPORTS": str(folder(estate)), "ESTATE_SONARQUBE_TOKEN": estate.secret("sonarqube")}


COMPANION = Companion(name="scanners", prepare=_prepare, program=_program, ready=_ready, start=_start, exports=_exports)
