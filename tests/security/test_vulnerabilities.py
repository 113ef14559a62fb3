"""Vulnerability checks: reports of scanners, read as evidence."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="SEC-VUL-1")
def test_scanner_found_nothing_serious(web_scan, evidence):
    high, medium, limit = web_scan.of_risk(3), web_scan.of_risk(2), web_scan.settings.max_medium
    reached = web_scan.reached if web_scan.reached is not None else 1.0
    evidence(
        observed=f"{len(high)} high, {len(medium)} medium by ZAP {web_scan.version}; {reached:.0%} of answers were 2xx",
        expected=f"no high, at most {limit} medium",
        inspected=1,
    )
    assert not high, f"{web_scan.name}: {', '.join(high)}"
    assert len(medium) <= limit, f"{web_scan.name}: {', '.join(medium)}"
    if reached < web_scan.settings.min_reached:
        not_verified(f"{web_scan.name}: only {reached:.0%} of the answers were 2xx: the scan hardly reached the site")


@pytest.mark.checklist(id="SEC-VUL-2")
def test_static_analysis_found_nothing(analysis, evidence):
    limit = analysis.settings.fail_on
    findings = analysis.report.at_least(limit)
    evidence(
        observed=f"{len(findings)} findings by {', '.join(analysis.report.tools)}",
        expected=f"no finding of level {limit} or worse",
        inspected=analysis.inspected,
    )
    assert not findings, f"{analysis.name}: {', '.join(map(str, findings[:10]))}"


@pytest.mark.checklist(id="SEC-VUL-3")
def test_no_package_has_a_known_vulnerability(audit, evidence):
    report, accepted = audit.report, set(audit.settings.accepted)
    found = [one for one in report.vulnerabilities if accepted.isdisjoint({one.id, *one.aliases})]
    evidence(
        observed=f"{len(found)} vulnerabilities; {len(report.audited)} packages audited, {len(report.skipped)} skipped",
        expected=f"none in all {len(audit.locked)} packages of the lock file",
        inspected=len(report.audited),
    )
    assert not found, f"{audit.name}: {', '.join(map(str, found[:10]))}"
    if unknown := sorted({name for name, _ in report.skipped} | {name for name, _ in audit.locked - {*report.audited}}):
        not_verified(f"{audit.name}: nobody looked up {', '.join(unknown[:10])}; audit the release's own lock file")
