"""nmap's XML: hosts that answered, their open ports, and what its scripts found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from signoff.importers._xml import epoch
from signoff.importers.scanners.report import Finding, Report, Risk, cwes_in, risk_of_score, xml_root

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from signoff.importers._xml import XmlNode

_KIND = "nmap report"
# nmap names its document type and defines nothing in it; anything more in it is refused.
_DOCTYPE = re.compile(r"<!DOCTYPE nmaprun>")
_FAILED = "ERROR:"


def read(text: bytes | str) -> Report:
    """Return the scan.

    Raises:
        DamagedReportError: not nmap's XML, cut short, a scan that failed, or one in which no host answered.
    """
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    # The declaration of an encoding no longer holds for decoded text.
    root = xml_root(_DOCTYPE.sub("", plain, count=1).encode(), _KIND, "nmaprun")
    finished = root.one("runstats").one("finished")
    if finished.attribute("exit", "success") != "success":
        raise finished.refuse(f"nmap ended with {finished.attribute('errormsg', 'an error')[:200]!r}; scan again")
    hosts = [host for host in root.all("host") if host.one("status").attribute("state") == "up"]
    if not hosts:
        raise root.refuse("no host answered: nothing was scanned; name the hosts, or scan with -Pn")
    probed = sum(info.number("numservices") for info in root.all("scaninfo"))
    return Report(
        producer="nmap",
        version=root.attribute("version"),
        created=epoch(finished.number("time"), finished.refuse("time is no Unix time")),
        targets=frozenset(name for host in hosts for name in _names(host)),
        inspected=len(hosts) * probed,
        skipped=tuple(problem for host in hosts for problem in _problems(host)),
        ports=tuple(port for host in hosts for port in _open_ports(host)),
        findings=tuple(finding for host in hosts for finding in _findings(host)),
    )


def _names(host: XmlNode) -> list[str]:
    names = [name for group in host.all("hostnames") for name in group.all("hostname")]
    return [one.attribute("addr") for one in host.all("address")] + [one.attribute("name") for one in names]


def _address(host: XmlNode) -> str:
    return host.one("address").attribute("addr")


def _ports(host: XmlNode) -> Iterator[tuple[str, XmlNode]]:
    for group in host.all("ports"):
        for port in group.all("port"):
            if port.one("state").attribute("state") == "open":
                yield f"{port.attribute('protocol')}/{port.number('portid')}", port


def _open_ports(host: XmlNode) -> list[str]:
    return [f"{_address(host)} {name}" for name, _ in _ports(host)]


def _scripts(host: XmlNode) -> Iterator[tuple[str, XmlNode]]:
    for group in host.all("hostscript"):
        yield from ((_address(host), script) for script in group.all("script"))
    for name, port in _ports(host):
        yield from ((f"{_address(host)} {name}", script) for script in port.all("script"))


def _problems(host: XmlNode) -> list[str]:
    broken = [(place, one) for place, one in _scripts(host) if one.attribute("output", "").lstrip().startswith(_FAILED)]
    late = [f"{_address(host)}: nmap gave up on the host"] if host.attribute("timedout", "false") == "true" else []
    return late + [f"{place}: script {script.attribute('id')} failed" for place, script in broken]


def _findings(host: XmlNode) -> Iterator[Finding]:
    for place, script in _scripts(host):
        for table in script.inside("table"):
            fields = {one.attribute("key", ""): one.text() for one in table.all("elem")}
            found = _vulnerable(fields, table) or _known(fields, table)
            if found:
                rule, title, risk = found
                cwes = cwes_in(" ".join(fields.values()))
                yield Finding(rule=rule, title=title, risk=risk, target=_address(host), place=place, cwes=cwes)


def _vulnerable(fields: Mapping[str, str], table: XmlNode) -> tuple[str, str, Risk] | None:
    """Return what a script says that uses nmap's own library of vulnerabilities."""
    state = fields.get("state", "")
    if "VULNERABLE" not in state or state.startswith("NOT"):
        return None
    ids = [
        one.text().rpartition(":")[2] for ids in table.all("table") for one in ids.all("elem") if "CVE-" in one.text()
    ]
    title = fields.get("title", "")
    return (ids[0] if ids else title or "vulnerable"), title, Risk.HIGH


def _known(fields: Mapping[str, str], table: XmlNode) -> tuple[str, str, Risk] | None:
    """Return a known vulnerability of the version that answers, as the script `vulners` lists them."""
    if not {"id", "cvss"} <= fields.keys():
        return None
    try:
        return fields["id"], "", risk_of_score(float(fields["cvss"]))
    except ValueError as error:
        raise table.refuse("cvss is no number") from error
