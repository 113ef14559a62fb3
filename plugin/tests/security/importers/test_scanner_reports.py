"""Reports of scanners, recorded from the real tools or written by their published formats: what they come down to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from signoff.config.kinds.dependency_audit import DependencyFormat
from signoff.config.kinds.host_scan import HostScanFormat
from signoff.importers.scanners import cyclonedx
from signoff.importers.scanners.report import Risk
from signoff.importers.scanners.scanned import FORMATS, LOCAL_TIME, parse

CORPUS = Path(__file__).parent / "corpus"
SITE = "https://staging.example.test"
EXPECTED: dict[str, dict[str, Any]] = {
    "zap/good.json": {
        "by": "ZAP 2.17.0", "inspected": 31, "reached": {SITE: 0.84}, "open": ["Storable Content (info, CWE-524)"],
    },
    "zap/odd.json": {
        "created": datetime(2026, 11, 22, 8, 0, 0, 7472, tzinfo=UTC),
        "open": [
            f"Content Security Policy (CSP) Header Not Set (medium, CWE-693) at {SITE}/ and 1 more",
            f"SQL Injection (high, CWE-89) at {SITE}/api/products?q=1",
            "Storable Content (info, CWE-524)",
        ],
    },
    "sarif/bandit.sarif": {"by": "Bandit 1.9.4", "inspected": 3, "open": [
        "B404 (low, CWE-78) at shop/git.py:7",
        "B603 (low, CWE-78) at shop/git.py:89",
        "B107 (low, CWE-259) at shop/postgres.py:126",
    ]},
    "sarif/semgrep.sarif": {
        "by": "Semgrep OSS 1.182.0", "inspected": 0, "created": None,
        "open": ["eval-of-input (high, CWE-95) at app.py:2"],
    },
    "sarif/codeql.sarif": {
        "by": "CodeQL 2.20.1",
        "commits": {"3f2a91c4d5e6f708192a3b4c5d6e7f8091a2b3c4"},
        "skipped": ("shop/broken.py: syntax error",),
        "open": ["py/sql-injection (high, CWE-89) at shop/a.py:12", "py/sql-injection (high, CWE-89) at ?"],
    },
    "pip-audit/odd.json": {
        "inspected": 2,
        "created": None,
        "open": ["jinja2 2.10: PYSEC-2019-217 (risk unknown), fixed in 2.10.1"],
        "components": {("jinja2", "2.10"), ("requests", "2.34.2")},
    },
    "trivy/odd.json": {
        "by": "Trivy 0.68.2",
        "created": datetime(2026, 11, 22, 8, 0, 0, 123456, tzinfo=UTC),
        "open": [
            "debian 10.13 is out of support (high, CWE-1104)",
            "openssl 1.1.1n: CVE-2023-0286 (high, CWE-843) at shop (debian 10.13), fixed in 1.1.1n-0+deb10u4, 1.1.1t",
            "requests 2.34.2: CVE-2026-0001 (risk unknown) at Python",
            "root user (high) at Dockerfile",
            "aws-access-key-id (critical, CWE-798) at /app/.env",
        ],
    },
    "grype/odd.json": {
        "by": "Grype 0.104.0",
        "database": datetime(2026, 11, 21, 6, tzinfo=UTC),
        "components": None,
        "open": [
            "jinja2 3.1.5: GHSA-xxxx-yyyy-zzzz (high, CWE-1336), fixed in 3.1.6",
            "requests 2.34.2: CVE-2026-0002 (low)",
        ],
    },
    "grype/clean.json": {"database": datetime(2026, 11, 21, 6, tzinfo=UTC), "open": []},
    "npm-audit/odd.json": {
        "counted": 3, "components": None, "open": ["minimist <0.2.4: GHSA-xvch-5gv4-984h (critical, CWE-1321)"],
    },
    "osv-scanner/odd.json": {
        "inspected": 2,
        "open": ["jinja2 3.1.5: GHSA-cpwx-vrp4-4pq7 (high, CWE-1336)", "jinja2 3.1.5: PYSEC-2025-1 (risk unknown)"],
    },
    "cyclonedx/odd.json": {
        "by": "trivy 0.68.2",
        "components": {("jinja2", "3.1.5"), ("requests", "2.34.2"), ("@scope/part", "1.0.0")},
        "open": [
            "jinja2 3.1.5: CVE-2025-27516 (high, CWE-1336)",
            "@scope/part 1.0.0: CVE-2026-0002 (high, CWE-1336)",
            "@scope/part 1.0.0: CVE-2026-0005 (high, CWE-1336)",
        ],
    },
    "nmap/recorded.xml": {
        "by": "nmap 7.93", "inspected": 3, "targets": {"192.0.2.10", "shop.example.test"},
        "ports": ("192.0.2.10 tcp/443",), "open": [],
    },
    "nmap/vulnerable.xml": {
        "skipped": ("192.0.2.10 tcp/8080: script http-title failed",),
        "open": [
            "CVE-2021-41773 (high) at 192.0.2.10 tcp/8080",
            "Apache Struts Remote Code Execution Vulnerability (high) at 192.0.2.10 tcp/8080",
        ],
    },
    "sslyze/recorded.json": {
        "by": "sslyze 6.3.1",
        "targets": {"shop.example.test", "shop.example.test:443", "192.0.2.10", "192.0.2.10:443"},
        "open": ["no trust store knows the certificate's authority (medium, CWE-295) at shop.example.test:443"],
    },
    "sslyze/vulnerable.json": {
        "skipped": ("shop.example.test:443: elliptic_curves failed",),
        "open": [
            "the certificate is for another name (high, CWE-297) at shop.example.test:443",
            "no trust store knows the certificate's authority (medium, CWE-295) at shop.example.test:443",
            "TLS 1.0 is accepted (medium, CWE-326) at shop.example.test:443",
            "is_vulnerable_to_heartbleed is true (critical, CWE-126) at shop.example.test:443",
            "vulnerable to ROBOT (high, CWE-203, CWE-326) at shop.example.test:443",
        ],
    },
    "testssl/flat.json": {
        "created": None,
        "skipped": (),
        "open": [
            "HSTS: not offered (low) at shop.example.test/192.0.2.10:443",
            "security_headers: -- (medium) at shop.example.test/192.0.2.10:443",
        ],
    },
    "testssl/pretty.json": {
        "by": "testssl.sh 3.0.8",
        "created": datetime(2026, 11, 23, 7, 2, 10, tzinfo=UTC),
        "skipped": ("RC4: RC4 ciphers not supported by local OpenSSL (/usr/bin/openssl)",),
        "open": ["LUCKY13: potentially vulnerable, uses TLS CBC ciphers (low, CWE-310)"],
    },
    "lynis/recorded.dat": {"by": "Lynis 3.0.8", "inspected": 252, "score": 57.0},
    "openscap/trimmed.xml": {
        "by": "OpenSCAP 1.3.7",
        "inspected": 4,
        "score": 71.5,
        "skipped": ("xccdf_org.ssgproject.content_rule_partition_for_var_log: error",),
        "open": ["partition_for_tmp (low, CWE-16)", "service_auditd_enabled (medium, CWE-16)"],
    },
    "nessus/odd.xml": {
        "by": "Nessus 10.8.3",
        "database": datetime(2026, 11, 22, 6, 30, tzinfo=UTC),
        "skipped": ("192.0.2.10: scanned without logging in",),
        "open": ["SSL Version 2 and 3 Protocol Detection (high, CWE-327) at 192.0.2.10 tcp/443"],
    },
}  # fmt: skip
EXPECTED["zap/odd.xml"] = EXPECTED["zap/odd.json"]
EXPECTED["openscap/arf.xml"] = EXPECTED["openscap/trimmed.xml"]


def _parse(name: str) -> Any:
    return parse((CORPUS / name).read_bytes(), name.partition("/")[0], timezone=UTC)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_report_is_read_as_what_it_is(name: str) -> None:
    report = _parse(name)

    facts: dict[str, Any] = {"by": f"{report.producer} {report.version}"}
    facts["open"] = [str(one) for one in report.findings if not one.suppressed]
    for key, expected in EXPECTED[name].items():
        assert facts.get(key, getattr(report, key, None)) == expected, key


def test_every_format_has_a_report_in_the_corpus_and_a_place_in_the_inventory() -> None:
    kinds = {"zap", "sarif", *get_args(HostScanFormat), *get_args(DependencyFormat)}

    assert set(FORMATS) == {name.partition("/")[0] for name in EXPECTED} == kinds


def test_times_without_an_offset_are_of_the_time_zone_that_the_inventory_names() -> None:
    text = (CORPUS / "lynis/recorded.dat").read_bytes()

    assert parse(text, "lynis", timezone=ZoneInfo("Asia/Seoul")).created == datetime(
        2026, 11, 22, 22, 3, 43, tzinfo=UTC
    )
    assert {"lynis", "openscap"} == LOCAL_TIME


def test_unknown_risk_counts_as_the_worst_and_suppressed_findings_do_not_count() -> None:
    assert [one.rule for one in _parse("osv-scanner/odd.json").at_least(Risk.CRITICAL)] == ["PYSEC-2025-1"]
    assert len(_parse("sarif/codeql.sarif").at_least(Risk.INFO)) == 2


def test_a_vex_statement_counts_for_its_vulnerability_in_its_component_only() -> None:
    said, at = cyclonedx.statements((CORPUS / "cyclonedx/vex.json").read_bytes())
    report = cyclonedx.apply(_parse("grype/odd.json"), said)

    assert at == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert [one.suppressed for one in report.findings] == ["not affected: requires_configuration", ""]
    assert [one.suppressed for one in cyclonedx.apply(_parse("pip-audit/odd.json"), said).findings] == [""]


def test_a_bill_of_materials_names_nested_components_too() -> None:
    parts = {("jinja2", "3.1.5"), ("requests", "2.34.2"), ("@scope/part", "1.0.0")}

    assert cyclonedx.bill((CORPUS / "cyclonedx/sbom-1.4.json").read_bytes()) == parts
