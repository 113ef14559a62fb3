"""Status, diff and history on the command line, over a small suite that fails, is mended and changes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from signoff.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ITEMS = {
    "INF-SRV-1": {"checks": ["disk_is_free"], "targets": "hosts", "severity": "high"},
    "INF-SRV-2": {"checks": ["clock_is_right"], "owner": "dba"},
    "INF-SRV-3": {"checks": [], "owner": "dba", "method": "examine"},
}
TESTS = """
@pytest.mark.checklist(id="INF-SRV-1")
def test_disk_is_free(host, evidence):
    free = int(os.environ.get("FREE", "50"))
    evidence(observed=f"{free} % free", expected=">= 20 % free", inspected=1)
    assert free >= 20, f"{free} % free, limit is 20 %"

@pytest.mark.checklist(id="INF-SRV-2")
def test_clock_is_right(evidence):
    evidence(observed="0 s", expected="< 1 s", inspected=1)
    if os.environ.get("SKIP"):
        signoff.not_verified("no NTP tool; install chrony")
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(
        main, [*arguments, "--inventory", "demo", *(["--lang", "en"] if "--json" not in arguments else [])]
    )


@pytest.fixture(scope="module")
def suite(write_suite: Callable[..., Any]) -> Any:
    """Return a suite after four runs: bad, mended, bad again, mended again."""
    made = write_suite(ITEMS, TESTS)
    for free in ("5", "50", "5", "50"):
        made.environ["FREE"] = free
        made.run()
    return made


@pytest.fixture(autouse=True)
def _there(suite: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(suite.folder)


def _ids(suite: Any) -> list[str]:
    return [each.id for each in suite.evaluate().runs]


def test_status_names_the_shortest_path_by_owner() -> None:
    output = run("status").output
    assert "Shortest path to GO" in output
    assert "DBA: 1 item" in output
    assert "attest: INF-SRV-3 Title" in output
    assert "signoff attest INF-SRV-3 --passed" in output
    assert output.index("attest INF-SRV-3") < output.index("signoff approve --role tech")
    document = json.loads(run("status", "--json").output)
    assert document["verdict"] == "INCOMPLETE"
    assert [each["owner"] for each in document["way"]["owners"]] == ["dba"]
    assert [each["role"] for each in document["way"]["sign"]] == ["tech", "qa", "executive"]


def test_diff_tells_what_changed_between_runs_and_why(suite: Any) -> None:
    first, second, third, _ = _ids(suite)
    fixed = run("diff", first, second).output
    assert "INF-SRV-1 ✖ Fail → ✔ Pass: fixed" in fixed
    regressed = run("diff", second, third).output
    assert "INF-SRV-1 [web-1] ✔ Pass → ✖ Fail: regressed (disk_is_free: " in regressed
    assert "5 % free, limit is 20 %" in regressed
    assert "Nothing changed." in run("diff", second, "now").output
    document = json.loads(run("diff", second, third, "--json").output)
    assert [(c["item"], c["cause"]) for c in document["changes"]] == [("INF-SRV-1", "regressed")]


def test_diff_takes_instants_and_reports(suite: Any) -> None:
    runs = suite.evaluate().runs
    after_second = runs[1].ended.isoformat()
    assert "fixed" in run("diff", runs[0].id, after_second).output
    (oldest, *_) = sorted(suite.reports(), key=lambda path: json.loads(path.read_text())["evaluated_at"])
    assert "INF-SRV-1 ✖ Fail → ✔ Pass: fixed" in run("diff", str(oldest), "now").output


@pytest.mark.parametrize(
    ("moment", "says"),
    [
        ("yesterday", "is none of: now, last-signoff, a run's id"),
        ("2026-06-01T09:00", "has no offset; write 2026-06-01T09:00Z"),
        ("2999-01-01T00:00Z", "lies in the future"),
        ("last-signoff", "never signed by every role"),
        ("pyproject.toml", "no readiness report"),
    ],
)
def test_moment_that_cannot_be_is_refused(moment: str, says: str) -> None:
    done = run("diff", moment, "now")
    assert (done.exit_code, says in done.output) == (12, True), done.output


def test_report_shows_changed_rules_that_the_evidence_cannot(suite: Any) -> None:
    report = max(suite.reports(), key=lambda path: json.loads(path.read_text())["evaluated_at"])
    policy: Path = suite.folder / "inventories/demo/policy.yaml"
    before = policy.read_text()
    absent = "not_applicable: [{item: INF-SRV-2, reason: no clock, approver: Kim}]\n"
    policy.write_text(before + absent)
    output = run("diff", str(report), "now").output
    policy.write_text(before)
    assert "policy changed\n" in output
    assert "INF-SRV-2 ✔ Pass → – Not applicable: policy changed (not applicable: no clock" in output  # noqa: RUF001


def test_history_has_a_line_for_each_item_and_flags_what_flaps() -> None:
    output = run("history").output
    assert "INF-SRV-1  ✖✔✖✔  flapping: disk_is_free[web-1], disk_is_free[web-2]" in output
    assert "INF-SRV-2  ✔✔✔✔\n" in output
    assert "3/3 cells" in output
    assert "INF-SRV-1" not in run("history", "INF-SRV-2").output
    assert "flapping" not in run("history", "--turns", "4").output
    assert "unknown item 'INF-SRV-9'" in run("history", "INF-SRV-9").output
    document = json.loads(run("history", "--json", "--last", "2").output)
    assert [item["outcomes"] for item in document["items"]] == [["fail", "pass"], ["pass", "pass"], [None, None]]


def test_page_and_report_say_what_changed_since_the_run_before(suite: Any) -> None:
    documents = sorted(
        (json.loads(path.read_text()) for path in suite.reports()), key=lambda each: each["evaluated_at"]
    )
    assert documents[0]["compared"] is None
    assert documents[1]["compared"]["with"] == "run"
    assert [change["cause"] for change in documents[1]["changes"]] == ["fixed"]
    assert [change["cause"] for change in documents[2]["changes"]] == ["regressed"]
