"""Faults that scanners see, and reports that say nothing about this release."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from estate.companions import scanners
from estate.faults.model import Fault
from signoff.model import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.estate import Estate

_INJECTION = {
    "pluginid": "40018",
    "name": "SQL Injection",
    "riskcode": "3",
    "confidence": "2",
    "cweid": "89",
    "instances": [{"uri": f"{scanners.SITE}/api/products?q=1", "method": "GET"}],
}
_ADVISORY = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1000"], "fix_versions": ["99.0"], "description": "CWE-79"}


def _long_ago() -> str:
    return (datetime.now(UTC) - timedelta(days=30)).isoformat(timespec="seconds")


def _fault(  # noqa: PLR0913 - one line of the catalogue
    name: str,
    ko: str,
    en: str,
    break_: Callable[[Estate], None],
    mend: Callable[[Estate], None],
    *,
    items: tuple[str, ...] = (),
    blinds: tuple[str, ...] = (),
) -> Fault:
    def broken(estate: Estate) -> Any:
        break_(estate)
        return {}

    def mended(estate: Estate, _memory: Any) -> None:
        mend(estate)

    return Fault(name=name, title=Text(ko=ko, en=en), items=items, blinds=blinds, break_=broken, mend=mended)


def _cut_off(estate: Estate) -> None:
    """Cut the report off, as a full disk does; its note was made for the whole one."""
    path = scanners.folder(estate) / "zap.json"
    path.write_text(path.read_text(encoding="utf-8")[:-200], encoding="utf-8")


FAULTS = (
    _fault(
        "high-alert-in-web-scan", "웹 스캔에 높은 위험 경고가 있음", "The web scan has a high alert",
        lambda estate: scanners.put_web_scan(estate, alerts=[_INJECTION]), scanners.put_web_scan,
        items=("SEC-VUL-1", "SEC-VUL-4"),
    ),
    _fault(
        "web-scan-stale", "웹 스캔 보고서가 30일 지남", "The web scan's report is a month old",
        lambda estate: scanners.put_web_scan(estate, created=_long_ago()), scanners.put_web_scan,
        blinds=("SEC-VUL-1", "SEC-VUL-4"),
    ),
    _fault(
        "web-scan-of-another-site", "다른 사이트를 스캔한 보고서", "The web scan is about another site",
        lambda estate: scanners.put_web_scan(estate, site="https://staging.estate.test"), scanners.put_web_scan,
        blinds=("SEC-VUL-1",),
    ),
    _fault(
        "web-scan-cut-off", "웹 스캔 보고서가 중간에 잘림", "The web scan's report is cut off",
        _cut_off, scanners.put_web_scan,
        blinds=("SEC-VUL-1", "SEC-VUL-4"),
    ),
    _fault(
        "vulnerable-package", "잠금 파일에 취약한 패키지가 있음", "A locked package has a known vulnerability",
        lambda estate: scanners.put_audit(estate, vulnerable=_ADVISORY), scanners.put_audit,
        items=("SEC-VUL-3", "SEC-VUL-4"),
    ),
    _fault(
        "package-skipped-by-audit", "취약점 점검에서 제외된 패키지", "The audit skipped a package",
        lambda estate: scanners.put_audit(estate, skip=True), scanners.put_audit,
        blinds=("SEC-VUL-3",),
    ),
    _fault(
        "vulnerability-data-stale", "취약점 데이터가 30일 지남", "The vulnerability data is a month old",
        lambda estate: scanners.put_audit(estate, data=_long_ago()), scanners.put_audit,
        blinds=("SEC-VUL-3", "SEC-VUL-4"),
    ),
    _fault(
        "sonarqube-gate-red", "SonarQube 품질 게이트 실패", "SonarQube's quality gate is red",
        lambda estate: scanners.put_gate(estate, status="ERROR"), scanners.put_gate,
        items=("SEC-VUL-2",),
    ),
    _fault(
        "sonarqube-other-revision", "SonarQube가 다른 커밋을 분석함", "SonarQube analysed another commit",
        lambda estate: scanners.put_gate(estate, revision="0" * 40), scanners.put_gate,
        blinds=("SEC-VUL-2",),
    ),
    _fault(
        "sonarqube-hotspot-open", "검토하지 않은 보안 핫스팟", "Nobody reviewed a security hotspot",
        lambda estate: scanners.put_gate(estate, hotspots=1), scanners.put_gate,
        items=("SEC-VUL-2",),
    ),
)  # fmt: skip
"""Scanners that find something, and reports that prove nothing."""
