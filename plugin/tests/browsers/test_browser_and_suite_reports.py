"""Reports of grids, Cypress and Lighthouse: read as they are, refused when cut, odd or hostile."""

from __future__ import annotations

import contextlib
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.errors import NotVerifiedError
from signoff.importers.provenance import Provenance
from signoff.importers.runs import grid, junit, lighthouse, mochawesome

COMMIT = "3f2a91c4d5e6f708192a3b4c5d6e7f8091a2b3c4"
NOTE = Provenance(
    tool="Cypress",
    commit=COMMIT,
    created=datetime(2026, 11, 22, tzinfo=UTC),
    database_updated=None,
    inspected=0,
    target="https://staging.example.test",
)


def test_case(title: str, **flags: Any) -> dict[str, Any]:
    return {"title": title, "fullTitle": f"shop {title}", "pass": False, "fail": False, "pending": False} | flags


test_case.__test__ = False  # type: ignore[attr-defined] # it makes data


def mocha(**stats: Any) -> dict[str, Any]:
    tests = [
        test_case("buys", **{"pass": True}),
        test_case("pays", fail=True, err={"message": "AssertionError: no receipt\n  at pay"}),
        test_case("returns", pending=True),
        test_case("complains", skipped=True),
    ]
    hook = {"title": '"after all" hook', "fullTitle": "shop after all", "fail": True, "err": {"message": "gone"}}
    inner = {"tests": tests[1:], "suites": [], "beforeHooks": [], "afterHooks": [hook]}
    return {
        "stats": {"tests": 4, "failures": 1, "start": "2026-11-22T01:10:00.000Z"} | stats,
        "results": [{"tests": tests[:1], "suites": [inner], "beforeHooks": [], "afterHooks": []}, False],
        "meta": {"mochawesome": {"version": "7.1.3"}},
    }


def test_mochawesome_is_read_with_its_hooks() -> None:
    report = mochawesome.read(json.dumps(mocha()), NOTE)

    assert [(case.name, case.outcome) for case in report.cases] == [
        ("shop buys", "passed"),
        ("shop pays", "failed"),
        ("shop returns", "skipped"),
        ("shop complains", "skipped"),
        ("shop after all", "failed"),
    ]
    assert report.cases[1].message == "AssertionError: no receipt"
    assert (report.commit, report.properties["target"]) == (COMMIT, NOTE.target)
    assert report.started == datetime(2026, 11, 22, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (mocha(tests=9), "declares 9 tests"),
        (mocha(failures=3), "declares 3 failures"),
        (mocha(tests=0), "no test in it"),
        (mocha(start="yesterday"), "ISO 8601"),
        ({"stats": {"tests": 1, "failures": 0, "start": "2026-11-22T01:10:00Z"}, "results": []}, "no test in it"),
        ({"stats": {}}, "expected"),
        ([], "expected an object"),
    ],
)
def test_mochawesome_that_proves_nothing_is_refused(document: Any, why: str) -> None:
    with pytest.raises(NotVerifiedError, match=why):
        mochawesome.read(json.dumps(document), NOTE)


def session(browser: str = "safari", version: str = "18.1") -> dict[str, Any]:
    return {
        "capabilities": {"browserName": browser, "browserVersion": version, "platformName": "macOS 15"},
        "tests": [{"name": "home", "outcome": "passed"}, {"name": "cart", "outcome": "Failed", "message": "blank"}],
    }


def grid_json(**facts: Any) -> bytes:
    known = {"schema_version": 1, "commit": COMMIT, "created": "2026-11-22T01:10:00Z", "sessions": [session()]}
    return json.dumps(known | facts).encode()


def test_a_grid_is_read_from_json_and_from_junit() -> None:
    def suite(browser: str, version: str, cases: str) -> str:
        names = {"commit": COMMIT, "browserName": browser, "browserVersion": version, "platformName": "macOS 15"}
        pairs = "".join(f'<property name="{name}" value="{value}"/>' for name, value in names.items())
        return f'<testsuite timestamp="2026-11-22T01:10:00Z"><properties>{pairs}</properties>{cases}</testsuite>'

    cases = '<testcase name="home"/><testcase name="cart"><failure message="blank"/></testcase>'
    other = suite("chrome", "141", '<testcase name="x"/>')
    xml = f"<testsuites>{suite('safari', '18.1', cases)}{other}</testsuites>"
    from_xml, from_json = grid.read(xml.encode(), timezone=UTC), grid.read(grid_json(), timezone=UTC)

    assert from_xml.runs[0] == from_json.runs[0]
    assert (from_xml.commit, from_xml.started) == (from_json.commit, from_json.started)
    run = from_json.runs[0]
    assert (run.major, run.executed, run.failures) == (18, 2, ("cart",))
    assert run.is_of("Safari", "macos")
    assert not run.is_of("safari", "iOS")
    assert grid.read(grid_json(sessions=[session(version="beta")]), timezone=UTC).runs[0].major == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (grid_json(schema_version=2), "expected 1"),
        (grid_json(sessions=[]), "no test in it"),
        (grid_json(sessions=[session() | {"capabilities": {}}]), "browserName"),
        (grid_json(created="2026-11-22T01:10:00"), "offset|instant"),
        (grid_json()[:-9], "not a JSON document"),
        (b'<testsuite><testcase name="x"/></testsuite>', "no property 'browserName'"),
        (b'<testsuite tests="2"><testcase name="x"/></testsuite>', "declares 2"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><testsuite/>', "refused"),
        (b"", "not a JSON document"),
    ],
)
def test_a_grid_that_proves_nothing_is_refused(text: bytes, why: str) -> None:
    with pytest.raises(NotVerifiedError, match=why):
        grid.read(text, timezone=UTC)


def test_files_of_one_run_are_one_report() -> None:
    def report(commit: str, case: str, at: str = ' timestamp="2026-11-22T01:10:00Z"') -> junit.JUnitReport:
        properties = f'<properties><property name="commit" value="{commit}"/></properties>'
        return junit.read(f'<testsuite{at}>{properties}<testcase name="{case}"/></testsuite>')

    merged = junit.merge([report(COMMIT, "a"), report(COMMIT, "b")])
    assert (merged.commit, [case.name for case in merged.cases]) == (COMMIT, ["a", "b"])
    assert not junit.merge([report(COMMIT, "a"), report("f" * 40, "b")]).commit
    assert junit.merge([report(COMMIT, "a"), report(COMMIT, "b", at="")]).started is None
    with pytest.raises(NotVerifiedError, match="no file of that name"):
        junit.merge([])


def lighthouse_json(**facts: Any) -> bytes:
    known: dict[str, Any] = {
        "lighthouseVersion": "12.0.0",
        "fetchTime": "2026-11-22T01:10:00.000Z",
        "finalUrl": "https://shop.example.test/",
        "configSettings": {"formFactor": "mobile"},
        "audits": {
            "largest-contentful-paint": {"numericValue": 1234.5},
            "cumulative-layout-shift": {"numericValue": 0.02},
        },
    }
    return json.dumps(known | facts).encode()


def test_lighthouse_is_read_with_a_note_of_exactly_these_files() -> None:
    run = lighthouse.read(lighthouse_json())
    assert (run.lcp_seconds, run.cls, run.form_factor) == (1.2345, 0.02, "mobile")

    files = {"1.json": lighthouse_json()}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    note = {"schema_version": 1, "commit": COMMIT, "reports": digests}
    assert lighthouse.commit_of(json.dumps(note).encode(), files) == COMMIT
    for other in ({}, files | {"2.json": b"{}"}, {"1.json": b"{}"}):
        with pytest.raises(NotVerifiedError, match="does not speak of"):
            lighthouse.commit_of(json.dumps(note).encode(), other)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (lighthouse_json(runtimeError={"code": "NO_FCP", "message": ""}), "failed with NO_FCP"),
        (lighthouse_json(audits={}), "numericValue"),
        (lighthouse_json(audits={"largest-contentful-paint": {"numericValue": None}}), "numericValue"),
        (lighthouse_json(fetchTime=None), "fetchTime"),
        (b"{", "not a JSON document"),
    ],
)
def test_lighthouse_that_proves_nothing_is_refused(text: bytes, why: str) -> None:
    with pytest.raises(NotVerifiedError, match=why):
        lighthouse.read(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PLACES = st.sampled_from(["stats", "results", "sessions", "audits", "commit", "created", "fetchTime", "configSettings"])


@settings(max_examples=60, deadline=None)
@given(place=PLACES, value=JSON, cut=st.integers(0, 400))
def test_whatever_stands_there_is_read_or_refused(place: str, value: Any, cut: int) -> None:
    for document in (mocha(), json.loads(grid_json()), json.loads(lighthouse_json())):
        for text in (json.dumps(document | {place: value}).encode(), json.dumps(document).encode()[:cut]):
            for read in (
                lambda text: mochawesome.read(text, NOTE),
                lambda text: grid.read(text, timezone=UTC),
                lighthouse.read,
            ):
                with contextlib.suppress(NotVerifiedError):
                    assert read(text) is not None
