"""testssl.sh's JSON, flat or pretty: what a TLS server offers, and which tests could not be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.errors import DamagedReportError
from signoff.importers._xml import epoch, whole_number
from signoff.importers.scanners.report import RISKS, Finding, Report, Risk, cwes_in, json_root

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.importers._json import Node

_KIND = "testssl.sh report"
_SEVERITIES: Mapping[str, Risk | None] = {**RISKS, "ok": Risk.INFO, "debug": Risk.INFO, "warn": Risk.INFO}
_SKIPPED = "warn"
_ABORTED = "fatal"
_BORDERS = frozenset({"scanTime", "service", "pre_128cipher", "engine_problem"})
"""Entries about the scan and the scanner, not about the server."""
_HEAD = frozenset({"targetHost", "ip", "port", "rDNS", "service"})
"""Members of a scan that say whom it is about; every other one is a section, a list of tests."""


def read(text: bytes | str) -> Report:
    """Return the scan. The flat form says neither when nor by which version; a note beside it does.

    Raises:
        DamagedReportError: not testssl.sh's JSON, or a scan that did not come to its end.
    """
    root = json_root(text, _KIND)
    return _pretty(root) if isinstance(root.value, dict) else _flat(root)


def _flat(root: Node) -> Report:
    entries = root.items()
    if "scanTime" not in {entry.at("id").text() for entry in entries}:
        raise root.refuse("no scanTime in it: the scan did not come to its end")
    tested = [entry for entry in entries if entry.at("ip").text("")]
    targets = {name for entry in tested for name in _names(*_split(entry.at("ip").text()), entry.at("port").text())}
    return _report(entries, targets, Report(producer="testssl.sh"))


def _split(place: str) -> tuple[str, str]:
    """Return host and address of `host/address`."""
    host, _, address = place.partition("/")
    return host, address


def _pretty(root: Node) -> Report:
    entries: list[Node] = []
    targets: set[str] = set()
    scans = root.at("scanResult").items()
    if "scanTime" not in root:
        raise root.refuse("no scanTime in it: the scan did not come to its end")
    seconds = root.at("scanTime")
    begun = root.at("startTime")
    for scan in scans:
        targets.update(_names(scan.at("targetHost").text(), scan.at("ip").text(""), scan.at("port").text()))
        sections = [section for name, section in scan.members().items() if name not in _HEAD]
        entries.extend(entry for section in sections for entry in section.items())
    started = whole_number(begun.text(), begun.wrong("a Unix time")) if "startTime" in root else None
    lasted = whole_number(str(seconds.value), seconds.wrong("a number of seconds"))
    return _report(
        entries,
        targets,
        Report(
            producer="testssl.sh",
            version=root.at("version").text("").split(" ")[0],
            created=epoch(started + lasted, begun.wrong("a Unix time")) if started else None,
        ),
    )


def _names(host: str, address: str, port: str) -> list[str]:
    return [name for one in (host, address) if one for name in (one, f"{one}:{port}")]


def _report(entries: list[Node], targets: set[str], about: Report) -> Report:
    aborted = [entry for entry in entries if entry.at("severity").text().lower() == _ABORTED]
    if aborted:
        raise aborted[0].refuse(f"the scan was given up: {aborted[0].at('finding').text('')[:200]}; scan again")
    tests = [entry for entry in entries if entry.at("id").text() not in _BORDERS]
    if not tests:
        raise DamagedReportError(f"{_KIND}: no test in it; scan again")
    return Report(
        producer=about.producer,
        version=about.version,
        created=about.created,
        targets=frozenset(targets),
        inspected=len(tests),
        skipped=tuple(
            f"{entry.at('id').text()}: {entry.at('finding').text('')[:100]}"
            for entry in tests
            if entry.at("severity").text().lower() == _SKIPPED
        ),
        findings=tuple(_finding(entry) for entry in tests if entry.at("severity").choice(_SEVERITIES) != Risk.INFO),
    )


def _finding(entry: Node) -> Finding:
    return Finding(
        rule=entry.at("id").text(),
        risk=entry.at("severity").choice(_SEVERITIES),
        title=f"{entry.at('id').text()}: {entry.at('finding').text('')[:150]}",
        place=f"{entry.at('ip').text('')}:{entry.at('port').text('')}" if "port" in entry else "",
        cwes=cwes_in(entry.at("cwe").text("")),
        aliases=tuple(entry.at("cve").text("").split()),
    )
