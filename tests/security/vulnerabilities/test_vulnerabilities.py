"""Vulnerability checks: reports of scanners, read as evidence."""

import pytest

from signoff import not_verified
from signoff.importers.scanners.report import Risk

LEVELS = {"note": Risk.LOW, "warning": Risk.MEDIUM, "error": Risk.HIGH}


@pytest.mark.checklist(id="SEC-VUL-1")
def test_scanner_found_nothing_serious(web_scan, evidence):
    high, medium, limit = web_scan.at_least(Risk.HIGH), web_scan.of(Risk.MEDIUM), web_scan.settings.max_medium
    reached = web_scan.report.reached.get(web_scan.settings.target)
    evidence(
        observed=f"{len(high)} high, {len(medium)} medium by {web_scan.by}; share of 2xx answers: {reached}",
        expected=f"no high, at most {limit} medium",
        inspected=web_scan.report.inspected,
    )
    assert not high, f"{web_scan.name}: {', '.join(high)}"
    assert len(medium) <= limit, f"{web_scan.name}: {', '.join(medium)}"
    web_scan.require_reach()


@pytest.mark.checklist(id="SEC-VUL-1")
def test_host_scanner_found_nothing_serious(host_scan, unexpected_ports, evidence):
    high, medium, limit = host_scan.at_least(Risk.HIGH), host_scan.of(Risk.MEDIUM), host_scan.settings.max_medium
    score, least = host_scan.report.score, host_scan.settings.min_score
    evidence(
        observed=f"{len(high)} high, {len(medium)} medium, {len(unexpected_ports)} unexpected ports by {host_scan.by}"
        + (f", mark {score:g}" if score is not None else ""),
        expected=f"no high, at most {limit} medium, only allowed ports" + (f", mark {least:g}" if least else ""),
        inspected=host_scan.report.inspected,
    )
    assert not unexpected_ports, f"{host_scan.name}: open: {', '.join(unexpected_ports)} (CWE-668)"
    assert not high, f"{host_scan.name}: {', '.join(high)}"
    assert len(medium) <= limit, f"{host_scan.name}: {', '.join(medium)}"
    if least and score is None:
        not_verified(f"{host_scan.name}: {host_scan.by} gives no mark; remove min_score")
    assert not least or score >= least, f"{host_scan.name}: mark {score:g}, limit is {least:g}"
    host_scan.require_completeness()


@pytest.mark.checklist(id="SEC-VUL-2")
def test_static_analysis_found_nothing(scan, evidence):
    limit = scan.settings.fail_on
    findings = scan.at_least(LEVELS[limit])
    evidence(
        observed=f"{len(findings)} findings by {scan.by}",
        expected=f"no finding of level {limit} or worse",
        inspected=scan.report.inspected,
    )
    assert not findings, f"{scan.name}: {', '.join(findings[:10])}"
    scan.require_completeness()


@pytest.mark.checklist(id="SEC-VUL-2")
def test_quality_gate_is_green(quality, evidence):
    gate, hotspots = quality.gate, quality.hotspots
    evidence(
        observed=f"gate {gate.status} for {gate.revision[:12]}, {len(hotspots)} hotspots to review",
        expected=f"gate OK, at most {quality.max_hotspots} hotspots to review",
        inspected=gate.conditions,
    )
    assert gate.status == "OK", f"{quality.name}: {', '.join(map(str, gate.broken)) or 'the gate is red'}"
    assert len(hotspots) <= quality.max_hotspots, f"{quality.name}: to review: {', '.join(map(str, hotspots[:10]))}"


@pytest.mark.checklist(id="SEC-VUL-3")
def test_no_package_has_a_known_vulnerability(audit, evidence):
    scan, limit = audit.scan, audit.scan.settings.fail_on
    found = scan.at_least(Risk[limit.upper()])
    evidence(
        observed=f"{len(found)} vulnerabilities in {scan.report.inspected} packages by {scan.by}; "
        f"{len(scan.report.findings) - len(scan.open)} accepted, {len(scan.report.skipped)} skipped",
        expected=f"none of risk {limit} or worse"
        + (f" in all {len(audit.locked)} locked packages" * bool(audit.locked)),
        inspected=scan.report.inspected,
    )
    assert not found, f"{scan.name}: {', '.join(found[:10])}"
    if audit.unknown:
        not_verified(
            f"{scan.name}: nobody looked up {', '.join(audit.unknown[:10])}; audit the release's own lock file"
        )


@pytest.mark.checklist(id="SEC-VUL-4")
def test_no_weakness_category_has_a_serious_finding(weakness_matrix, evidence):
    serious = {key: weakness_matrix.serious(key) for key in weakness_matrix.rows}
    evidence(
        observed=f"{weakness_matrix}; from {', '.join(weakness_matrix.reports)}",
        expected="no open finding of high or unknown risk in any category",
        inspected=weakness_matrix.inspected,
    )
    broken = [f"{key}: {', '.join(found[:5])}" for key, found in serious.items() if found]
    assert not broken, " · ".join(broken)
