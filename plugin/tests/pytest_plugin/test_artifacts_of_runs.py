"""What a run leaves behind: reports without secrets, nothing where nothing was run, nothing in other suites."""

from __future__ import annotations

import html
import json
import xml.etree.ElementTree as ET
from importlib import resources
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ITEMS = {
    "INF-SRV-1": {"checks": ["alive"], "targets": "hosts"},
    "INF-SRV-2": {"checks": ["leaks"], "targets": "services:redis"},
    "INF-SRV-3": {"checks": ["leaks_in_setup"]},
    "INF-SRV-4": {"checks": ["leaks_quietly"], "targets": "services:redis"},
}
TESTS = """
import logging, sys

@pytest.mark.checklist(id="INF-SRV-1")
def test_alive(target, evidence, request):
    request.node.user_properties.append(("build", "77"))
    evidence(observed="up", expected="up", inspected=1)

@pytest.mark.checklist(id="INF-SRV-2")
def test_leaks(target, evidence):
    secret = target.settings.password.get_secret_value()
    print(secret); print(repr({"p": secret}), file=sys.stderr)
    logging.getLogger().error("password is %s", secret)
    evidence(observed=secret, expected={"p": secret})
    assert secret == "x", f"{target.name}: {secret} {secret!r}"

@pytest.fixture
def broken(inventory):
    raise RuntimeError(inventory.service("cache").password.get_secret_value())

@pytest.mark.checklist(id="INF-SRV-3")
def test_leaks_in_setup(broken): pass

@pytest.mark.checklist(id="INF-SRV-4")
def test_leaks_quietly(target, request):
    request.node.user_properties.append(("seen", target.settings.password.get_secret_value()))
    request.node.user_properties.append(("url", f"redis://user:{'pa55word'}@host/"))
"""


@pytest.fixture(scope="module", params=[0, 2], ids=["alone", "two workers"])
def leaking(request: pytest.FixtureRequest, write_suite: Callable[..., Any]) -> Any:
    """Return a suite that says its secret wherever it can, and its run."""
    suite = write_suite(ITEMS, TESTS)
    return suite, suite.run("--tb=long", "-rA", workers=request.param)


def test_no_artifact_and_no_screen_shows_a_secret(leaking: Any, canary: str) -> None:
    """Neither as it is nor as JSON, HTML, XML or repr writes it."""
    suite, run = leaking
    assert run.status == 10, run.output
    forms = {canary, html.escape(canary), json.dumps(canary)[1:-1], repr(canary)[1:-1], "pa55word"}
    forms.add(html.escape(canary).replace("&quot;", "&#34;"))
    texts = {path.name: path.read_text(encoding="utf-8") for path in suite.artifacts()} | {"screen": run.output}
    assert {name.partition("_")[0] for name in texts} >= {"readiness", "run", "junit", "issues", "checklist"}
    assert any(name.endswith(".jsonl") for name in texts)
    found = [(name, form) for name, text in texts.items() for form in forms if form in text]
    assert not found
    assert "[redacted]" in run.cell("leaks", "cache")["reason"]


def test_reports_are_whole(leaking: Any) -> None:
    """JSON fits its schema; JUnit carries item, check, target and owner, and the author's own properties."""
    suite, run = leaking
    schema = json.loads(resources.files("signoff.reports").joinpath("readiness.schema.json").read_text())
    jsonschema.validate(run.document, schema, format_checker=jsonschema.FormatChecker())
    (junit,) = (path for path in suite.artifacts() if path.name.startswith("junit_"))
    cases = {case.get("name"): case for case in ET.fromstring(junit.read_text()).iter("testcase")}
    properties = {p.get("name"): p.get("value") for p in cases["test_alive[web-1]"].iter("property")}
    wanted = {"checklist": "INF-SRV-1", "check": "alive", "target": "web-1", "owner": "infra"}
    wanted |= {"area": "infra", "build": "77"}
    assert properties == wanted
    (report,) = (path for path in suite.artifacts() if path.name.startswith("run_report_"))
    assert "INF-SRV-1" in report.read_text(encoding="utf-8")


DIES = """
import os, pytest

@pytest.mark.checklist(id="INF-SRV-3")
def test_leaks_in_setup(): os._exit(3)
"""


def test_a_test_that_killed_its_worker_is_in_every_report(write_suite: Callable[..., Any]) -> None:
    """With item, owner and area, although what it carried died with the worker; and the reports refer to each other."""
    suite = write_suite({"INF-SRV-3": ITEMS["INF-SRV-3"]}, DIES)
    run = suite.run(workers=1)
    assert run.cell("leaks_in_setup")["state"] == "ERROR"
    files = {path.name.rpartition("_")[0].rpartition("_")[0] + path.suffix: path for path in suite.artifacts()}
    (case,) = ET.fromstring(files["junit.xml"].read_text()).iter("testcase")
    assert "crashed" in str(case.find("error").get("message"))  # type: ignore[union-attr]
    assert {p.get("name"): p.get("value") for p in case.iter("property")} == {
        "checklist": "INF-SRV-3",
        "check": "leaks_in_setup",
        "target": "-",
        "owner": "infra",
        "area": "infra",
    }
    page, report = files["readiness_check.html"], files["run_report.html"]
    assert f'href="{report.name}"' in page.read_text(encoding="utf-8")
    assert f'href="{page.name}"' in report.read_text(encoding="utf-8")
    assert "test_leaks_in_setup" in report.read_text(encoding="utf-8")


@pytest.mark.parametrize("options", [["--collect-only", "-q"], ["--signoff-plan"], ["--markers"]], ids=" ".join)
def test_looking_writes_nothing(write_suite: Callable[..., Any], options: list[str]) -> None:
    """Listing tests, the plan or the markers leaves no file and no folder."""
    suite = write_suite(ITEMS, TESTS)
    run = suite.run(*options)
    assert run.status == 0, run.output
    assert not (suite.folder / "reports").exists()


OTHER = """
import pytest

@pytest.fixture
def host(): return "ours"

@pytest.fixture
def target(): return "ours too"

@pytest.mark.checklist(id="whatever")
def test_it(host, target): assert (host, target) == ("ours", "ours too")

def test_more(): pytest.skip("as ever")
"""


def test_a_suite_without_a_checklist_is_left_alone(write_suite: Callable[..., Any]) -> None:
    """Its own `host`, `target` and marker named checklist stay its own; no files, pytest's own status."""
    suite = write_suite(ITEMS, "")
    suite.write("other/test_other.py", OTHER)
    suite.write("other/pytest.toml", '[pytest]\nmarkers = ["checklist(id): ours"]\nstrict = true\n')
    run = suite.run("-c", "other/pytest.toml", "--rootdir=other", "-p", "no:cacheprovider", "other")
    assert run.status == 0, run.output
    assert "1 passed, 1 skipped" in run.output
    markers = suite.run("-c", "other/pytest.toml", "--rootdir=other", "-p", "no:cacheprovider", "--markers")
    assert "go-live" not in markers.output
    assert "checklist item" not in markers.output
    assert not (suite.folder / "reports").exists()
    assert {path.name for path in (suite.folder / "other").iterdir()} <= {"test_other.py", "pytest.toml", "__pycache__"}
