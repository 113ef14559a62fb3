"""The pytest-html bridge, in real pytest runs: our columns, nothing injected, nothing lost, nothing leaked."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import signoff
from signoff.reports import run_rows
from signoff.reports.messages import Messages

if TYPE_CHECKING:
    from collections.abc import Callable

CONFTEST = """
from pathlib import Path
import pytest
from signoff.pytest_plugin.run_report import RunReport

XSS = "<img src=x onerror=\\"document.title='owned'\\">"

@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    if hasattr(config, "workerinput"):
        return
    report = RunReport(config, path=Path("out/run.html"), headline=lambda: None, language="ko", log_limit=600,
                       redact=lambda text: text.replace("hunter2-canary", "[redacted]"))
    config.pluginmanager.register(report)

def pytest_metadata(metadata):
    metadata["Branch"] = XSS + "hunter2-canary"

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    report.signoff = {"item": "INF-SVC-1", "title": "캐시 서버 " + XSS, "owner": XSS, "target": "cache1" + XSS,
                      "check": item.name,
                      "outcome": "error" if "boom" in item.name else "pass" if report.passed else "fail"}
    return report
"""
SUITE = """
import logging, os, pytest
XSS = "<img src=x onerror=\\"document.title='owned'\\">"

@pytest.mark.parametrize("place", ["서울", XSS, "tab\\\\there", "hunter2-canary"])
def test_id(place):
    print("passed output is not kept")

def test_fails():
    print(XSS, "hunter2-canary", "x" * 5000)
    logging.getLogger().warning("log " + XSS)
    assert False, "캐시 " + XSS

def test_boom():
    raise ConnectionError("db1 refused hunter2-canary")

@pytest.fixture
def leaves_something():
    yield
    print("teardown hunter2-canary" + XSS)
    raise RuntimeError("teardown failed")

def test_teardown(leaves_something):
    pass

@pytest.fixture
def broken():
    raise OSError("no setup")

def test_setup(broken):
    pass

@pytest.mark.skip(reason=XSS)
def test_skipped():
    pass

def test_parts(subtests):
    for host in ("db1", "db2", "db3"):
        with subtests.test(host=host):
            assert host == "db1", f"{host} is not the primary"
"""
CRASH = """
import os
def test_first(): pass
def test_crash(): os._exit(3)
def test_last(): pass
"""


@dataclass(frozen=True)
class Result:
    page: str
    data: dict[str, Any]
    output: str

    def rows(self) -> list[dict[str, Any]]:
        return [row for rows in self.data["tests"].values() for row in rows]

    def row(self, name: str) -> dict[str, Any]:
        (found,) = [row for row in self.rows() if row["testId"].endswith(name)]
        return found


def start(folder: Path, suite: str, *options: str) -> Result:
    (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (folder / "test_suite.py").write_text(suite, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:signoff.pytest_plugin", "-p", "no:cacheprovider", *options]
    found = {**os.environ, "PYTHONPATH": str(Path(signoff.__file__).parents[1])}
    done = subprocess.run(command, cwd=folder, env=found, capture_output=True, text=True, timeout=120, check=False)
    page = next(folder.rglob("*.html")).read_text(encoding="utf-8")
    blob = re.search(r'data-jsonblob="(.*?)"', page, re.DOTALL)
    assert blob, done.stdout + done.stderr
    return Result(page=page, data=json.loads(html.unescape(blob[1])), output=done.stdout)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def result(folder: Path) -> Result:
    return start(folder, SUITE, "-n2", "-rA")


def test_the_report_is_switched_on_with_our_columns(result: Result) -> None:
    headings = re.findall(r"<th[^>]*>(.*?)</th>", result.page)
    assert headings == ["Result", "항목", "점검 항목", "담당", "대상", "Test", "Duration", "Links"]
    assert all(len(row["resultsTableRow"]) == len(headings) for row in result.rows())
    assert result.row("test_fails")["item"] == "INF-SVC-1 ✖"
    assert result.row("test_boom")["item"] == "INF-SVC-1 ⚠"
    assert "점검 실행 보고서" in result.page


def test_nothing_from_outside_becomes_markup(result: Result) -> None:
    written = [
        *(cell for row in result.rows() for cell in row["resultsTableRow"]),
        *(row["log"] for row in result.rows()),
    ]
    written += [str(value) for value in result.data["environment"].values()]
    assert not [text for text in written if "<img" in text]


def test_secrets_and_length_are_bounded(result: Result) -> None:
    assert "hunter2-canary" not in result.page
    assert "[redacted]" in result.row("test_fails")["log"]
    assert "로그" in result.row("test_fails")["log"]
    assert max(len(row["log"]) for row in result.rows()) < 6_000
    assert result.row("서울]")["log"].strip() == "통과한 점검의 로그는 생략합니다."


def test_korean_ids_can_be_read(result: Result) -> None:
    names = [row["testId"] for row in result.rows()]
    assert "test_suite.py::test_id[서울]" in names
    assert "test_suite.py::test_id[tab\\there]" in names


def test_the_terminal_still_sees_everything(result: Result) -> None:
    assert "x" * 5000 in result.output


def test_errors_around_a_check_have_rows(result: Result) -> None:
    results = {row["testId"]: row["resultsTableRow"][0] for row in result.rows()}
    assert "Error" in results["test_suite.py::test_setup::setup"]
    assert "Error" in results["test_suite.py::test_teardown::teardown"]


def test_subtests_keep_a_row_each(result: Result) -> None:
    rows = {row["testId"]: row["resultsTableRow"][0] for row in result.rows() if "test_parts" in row["testId"]}
    failed = {name for name, cell in rows.items() if "Failed" in cell}
    assert {
        "test_suite.py::test_parts (host=db2)",
        "test_suite.py::test_parts (host=db3)",
    } <= failed
    assert [name for name in rows if name.endswith("test_parts")] == ["test_suite.py::test_parts"]


def test_a_crashed_workers_check_is_not_missing(tmp_path: Path) -> None:
    result = start(tmp_path, CRASH, "-n1")
    row = result.row("test_crash")
    assert "Failed" in row["resultsTableRow"][0]
    assert row["item"] == "INF-SVC-1 ⚠"
    assert "crashed" in row["log"]
    assert {name.partition("::")[2] for name in (each["testId"] for each in result.rows())} == {
        "test_first",
        "test_crash",
        "test_last",
    }


def test_an_explicit_path_wins(tmp_path: Path) -> None:
    start(tmp_path, "def test_a(): pass", "--html=mine.html")
    assert [path.name for path in tmp_path.rglob("*.html")] == ["mine.html"]


def test_no_script_of_a_row_runs_in_a_browser(result: Result, folder: Path, browse: Callable[..., str]) -> None:
    dom = browse(folder / "out/run.html", "--dump-dom")
    assert "owned" not in re.findall(r"<title.*?</title>", dom)[0]
    assert "test_id[서울]" in dom
    in_template = 1
    assert dom.count('class="collapsible"') == len(result.rows()) + in_template


@pytest.mark.parametrize(
    ("node", "shown"),
    [
        ("tests/한글.py::test_a[\\uc11c\\uc6b8-x]", "tests/한글.py::test_a[서울-x]"),
        ("t.py::test_a[\\x1b]", "t.py::test_a[\\x1b]"),
        ("t.py::test_a[\\\\uc11c]", "t.py::test_a[\\uc11c]"),
        ("t.py::test_\\uc11c", "t.py::test_\\uc11c"),
        ("t.py::test_a[\\U00110000]", "t.py::test_a[\\U00110000]"),
    ],
)
def test_only_what_pytest_escaped_is_unescaped(node: str, shown: str) -> None:
    assert run_rows.readable(node) == shown


def test_links_that_could_run_something_are_text() -> None:
    extras = [
        {"format_type": "url", "name": "<b>", "content": "https://example.test/?a=\"'"},
        {"format_type": "url", "name": "bad", "content": "javascript:alert(1)"},
        {"format_type": "html", "name": "ignored", "content": "<i>"},
    ]
    cell = run_rows.links_cell(extras)
    assert cell.count("<a ") == 1
    assert "javascript" not in cell
    assert "<b>" not in cell


def test_a_long_log_keeps_its_beginning_and_its_end() -> None:
    text = run_rows.clean("begin" + "x" * 1000 + "end", lambda each: each, Messages("en"), limit=100)
    assert text.startswith("begin")
    assert text.endswith("end")
    assert "908 characters of the log are left out" in text
