"""Runs in a CI service: what blocks is shown there, nobody else's text speaks to it, and no verdict depends on it."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ITEMS = {
    "INF-SRV-1": {"checks": ["says_much"], "targets": "services:redis", "severity": "critical"},
    "INF-SRV-2": {"checks": ["cannot_tell"]},
    "INF-SRV-3": {"checks": ["good"]},
    "INF-SRV-4": {},
}
TESTS = """
@pytest.mark.checklist(id="INF-SRV-1")
def test_says_much(target, evidence):
    print("::error::" + "from a check")  # two parts: a traceback shows this line too
    secret = target.settings.password.get_secret_value()
    assert not secret, f"{target.name}: 50%, a:b\\n::add-mask::x\\n::error::planted {secret} <script>alert(1)</script>"

@pytest.mark.checklist(id="INF-SRV-2")
def test_cannot_tell(evidence): signoff.not_verified("no way to know; write a key")

@pytest.mark.checklist(id="INF-SRV-3")
def test_good(evidence): evidence(observed="up", expected="up", inspected=1)
"""
STOP = re.compile(r"^::stop-commands::([0-9a-f]{32})$", re.MULTILINE)


def _in(suite: Any, **environ: str) -> Any:
    return dataclasses.replace(suite, environ={**suite.environ, **environ})


@pytest.fixture
def suite(write_suite: Callable[..., Any]) -> Any:
    return write_suite(ITEMS, TESTS)


@pytest.mark.parametrize("workers", [0, 2])
def test_github_marks_what_blocks_and_hears_nobody_else(suite: Any, canary: str, workers: int) -> None:
    summary = suite.folder / "summary.md"
    summary.write_text("of another step\n")
    github = {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(suite.folder.parent)}
    run = _in(suite, **github, GITHUB_STEP_SUMMARY=str(summary)).run("-rA", "-s", workers=workers)
    assert run.status == 10
    stopped = STOP.search(run.output)
    assert stopped
    before, _, rest = run.output.partition(stopped[0])
    unheard, _, commands = rest.partition(f"::{stopped[1]}::")
    assert ("::error::from a check" in unheard) == (workers == 0)  # workers' standard output goes nowhere
    assert "::" not in before
    place = f"{suite.folder.name}/tests/"
    failed, unknown, missing = [line for line in commands.splitlines() if line]
    assert failed.startswith(f"::error file={place}test_it.py,line=4,title=INF-SRV-1 Title::Fail: cache: 50%25, a:b")
    assert unknown.startswith(f"::warning file={place}test_it.py,line=10,title=INF-SRV-2 Title::Not verified: no way")
    assert missing.startswith(f"::warning file={place}checklist.yaml,line=1,title=INF-SRV-4 Title::")
    text = summary.read_text()
    assert text.startswith("of another step\n## ✖ Do not release (NO-GO) — Tiny 1.0.0")
    assert "| **INF-SRV-1** Title | ✖ Fail |" in text
    assert "- [x] **INF-SRV-3**" in text
    assert "<script>" not in text
    assert canary not in text + commands


def test_gitlab_gets_its_two_files(suite: Any, canary: str) -> None:
    gitlab = {"GITLAB_CI": "true", "CI_PROJECT_DIR": str(suite.folder), "CI_JOB_URL": "https://gitlab.example/job/7"}
    run = _in(suite, **gitlab).run()
    assert (run.status, "::" in run.output.partition("NO-GO")[0]) == (10, False)
    folder = suite.folder / "reports/demo"
    texts = {name: (folder / name).read_text() for name in ("gl-code-quality.json", "gl-job-links.json")}
    assert canary not in "".join(texts.values())
    quality = json.loads(texts["gl-code-quality.json"])
    assert [(each["check_name"], each["severity"], each["location"]["path"]) for each in quality] == [
        ("INF-SRV-1", "blocker", "tests/test_it.py"),
        ("INF-SRV-2", "minor", "tests/test_it.py"),
        ("INF-SRV-4", "minor", "tests/checklist.yaml"),
    ]
    assert len({each["fingerprint"] for each in quality}) == 3
    links = [each["external_link"]["url"] for each in json.loads(texts["gl-job-links.json"])["Verdict"]]
    assert links[0].startswith("https://gitlab.example/job/7/artifacts/file/reports/demo/readiness_check_")


def test_fingerprints_stay_until_the_state_changes(suite: Any) -> None:
    gitlab = _in(suite, GITLAB_CI="true")
    seen = []
    for text in (TESTS, TESTS.replace("50%", "60%"), TESTS.replace('signoff.not_verified("no way', 'assert not ("no')):
        suite.write("tests/test_it.py", f"import pytest, signoff\n{text}")
        gitlab.run()
        found = json.loads((suite.folder / "reports/demo/gl-code-quality.json").read_text())
        seen.append({each["check_name"]: each["fingerprint"] for each in found})
    assert seen[0] == seen[1]
    assert seen[2]["INF-SRV-1"] == seen[0]["INF-SRV-1"]
    assert seen[2]["INF-SRV-2"] != seen[0]["INF-SRV-2"]
    assert not (suite.folder / "reports/demo/gl-job-links.json").exists()  # nobody said where the job is


def test_what_cannot_be_told_changes_no_verdict(suite: Any) -> None:
    nowhere = str(suite.folder / "no/such/folder/summary.md")
    run = _in(suite, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=nowhere).run()
    assert run.status == 10
    assert "the step's summary could not be written" in run.output


def test_refused_run_says_nothing_to_the_service(suite: Any) -> None:
    run = _in(suite, GITHUB_ACTIONS="true").run("--owner", "nobody")
    assert (run.status, "::" in run.output) == (4, False)
