"""ZAP reports: real in form, and never clean because the scan saw nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.importers.zap import read

SITE = "https://staging.example.test"
ALERT = {
    "pluginid": "10038",
    "name": "Content Security Policy (CSP) Header Not Set",
    "riskcode": "2",
    "confidence": "3",
    "cweid": "693",
    "instances": [{"uri": f"{SITE}/", "method": "GET"}, {"uri": f"{SITE}/login", "method": "GET"}],
}
REPORT: dict[str, Any] = {
    "@programName": "ZAP",
    "@version": "2.17.0",
    "@generated": "Sun, 22 Nov 2026 08:00:00",
    "created": "2026-11-22T08:00:00.007472780Z",
    "insights": [
        {"level": "Low", "reason": "Warning", "site": "", "key": "insight.log.warn", "statistic": "7"},
        {"level": "Info", "reason": "Info", "site": SITE, "key": "insight.code.2xx", "statistic": "84"},
    ],
    "site": [{"@name": SITE, "@host": "staging.example.test", "alerts": [ALERT, ALERT | {"confidence": "0"}]}],
}


def test_alerts_are_counted_by_site_without_known_false_positives() -> None:
    report = read(json.dumps(REPORT))

    (alert,) = report.alerts_by_site[SITE]
    assert str(alert) == "Content Security Policy (CSP) Header Not Set (medium, 2 places)"
    assert (report.version, report.reached) == ("2.17.0", {SITE: 0.84})
    assert report.created == datetime(2026, 11, 22, 8, 0, 0, 7472, tzinfo=UTC)


def test_older_versions_do_not_say_what_they_reached() -> None:
    assert read(json.dumps({key: value for key, value in REPORT.items() if key != "insights"})).reached == {}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"site": []}, "no site"),
        ({"site": None}, r"\$\.site: expected a list"),
        ({"@version": None}, r"\$\.@version"),
        ({"created": None}, r"\$\.created"),
        ({"@programName": "simulator"}, "another program"),
        ({"site": [{"@name": SITE, "alerts": [ALERT | {"riskcode": "9"}]}]}, "risk code"),
        ({"site": [{"@name": SITE}]}, r"\$\.site\[0\]\.alerts"),
        ({"insights": [{"key": "insight.code.2xx", "site": SITE, "statistic": "n/a"}]}, "a percentage"),
    ],
)
def test_a_report_with_a_gap_proves_nothing(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotVerifiedError, match=reason):
        read(json.dumps(REPORT | change))
