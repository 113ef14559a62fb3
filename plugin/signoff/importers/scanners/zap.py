"""ZAP's traditional report, as JSON or XML: alerts by risk, and proof that the scan reached the application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.importers._xml import whole_number
from signoff.importers.scanners.report import Finding, Report, Risk, is_xml, json_root, xml_root

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from signoff.importers._json import Node
    from signoff.importers._xml import XmlNode

_KIND = "ZAP report"
_FALSE_POSITIVE = "0"
_RISKS: Mapping[str, Risk] = {"0": Risk.INFO, "1": Risk.LOW, "2": Risk.MEDIUM, "3": Risk.HIGH}
_FIELDS = ("name", "pluginid", "riskcode", "confidence", "cweid")
_REACHED = "insight.code.2xx"
_ENDPOINTS = "insight.endpoint.total"


@dataclass(frozen=True, slots=True)
class _Alert:
    node: Node | XmlNode
    fields: Mapping[str, str]
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Insight:
    node: Node | XmlNode
    site: str
    key: str
    statistic: str


def read(text: bytes | str) -> Report:
    """Return the report.

    Raises:
        DamagedReportError: not ZAP's traditional report, no version or time (simulated reports have none), or no site.
    """
    if is_xml(text):
        return _read_xml(xml_root(text, _KIND, "OWASPZAPReport"))
    return _read_json(json_root(text, _KIND))


def _read_json(root: Node) -> Report:
    if root.at("@programName").text("") not in {"ZAP", ""}:
        raise root.refuse("written by another program; export ZAP's traditional report")
    sites = root.at("site").items()
    if not sites:
        raise root.refuse("no site in it: the scan reached nothing")
    return _report(
        version=root.at("@version").text(),
        created=root.at("created").instant(),
        alerts={site.at("@name").text(): [_json_alert(one) for one in site.at("alerts").items()] for site in sites},
        insights=[
            _Insight(one, one.at("site").text(""), one.at("key").text(), one.at("statistic").text())
            for one in root.some("insights")
        ],
    )


def _read_xml(root: XmlNode) -> Report:
    if root.attribute("programName", "ZAP") != "ZAP":
        raise root.refuse("written by another program; export ZAP's traditional report")
    sites = root.all("site")
    if not sites:
        raise root.refuse("no site in it: the scan reached nothing")
    return _report(
        version=root.attribute("version"),
        created=root.instant("created"),
        alerts={
            site.attribute("name"): [_xml_alert(one) for one in site.one("alerts").all("alertitem")] for site in sites
        },
        insights=[
            _Insight(one, one.said("site"), one.said("key"), one.said("statistic")) for one in root.inside("insight")
        ],
    )


def _json_alert(node: Node) -> _Alert:
    places = tuple(place.at("uri").text("") for place in node.some("instances"))
    return _Alert(node, {field: node.at(field).text("") for field in _FIELDS}, places)


def _xml_alert(node: XmlNode) -> _Alert:
    instances = node.first("instances")
    places = tuple(place.said("uri") for place in instances.all("instance")) if instances else ()
    return _Alert(node, {field: node.said(field) for field in _FIELDS}, places)


def _report(*, version: str, created: datetime, alerts: Mapping[str, list[_Alert]], insights: list[_Insight]) -> Report:
    endpoints = [_statistic(one) for one in insights if one.key == _ENDPOINTS]
    return Report(
        producer="ZAP",
        version=version,
        created=created,
        targets=frozenset(alerts),
        inspected=sum(endpoints) if endpoints else len(alerts),
        findings=tuple(
            _finding(alert, site)
            for site, found in alerts.items()
            for alert in found
            if alert.fields["confidence"] != _FALSE_POSITIVE
        ),
        reached={one.site: _statistic(one) / 100 for one in insights if one.key == _REACHED},
    )


def _finding(alert: _Alert, site: str) -> Finding:
    fields = alert.fields
    if fields["riskcode"] not in _RISKS:
        raise alert.node.refuse("riskcode is none of 0, 1, 2 and 3")
    if not fields["pluginid"]:
        raise alert.node.refuse("an alert without pluginid")
    more = f" and {len(alert.places) - 1} more" if len(alert.places) > 1 else ""
    number = fields["cweid"]
    return Finding(
        rule=fields["pluginid"],
        risk=_RISKS[fields["riskcode"]],
        title=fields["name"],
        target=site,
        place=f"{alert.places[0]}{more}" if alert.places else "",
        cwes=(int(number),) if number.isascii() and number.isdigit() and 0 < len(number) < 6 and int(number) else (),  # noqa: PLR2004 - CWE ids have up to four digits
    )


def _statistic(insight: _Insight) -> int:
    return whole_number(insight.statistic, insight.node.refuse(f"statistic of {insight.key} is no whole number"))
