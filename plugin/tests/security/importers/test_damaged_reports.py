"""Damaged and hostile reports: an error with the place, and never fewer findings than the whole report had."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.errors import DamagedReportError, NotVerifiedError
from signoff.importers import admissible
from signoff.importers.scanners import cyclonedx, scanned
from signoff.importers.scanners.scanned import FORMATS, parse

CORPUS = Path(__file__).parent / "corpus"
FILES = sorted(path for path in CORPUS.glob("*/*") if path.name != "vex.json")
JSON_FILES = [path for path in FILES if path.suffix in {".json", ".sarif"}]
XML_FORMATS = ("zap", "nmap", "openscap", "nessus")
BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>'
FOREIGN = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'


def _open_findings(text: bytes, form: str) -> int | None:
    """Return how many findings count; None when the report is refused."""
    try:
        report = parse(text, form, timezone=UTC)
    except DamagedReportError:
        return None
    return sum(not finding.suppressed for finding in report.findings)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "text", [b"", b"\0", b"{}", b"[]", b"null", b"<x/>", b"\xff\xfe", b"[" * 100_000, b'{"a":1,"a":2}']
)
def test_what_is_no_report_is_an_error(form: str, text: bytes) -> None:
    with pytest.raises(DamagedReportError):
        parse(text, form)


@pytest.mark.parametrize("form", XML_FORMATS)
@pytest.mark.parametrize("text", [BOMB, FOREIGN], ids=["entities", "foreign file"])
def test_hostile_xml_is_refused_before_it_is_read(form: str, text: bytes) -> None:
    with pytest.raises(DamagedReportError, match="refused"):
        parse(text, form)


def test_a_document_type_of_nmap_defines_nothing() -> None:
    text = (CORPUS / "nmap" / "recorded.xml").read_bytes()
    hidden = text.replace(b"<!DOCTYPE nmaprun>", b'<!DOCTYPE nmaprun [<!ATTLIST state state CDATA "closed">]>')

    with pytest.raises(DamagedReportError, match="refused"):
        parse(hidden, "nmap")


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_a_cut_report_is_never_read(path: Path, data: st.DataObject) -> None:
    text = path.read_bytes().rstrip()
    cut = data.draw(st.integers(0, len(text) - 1))

    assert _open_findings(text[:cut], path.parent.name) is None


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_no_bytes_break_a_reader(path: Path, data: st.DataObject) -> None:
    text = bytearray(path.read_bytes())
    start = data.draw(st.integers(0, len(text) - 1))
    length = data.draw(st.integers(0, 40))
    text[start : start + length] = data.draw(
        st.binary(max_size=12) | st.sampled_from([b"null", b"-1", b"1e999", b'"\xc2\xb2"', b"9" * 30])
    )

    _open_findings(bytes(text), path.parent.name)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return every (container, key) in a JSON document."""
    if isinstance(value, dict):
        return [(value, key) for key in value] + [place for one in value.values() for place in _places(one)]
    if isinstance(value, list):
        return [(value, index) for index in range(len(value))] + [place for one in value for place in _places(one)]
    return []


@pytest.mark.parametrize("path", JSON_FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_value_of_another_type_hides_no_finding(path: Path) -> None:
    document = json.loads(path.read_bytes())
    whole = _open_findings(path.read_bytes(), path.parent.name)
    assert whole is not None
    for container, key in _places(document):
        value = container[key]
        for other in ("x", -7, {"a": 1}, ["x"], 2.5):
            container[key] = other
            found = _open_findings(json.dumps(document).encode(), path.parent.name)

            assert type(other) is type(value) or found is None or found >= whole, (key, value, other)
        container[key] = value


@pytest.mark.parametrize(
    ("name", "old", "new", "place"),
    [
        ("zap/odd.json", '"riskcode": "3"', '"riskcode": "9"', r"\$\.site\[0\]\.alerts\[1\]: riskcode"),
        ("zap/odd.json", '"created"', '"creation"', r"\$\.created: expected a text, found nothing"),
        ("zap/odd.json", '"statistic": "84"', '"statistic": "n/a"', "statistic of insight.code.2xx"),
        ("zap/odd.json", '"@programName": "ZAP"', '"@programName": "simulator"', "another program"),
        ("zap/odd.xml", "<riskcode>3</riskcode>", "<riskcode/>", r"/alertitem\[2\]: riskcode"),
        ("zap/odd.xml", 'version="2.17.0"', 'edition="2.17.0"', "no attribute 'version'"),
        ("sarif/codeql.sarif", 'Successful": true', 'Successful": false', r"invocations\[0\].*did not finish"),
        ("sarif/codeql.sarif", '"version": "2.1.0"', '"version": "1.0.0"', "not understood"),
        ("sarif/codeql.sarif", '"level": "note",\n', '"level": "fatal",\n', r"results\[2\]\.level|toolExecution"),
        ("sarif/bandit.sarif", '"results"', '"outcomes"', "no list of results"),
        ("trivy/odd.json", '"SchemaVersion": 2', '"SchemaVersion": 1', "not schema 2"),
        ("trivy/odd.json", '"Severity": "HIGH"', '"Severity": "BAD"', r"Severity: expected one of"),
        ("grype/odd.json", '"valid": true', '"valid": false', r"\$\.descriptor\.db\.status: .*not valid"),
        ("npm-audit/odd.json", '"total": 2', '"total": 3', r"\$\.metadata: counts other"),
        ("npm-audit/odd.json", '"auditReportVersion": 2', '"auditReportVersion": 1', "npm 7"),
        ("cyclonedx/odd.json", '"specVersion": "1.6"', '"specVersion": "1.7"', "1.4 to 1.6"),
        ("cyclonedx/odd.json", '"ref": "nested"', '"ref": "gone"', r"vulnerabilities\[1\]: affects 'gone'"),
        ("cyclonedx/odd.json", '"state": "resolved"', '"state": "fine"', r"analysis\.state"),
        ("cyclonedx/odd.json", '"vulnerabilities"', '"weaknesses"', "alone is no scan"),
        ("nmap/recorded.xml", 'exit="success"', 'exit="error" errormsg="out of memory"', "out of memory"),
        ("nmap/recorded.xml", 'state state="open"', "state", "no attribute 'state'"),
        ("nmap/recorded.xml", 'status state="up"', 'status state="down"', "no host answered"),
        ("sslyze/recorded.json", '"is_vulnerable_to_heartbleed"', '"unknown"', "is_vulnerable_to_heartbleed: expected"),
        ("testssl/flat.json", '"scanTime"', '"scan"', "did not come to its end"),
        ("testssl/flat.json", '"LOW"', '"FATAL"', r"\$\[\d+\]: the scan was given up"),
        ("lynis/recorded.dat", "finish=true", "finish=false", "did not come to its end"),
        ("lynis/recorded.dat", "hardening_index=57", "hardening_index=570", "more than 100"),
        ("lynis/recorded.dat", "os=Linux", "os Linux", "line 6: not of the form"),
        ("openscap/trimmed.xml", ">fail<", ">failed<", r"TestResult\[1\]/rule-result\[2\]: result 'failed'"),
        ("nessus/odd.xml", "HOST_END_TIMESTAMP", "HOST_START", "not scanned to its end"),
        ("pip-audit/odd.json", '"vulns"', '"vulnerabilities"', r"\$\.dependencies\[0\]\.vulns"),
        ("osv-scanner/odd.json", '"7.3"', '"high"', r"groups\[0\]\.max_severity"),
    ],
)  # fmt: skip
def test_the_place_of_the_damage_is_named(name: str, old: str, new: str, place: str) -> None:
    text = (CORPUS / name).read_text()
    assert old in text
    with pytest.raises(DamagedReportError, match=place):
        parse(text.replace(old, new).encode(), name.partition("/")[0], timezone=UTC)


def test_the_file_is_named_too(tmp_path: Path) -> None:
    (tmp_path / "zap.json").write_text("{")

    with pytest.raises(DamagedReportError, match=r"^zap\.json: ZAP report: not a JSON document: .*line 1 column 2"):
        scanned.read(tmp_path / "zap.json", "zap")


def test_a_report_without_end_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admissible, "MAX_BYTES", 10)
    (tmp_path / "big.json").write_text("x" * 11)

    with pytest.raises(DamagedReportError, match=r"big\.json: larger"):
        admissible.read_file(tmp_path / "big.json")
    with pytest.raises(NotVerifiedError, match=r"gone\.json: No such file"):
        admissible.read_file(tmp_path / "gone.json")


def test_an_incomplete_bill_of_materials_is_none() -> None:
    document = json.loads((CORPUS / "cyclonedx" / "sbom-1.4.json").read_text())
    document["compositions"] = [{"aggregate": "incomplete", "assemblies": []}]

    with pytest.raises(DamagedReportError, match="calls itself incomplete"):
        cyclonedx.bill(json.dumps(document))
