"""`signoff publish` and `signoff doctor` on a suite on disk: nights, loud failures, and a verdict that stays."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from signoff.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

pytestmark = pytest.mark.contract


def _suite_of_reports() -> Any:
    """Return the small suite that the tests of `signoff report` judge."""
    path = Path(__file__).parents[1] / "cli" / "test_reporting.py"
    spec = importlib.util.spec_from_file_location("small_suite", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["small_suite"] = module
    spec.loader.exec_module(module)
    return module


small = _suite_of_reports()
suite = small.suite
NOON = datetime.now(UTC) - timedelta(hours=30)


@pytest.fixture
def vendors(
    suite: Any, kit: SimpleNamespace, running: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> SimpleNamespace:
    """Return the vendors that the suite publishes to."""
    kit.wiki, kit.jira, kit.slack = kit.CloudWiki(), kit.Jira(), kit.Slack()
    urls = {"WIKI": running(kit.wiki).url, "JIRA": running(kit.jira).url}
    text = f"""
schema_version: 1
confluence: {{url: {urls["WIKI"]}, user: b@example.com, token: "${{WIKI_TOKEN}}", space: OPS, language: ko}}
jira: {{url: {urls["JIRA"]}, user: b@example.com, token: "${{WIKI_TOKEN}}", project: OPS, language: ko}}
slack: {{webhook: "${{SLACK_WEBHOOK}}"}}
"""
    (suite.folder / "inventories/production/publish.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("WIKI_TOKEN", kit.token)
    monkeypatch.setenv("SLACK_WEBHOOK", f"{running(kit.slack).url}/services/T0SECRET/B0SECRET/canarywebhook")
    kit.suite = suite
    # One instant for all of a test's publishing: after midnight, another day's page would be due.
    begun = datetime.now(UTC)
    monkeypatch.setattr("signoff.cli.publishing.utc_now", lambda: begun)
    return kit


def run(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(main, list(arguments), catch_exceptions=False)
    assert result.exit_code == status, result.output
    return result.output


@pytest.fixture
def printing(vendors: SimpleNamespace) -> SimpleNamespace:
    """Return the vendors, with a wiki that wants a PDF."""
    path = vendors.suite.folder / "inventories/production/publish.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("space: OPS", "space: OPS, pdf: true"), encoding="utf-8")
    vendors.suite.saw(NOON, "fail", "pass")
    return vendors


def test_page_is_attached_as_pdf_where_that_is_wanted(printing: SimpleNamespace) -> None:
    if not any(map(shutil.which, ("chromium", "google-chrome"))):
        pytest.skip("needs chromium (apt-get install chromium)")
    run("publish", "confluence")
    files = printing.wiki.page("Sign-off: Shop 1.4.0 (production)")["files"]
    assert files["signoff.pdf"][0].startswith(b"%PDF-")


def test_missing_browser_is_said_and_the_page_is_published(
    printing: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGNOFF_BROWSER", "/nowhere/browser")
    output = run("publish", "confluence", status=1)
    assert "signoff.pdf is not attached: SIGNOFF_BROWSER names '/nowhere/browser'" in output
    assert "not published: signoff.pdf; the decision stays NO-GO" in output
    assert set(printing.wiki.page("Sign-off: Shop 1.4.0 (production)")["files"]) == {"signoff.html", "signoff.json"}


def test_three_nights_of_everything(vendors: SimpleNamespace) -> None:
    vendors.suite.saw(NOON, "fail", "pass")
    first = run("publish", "all")
    assert "confluence: sign-off created" in first
    second = run("publish", "all")
    assert "created" not in second
    assert second.count("unchanged") == 4  # two pages, one issue, no message
    vendors.suite.saw(NOON + timedelta(hours=24), "pass", "pass")
    third = run("publish", "all")
    assert "confluence: sign-off updated" in third
    assert "closed (OPS-1)" in third
    page = vendors.wiki.page("Sign-off: Shop 1.4.0 (production)")
    assert {name: len(versions) for name, versions in page["files"].items()} == {"signoff.html": 2, "signoff.json": 2}
    assert "verdict" in json.loads(page["files"]["signoff.json"][-1])
    assert len(vendors.jira.issues) == 1
    assert vendors.jira.issues["OPS-1"]["kind"] == "done"
    assert len(vendors.slack.messages) == 2
    assert "wiki.example.com" in json.dumps(vendors.slack.messages)


def test_a_failure_is_loud_and_leaves_the_decision_alone(vendors: SimpleNamespace) -> None:
    vendors.suite.saw(NOON, "fail", "pass")
    before = run("status", "--json")
    vendors.wiki.token = "Basic of-somebody-else"
    output = run("publish", "all", status=1)
    assert "confluence: failed: Confluence" in output
    assert "401" in output
    assert "jira: ISS-" in output  # the others go on
    assert "not published: confluence; the decision stays NO-GO" in output
    assert vendors.token not in output
    after = json.loads(run("status", "--json"))
    assert after["verdict"] == json.loads(before)["verdict"]
    run("gate", status=10)


def test_a_dry_run_shows_everything_and_the_ledger_stays(vendors: SimpleNamespace) -> None:
    vendors.suite.saw(NOON, "fail", "pass")
    ledger = sorted((vendors.suite.reports / "ledger").glob("*")) if (vendors.suite.reports / "ledger").exists() else []
    output = run("publish", "all", "--dry-run")
    assert "would be created" in output
    assert "배포 불가" in output
    assert vendors.wiki.pages == vendors.jira.issues == {}
    assert vendors.slack.messages == []
    assert vendors.token not in output
    assert "canarywebhook" not in output
    found = sorted((vendors.suite.reports / "ledger").glob("*")) if (vendors.suite.reports / "ledger").exists() else []
    assert found == ledger


def test_a_mistake_in_the_settings_is_no_verdict(vendors: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WIKI_TOKEN")
    output = run("publish", "jira", status=1)
    assert "WIKI_TOKEN" in output
    assert "publish.yaml:" in output
    (vendors.suite.folder / "inventories/production/publish.yaml").unlink()
    run("publish", "all", status=2)


def test_the_doctor_changes_nothing_and_finds_what_is_missing(vendors: SimpleNamespace) -> None:
    output = run("doctor", "all")
    assert "✔ confluence: the token is good: Sign-off Bot" in output
    assert "pages may be added" in output
    assert "✔ jira: it has the issue type Bug" in output
    vendors.jira.lacking = {"TRANSITION_ISSUES"}
    assert "✖ jira: the account lacks rights in the project: TRANSITION_ISSUES" in run("doctor", "jira", status=1)
    vendors.wiki.operations = [{"operation": "read", "targetType": "space"}]
    assert "✖ confluence: the account may not add pages" in run("doctor", "confluence", status=1)
    vendors.wiki.token = "Basic of-somebody-else"
    output = run("doctor", "confluence", status=1)
    assert "expired" in output
    assert vendors.wiki.writes() == vendors.jira.writes() == []
    assert vendors.slack.seen == []


def test_the_ledger_that_publishing_wrote_is_whole_and_approvable(vendors: SimpleNamespace) -> None:
    vendors.suite.saw(NOON, "pass", "pass")
    digest = vendors.suite.workspace.evaluate(datetime.now(UTC)).digest
    run("publish", "all")
    assert vendors.suite.workspace.evaluate(datetime.now(UTC)).digest == digest
    assert vendors.suite.workspace.store.ledger().broken == ()
