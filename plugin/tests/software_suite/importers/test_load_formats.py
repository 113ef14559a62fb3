"""JMeter, k6 and Gatling: good, odd, truncated and hostile files, and whatever else a file may hold."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signoff.errors import DamagedReportError, NotVerifiedError
from signoff.importers.runs import load
from signoff.importers.runs.jmeter import Layout
from tests.software_suite.importers import conftest as made

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.importers.runs.load import Tool
    from tests.software_suite.importers.conftest import Folder

REFUSED = (DamagedReportError, NotVerifiedError)
SECRET_FILE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><testResults>&e;</testResults>'
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><testResults>&b;</testResults>'
GOOD: Mapping[str, tuple[Tool, str]] = {
    "jmeter-csv": ("jmeter", made.jtl()),
    "jmeter-xml": ("jmeter", made.jtl_xml()),
    "gatling": ("gatling", made.gatling()),
    "gatling-stats": ("gatling", json.dumps(made.gatling_stats())),
    "k6": ("k6", json.dumps(made.k6_summary())),
    "k6-exported": ("k6", json.dumps(made.k6_summary(exported=True))),
}


@pytest.mark.parametrize("name", GOOD)
def test_every_form_tells_the_same_of_the_same_test(folder: Folder, name: str) -> None:
    tool, text = GOOD[name]

    seen = folder.imported(tool, text, users=50, **made.TIMES)

    assert (seen.tool, seen.requests, seen.failures, seen.target) == (tool, 240, 3, made.NOTE["target"])
    assert 0.04 <= seen.quantile_seconds(0.95) <= 0.05
    assert seen.peak_users == 50
    assert timedelta(minutes=39) < seen.held(50) <= timedelta(minutes=40)
    assert not seen.crossed


def test_transactions_are_not_counted_twice_and_a_failed_assertion_counts_although_answered_200(folder: Folder) -> None:
    from_csv, from_xml = (folder.imported("jmeter", text) for text in (made.jtl(), made.jtl_xml()))

    assert from_csv.requests == from_xml.requests == 240
    assert from_xml.failures == 3  # all with 200
    assert from_csv.kinds is not None
    assert (from_csv.kinds.refused, from_csv.kinds.timed_out) == (3, 0)


def test_columns_delimiter_and_time_stamps_are_as_they_were_configured(folder: Folder) -> None:
    names = tuple(made.jtl().splitlines()[0].split(","))
    rows = made.jtl(header=False, delimiter=";")
    formatted = "\n".join(
        [";".join(names), *(";".join(["2026/11/18 20:46:40", *row.split(";")[1:]]) for row in rows.splitlines()[:1])]
    )

    bare = folder.imported("jmeter", rows, layout=Layout(columns=names, delimiter=";"))
    dated = folder.imported("jmeter", formatted + "\n", layout=Layout(delimiter=";", timestamp="%Y/%m/%d %H:%M:%S"))

    assert (bare.requests, dated.requests) == (240, 1)
    assert dated.started.isoformat() == "2026-11-18T20:46:40+00:00"


def test_k6_says_crossed_in_one_form_and_not_ok_in_the_other(folder: Folder) -> None:
    for exported in (False, True):
        for crossed in (False, True):
            summary = made.k6_summary(exported=exported, crossed=crossed)

            seen = folder.imported("k6", json.dumps(summary), **made.TIMES)

            assert seen.crossed == (("http_req_duration: p(95)<500",) if crossed else ())


@pytest.mark.parametrize("name", ["gatling", "gatling-stats"])
@pytest.mark.parametrize("old", [False, True])
def test_gatling_says_which_of_its_own_limits_were_not_kept(folder: Folder, name: str, old: bool) -> None:
    tool, text = GOOD[name]
    said = "Global: 95th percentile of response time is less than 45.0 (was 49)"
    for results in (("kept",), ("kept", "broken"), ("broken", "broken")):
        found = json.dumps(made.gatling_assertions(*results, old=old))

        seen = folder.imported(tool, text, assertions=found, **made.TIMES)

        assert seen.crossed == (said,) * results.count("broken")


ASSERTIONS: Mapping[str, tuple[str, str]] = {
    "nothing asserted": (json.dumps(made.gatling_assertions()), "asserts nothing"),
    "another run": (json.dumps(made.gatling_assertions("kept", start=made.START - 3600)), "import the files of one"),
    "before time began": (json.dumps(made.gatling_assertions("kept", start=0)), "milliseconds since 1970"),
    "beyond all time": (json.dumps(made.gatling_assertions("kept", start=10**15)), "milliseconds since 1970"),
    "cut short": (json.dumps(made.gatling_assertions("kept"))[:-3], "truncated"),
    "neither true nor false": (
        json.dumps(made.gatling_assertions("kept")).replace('"result": true', '"result": "true"'),
        "true or false",
    ),
    "totals instead": (json.dumps(made.gatling_stats()), "start"),
}


@pytest.mark.parametrize("name", ASSERTIONS)
def test_assertions_that_cannot_be_read_are_refused(folder: Folder, name: str) -> None:
    text, complaint = ASSERTIONS[name]

    with pytest.raises(REFUSED, match=complaint):
        folder.imported("gatling", json.dumps(made.gatling_stats()), assertions=text, **made.TIMES)


def test_k6_points_tell_users_over_time_and_why_requests_failed(folder: Folder) -> None:
    summary = json.dumps(made.k6_summary(crossed=True))

    seen = folder.imported("k6", summary, history=made.k6_points(), **made.TIMES)

    assert (seen.requests, seen.failures, seen.crossed) == (240, 3, ("http_req_duration: p(95)<500",))
    assert seen.kinds is not None
    assert seen.kinds.timed_out == 3
    with pytest.raises(DamagedReportError, match="the summary counts 240"):
        folder.imported("k6", summary, history=made.k6_points(200), **made.TIMES)


BAD: Mapping[str, tuple[Tool, str | bytes, str]] = {
    "empty": ("jmeter", "", "no request in it"),
    "only a header": ("jmeter", made.jtl(0), "no request in it"),
    "row cut short": ("jmeter", made.jtl().rstrip("\n")[:-9], "it may be truncated"),
    "other delimiter": ("jmeter", made.jtl(delimiter=";"), "correct the delimiter"),
    "no header": ("jmeter", made.jtl(header=False), "name the columns"),
    "negative time": ("jmeter", made.jtl().replace(",40,", ",-40,", 1), "elapsed is no whole number"),
    "a year for an answer": ("jmeter", made.jtl().replace(",40,", ",99999999999,", 1), "no response time"),
    "neither true nor false": ("jmeter", made.jtl().replace(",true,", ",yes,", 1), "neither true nor false"),
    "transactions alone": (
        "jmeter",
        "\n".join(line for line in made.jtl().splitlines() if ",OK," not in line) + "\n",
        "stands without its samples",
    ),
    "open quotation": ("jmeter", made.jtl() + '"', "line"),
    "no text": ("jmeter", b"timeStamp,\xff\xfe\x00", "no UTF-8"),
    "endless line": ("jmeter", b"a" * 1_100_000, "longer than"),
    "times a year apart": ("jmeter", made.jtl(3).replace(str(made.START + 10), "99999999990"), "no Unix time"),
    "xml cut short": ("jmeter", made.jtl_xml()[:-30], "not well-formed"),
    "xml reads a file": ("jmeter", SECRET_FILE, "refused"),
    "xml of laughs": ("jmeter", LAUGHS, "refused"),
    "xml of others": ("jmeter", "<testsuite/>", "not <testResults>"),
    "xml without times": ("jmeter", "<testResults><sample s='true'/></testResults>", "no attribute t, ts"),
    "xml ever deeper": ("jmeter", "<testResults>" + "<sample>" * 50, "more in it than JMeter writes"),
    "gatling cut short": ("gatling", made.gatling()[:-4], "truncated"),
    "gatling binary": ("gatling", b"\x00\x00\x00\x063.12.0\xff", "import js/stats.json"),
    "gatling without KO or OK": ("gatling", made.gatling().replace("OK", "MAYBE", 1), "without OK or KO"),
    "gatling of nobody": ("gatling", made.gatling(0), "no request in it"),
    "gatling twice": ("gatling", made.gatling() * 2, "a second RUN"),
    "gatling contradicts itself": (
        "gatling",
        json.dumps(made.gatling_stats() | {"stats": {"numberOfRequests": {"total": 9, "ok": 1, "ko": 1}}}),
        "9 requests",
    ),
    "k6 cut short": ("k6", json.dumps(made.k6_summary())[:-3], "truncated"),
    "k6 contradicts itself": (
        "k6",
        json.dumps(made.k6_summary()).replace('"fails": 237', '"fails": 200'),
        "240 requests",
    ),
    "k6 of nothing": ("k6", json.dumps(made.k6_summary(requests=3)).replace("3", "0"), "0 requests"),
    "k6 too deep": ("k6", '{"metrics":' * 200_000, "not a JSON document"),
    "k6 beyond all numbers": ("k6", json.dumps(made.k6_summary()).replace("49.0", "1e999"), "a number of seconds"),
    "k6 a year for an answer": ("k6", json.dumps(made.k6_summary()).replace("49.0", "99999999999"), "milliseconds"),
    "gatling beyond all numbers": (
        "gatling",
        json.dumps(made.gatling_stats()).replace('"total": 46', '"total": ' + "9" * 400),
        "a number of seconds",
    ),
    "k6 not ok but a word": (
        "k6",
        json.dumps(made.k6_summary()).replace('"ok": true', '"ok": "true"'),
        "true or false",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_damaged_and_hostile_files_are_refused_with_their_place(folder: Folder, name: str) -> None:
    tool, content, complaint = BAD[name]

    with pytest.raises(REFUSED, match=complaint):
        folder.imported(tool, content, **made.TIMES)


@pytest.mark.parametrize("name", ["jmeter-csv", "gatling"])
def test_what_may_have_been_cut_at_the_end_of_a_line_needs_proof_that_it_was_not(folder: Folder, name: str) -> None:
    tool, text = GOOD[name]
    shorter = text[: text.rindex("\n", 0, -1) + 1]

    with pytest.raises(NotVerifiedError, match="no sha256 of results"):
        folder.imported(tool, text, proved=False)
    with pytest.raises(NotVerifiedError, match="is not the file that it speaks of"):
        folder.imported(tool, shorter, files=[{"name": "results", "sha256": "0" * 64}])


@pytest.mark.parametrize(
    ("note", "complaint"),
    [
        ({"tool": {"name": "locust"}}, "it speaks of locust, the inventory of k6"),
        ({"schema_version": 2}, "expected 1"),
        ({"started": None}, "write started and finished"),
        ({"started": made.TIMES["finished"], "finished": made.TIMES["started"]}, "write started and finished"),
        ({"generator": {"cpu_peak_ratio": -1}}, "cpu_peak_ratio"),
    ],
)
def test_the_note_is_part_of_the_evidence(folder: Folder, note: dict[str, Any], complaint: str) -> None:
    with pytest.raises(NotVerifiedError, match=complaint):
        folder.imported("k6", json.dumps(made.k6_summary()), **{**made.TIMES, **note})


def test_a_summary_of_changing_users_cannot_say_for_how_long_there_were_so_many(folder: Folder) -> None:
    summary = made.k6_summary()
    summary["metrics"]["vus"]["values"]["min"] = 1

    seen = folder.imported("k6", json.dumps(summary), **made.TIMES)

    with pytest.raises(NotVerifiedError, match="how many users"):
        seen.held(50)
    with pytest.raises(NotVerifiedError, match="no p99"):
        seen.quantile_seconds(0.99)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_change_of_a_file_passes_unseen_or_breaks_an_importer(folder: Folder, data: st.DataObject) -> None:
    """Whatever a byte becomes, and wherever a file ends: the same verdict for the proof, or a typed refusal."""
    tool, text = GOOD[data.draw(st.sampled_from(sorted(GOOD)))]
    content = text.encode()
    at = data.draw(st.integers(0, len(content) - 1))
    changed = data.draw(
        st.one_of(
            st.just(content[:at]),
            st.binary(max_size=8).map(lambda junk: content[:at] + junk + content[at + len(junk) :]),
            st.sampled_from([b"\x00", b"9" * 400, b"-1", b"NaN", b"1e999", b'"', b"\t", b"\n", b"<", b"{"]).map(
                lambda junk: content[:at] + junk + content[at + 1 :]
            ),
        )
    )
    try:
        seen = folder.imported(tool, changed, users=50, **made.TIMES)
        finite = [seen.error_ratio, *seen.quantiles.values(), *(ms / 1000 for ms, _ in seen.milliseconds)]
        assert all(0 <= value < 1e9 for value in finite)
        assert 0 <= seen.failures <= seen.requests
    except REFUSED:
        pass
    if changed != content:
        with pytest.raises(REFUSED):
            folder.imported(tool, changed, users=50, files=[{"name": "results", "sha256": "0" * 64}], **made.TIMES)


def test_a_large_file_needs_the_memory_of_a_small_one(folder: Folder) -> None:
    header, *lines = made.jtl(10).splitlines()
    results, note, peaks = folder.path / "results", folder.path / "note.json", []
    for rows in (500, 10_000):
        content = "\n".join([header, *(lines[number % len(lines)] for number in range(rows))]) + "\n"
        results.write_text(content)
        digest = hashlib.sha256(content.encode()).hexdigest()
        note.write_text(json.dumps({**made.NOTE, "files": [{"name": "results", "sha256": digest}]}))
        del content
        tracemalloc.start()
        load.read("jmeter", results=results, note=note)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < peaks[0] + 200_000
