"""Nessus's XML (version 2): findings by host, whether it could log in, and how old its plugins are."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from signoff.importers._xml import epoch, whole_number
from signoff.importers.scanners.report import Finding, Report, Risk, xml_root

if TYPE_CHECKING:
    from signoff.importers._xml import XmlNode

_KIND = "Nessus report"
_ABOUT = "19506"
"""Plugin "Nessus Scan Information": version of the scanner and of its plugins."""
_VERSION = re.compile(r"Nessus version : (\S+)")
_FEED = re.compile(r"Plugin feed version : (\d{12})")
_NAMES = frozenset({"host-ip", "host-fqdn", "hostname", "netbios-name"})


def read(text: bytes | str) -> Report:
    """Return the report.

    Raises:
        DamagedReportError: not that XML, no host in it, or a host that was not scanned to its end.
    """
    root = xml_root(text, _KIND, "NessusClientData_v2")
    hosts = root.one("Report").all("ReportHost")
    if not hosts:
        raise root.refuse("no host in it: nothing was scanned")
    items = [(host, item) for host in hosts for item in host.all("ReportItem")]
    about = "\n".join(item.said("plugin_output") for _, item in items if item.attribute("pluginID") == _ABOUT)
    version, feed = _VERSION.search(about), _FEED.search(about)
    return Report(
        producer="Nessus",
        version=version[1] if version else "",
        created=max(_ended(host) for host in hosts),
        targets=frozenset(name for host in hosts for name in _names(host)),
        inspected=len(items),
        skipped=tuple(
            f"{host.attribute('name')}: scanned without logging in"
            for host in hosts
            if _property(host, "Credentialed_Scan").lower() == "false"
        ),
        database=_feed(feed[1], root) if feed else None,
        findings=tuple(_finding(host, item) for host, item in items if item.number("severity") > 0),
    )


def _property(host: XmlNode, name: str) -> str:
    tags = host.one("HostProperties").all("tag")
    return next((tag.text() for tag in tags if tag.attribute("name") == name), "")


def _names(host: XmlNode) -> list[str]:
    return [host.attribute("name"), *filter(None, (_property(host, name) for name in _NAMES))]


def _ended(host: XmlNode) -> datetime:
    wrong = host.refuse("no HOST_END_TIMESTAMP: the host was not scanned to its end")
    return epoch(whole_number(_property(host, "HOST_END_TIMESTAMP"), wrong), wrong)


def _feed(stamp: str, root: XmlNode) -> datetime:
    try:
        return datetime.strptime(stamp, "%Y%m%d%H%M").replace(tzinfo=UTC)
    except ValueError as error:
        raise root.refuse(f"plugin feed version {stamp} is no time") from error


def _finding(host: XmlNode, item: XmlNode) -> Finding:
    severity = item.number("severity")
    if severity not in set(Risk):
        raise item.refuse("severity is none of 0 to 4")
    numbers = [one.text() for one in item.all("cwe")]
    return Finding(
        rule=item.attribute("pluginID"),
        title=item.attribute("pluginName", ""),
        risk=Risk(severity),
        target=host.attribute("name"),
        place=f"{host.attribute('name')} {item.attribute('protocol', '')}/{item.attribute('port', '')}",
        cwes=tuple(whole_number(number, item.refuse("cwe is no number")) for number in numbers),
        aliases=tuple(one.text() for one in item.all("cve")),
    )
