"""ZAP's traditional JSON report: alerts by risk, and proof that the scan reached the application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node

if TYPE_CHECKING:
    from datetime import datetime

_KIND = "ZAP report"
RISKS = ("informational", "low", "medium", "high")
_FALSE_POSITIVE = "0"
_REACHED = "insight.code.2xx"


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """One kind of finding on one site; `risk` counts from 0 (informational) to 3 (high)."""

    name: str
    plugin: str
    risk: int
    cwe: str
    places: int

    def __str__(self) -> str:
        """Return `name (risk, n places)`."""
        return f"{self.name} ({RISKS[self.risk]}, {self.places} places)"


@dataclass(frozen=True, kw_only=True, slots=True)
class ZapReport:
    """One scan. `reached` is the share of answers with a 2xx status by site; before ZAP 2.17 it is empty."""

    version: str
    created: datetime
    alerts_by_site: dict[str, tuple[Alert, ...]]
    reached: dict[str, float]


def read(text: bytes | str) -> ZapReport:
    """Return the report.

    Raises:
        NotVerifiedError: not ZAP's traditional JSON, no version or time (simulated reports have none), or no site.
    """
    root = Node.parse(text, kind=_KIND)
    if root.at("@programName").text("") not in {"ZAP", ""}:
        raise NotVerifiedError(f"{_KIND}: written by another program; export ZAP's traditional JSON report")
    sites = root.at("site").items()
    if not sites:
        raise NotVerifiedError(f"{_KIND}: no site in it: the scan reached nothing")
    insights = root.at("insights").items() if "insights" in root else []
    return ZapReport(
        version=root.at("@version").text(),
        created=root.at("created").instant(),
        alerts_by_site={
            site.at("@name").text(): tuple(
                _alert(alert)
                for alert in site.at("alerts").items()
                if alert.at("confidence").text("") != _FALSE_POSITIVE
            )
            for site in sites
        },
        reached={
            insight.at("site").text(): _share(insight.at("statistic"))
            for insight in insights
            if insight.at("key").text() == _REACHED
        },
    )


def _alert(node: Node) -> Alert:
    risk = node.at("riskcode").text()
    if risk not in {"0", "1", "2", "3"}:
        raise node.at("riskcode").wrong("a risk code from 0 to 3")
    return Alert(
        name=node.at("name").text(""),
        plugin=node.at("pluginid").text(),
        risk=int(risk),
        cwe=node.at("cweid").text(""),
        places=len(node.at("instances").items()) if "instances" in node else 0,
    )


def _share(node: Node) -> float:
    text = node.text()
    if not text.isdigit():
        raise node.wrong("a percentage")
    return int(text) / 100
