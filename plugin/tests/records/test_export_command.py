"""`signoff export`: every format from a suite on disk, whole or refused, without secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from signoff.model import Verdict
from signoff.reports.exports.registry import FORMATS

SECRET = 'correct"horse_battery'


@pytest.fixture
def ready(world: Any) -> Any:
    """Return a suite whose every item is satisfied, not signed yet."""
    world.ran()
    for item in ("INF-DR-1", "INF-DR-2"):
        said = ["--passed", "--statement", "I looked", "--for", "30d", "--key", str(world.keys / "Han")]
        assert world.call("attest", item, *said).exit_code == 0
    assert world.evaluate().verdict is Verdict.READY
    return world


def sign(world: Any, *roles: str) -> None:
    people = {"tech": "Kim", "qa": "Lee", "executive": "Park"}
    for role in roles:
        said = ["--key", str(world.keys / people[role]), "--digest", world.evaluate().digest[:8]]
        done = world.call("approve", "--role", role, *said)
        assert done.exit_code == 0, done.output


def test_each_format_is_written_beside_the_reports(world: Any) -> None:
    world.ran({"disk_is_free": "fail: web1: disk is full"})
    for name in set(FORMATS) - {"svr"}:
        done = world.call("export", name)
        assert done.exit_code == 0, done.output
        path = Path(done.stdout.strip())
        assert path.parent == world.folder / "reports/demo"
        assert path.name.startswith(f"export_{name}_")
        assert path.suffix == FORMATS[name].suffix
        assert path.read_text(encoding="utf-8")


def test_standard_output_holds_the_export_alone(ready: Any) -> None:
    report = json.loads(ready.call("export", "ctrf", "--output", "-").stdout)
    assert report["results"]["environment"]["healthy"] is True
    assert not list((ready.folder / "reports/demo").glob("export_*"))
    table = ready.call("export", "csv", "--output", "-").stdout_bytes
    assert table.startswith(b"\xef\xbb\xbfrow,")
    assert b"\r\n" in table


def test_a_file_of_ones_own_is_replaced_whole(ready: Any, tmp_path: Path) -> None:
    path = tmp_path / "new" / "out.json"
    for _ in range(2):
        assert ready.call("export", "hdf", "--output", str(path)).exit_code == 0
        assert json.loads(path.read_text(encoding="utf-8"))["profiles"]
    assert [each.name for each in path.parent.iterdir()] == ["out.json"]


def test_the_language_is_the_one_asked_for(ready: Any) -> None:
    assert "제목" in ready.call("export", "markdown", "--output", "-", "--lang", "ko").stdout
    assert "Title" in ready.call("export", "markdown", "--output", "-", "--lang", "en").stdout


def test_a_verification_result_needs_every_signature(ready: Any, tmp_path: Path) -> None:
    path = tmp_path / "svr.json"
    sign(ready, "tech", "qa")
    done = ready.call("export", "svr", "--output", str(path))
    assert done.exit_code == 11
    assert "the verdict is INCOMPLETE: approval by executive is missing" in done.stderr
    assert not path.exists()
    sign(ready, "executive")
    assert ready.call("export", "svr", "--output", str(path)).exit_code == 0
    predicate = json.loads(path.read_text())["predicate"]
    assert predicate["properties"][:4] == [
        "SIGNOFF_RELEASE_APPROVED:demo",
        "SIGNOFF_APPROVED_BY:tech",
        "SIGNOFF_APPROVED_BY:qa",
        "SIGNOFF_APPROVED_BY:executive",
    ]


def test_new_evidence_takes_the_verification_result_away(ready: Any) -> None:
    sign(ready, "tech", "qa", "executive")
    ready.ran({"disk_is_free": "fail"})
    done = ready.call("export", "svr", "--output", "-")
    assert (done.exit_code, done.stdout) == (10, "")


def test_an_empty_register_is_no_plan_of_action(ready: Any) -> None:
    done = ready.call("export", "oscal-poam")
    assert done.exit_code == 1
    assert "register is empty" in done.stderr
    assert not list((ready.folder / "reports/demo").glob("export_*"))


def test_edited_evidence_is_never_told_as_success(ready: Any) -> None:
    sign(ready, "tech", "qa", "executive")
    (journal,) = (ready.folder / "reports/demo/runs").glob("*.jsonl")
    journal.write_bytes(journal.read_bytes().replace(b'"inspected":1', b'"inspected":2', 1))
    for name in ("svr", "sarif", "oscal-poam"):
        done = ready.call("export", name, "--output", "-")
        assert (done.exit_code, done.stdout) == (12, "")
    tests = json.loads(ready.call("export", "ctrf", "--output", "-").stdout)["results"]["tests"]
    assert {test["status"] for test in tests} == {"failed", "pending"}
    result = json.loads(ready.call("export", "intoto", "--output", "-").stdout)["predicate"]
    assert (result["result"], result["passedTests"]) == ("FAILED", [])


def test_no_secret_leaves_by_an_export(world: Any) -> None:
    services = f"  cache: {{kind: redis, host: 127.0.0.1, purpose: cache, password: '{SECRET}'}}\n"
    (world.inventory / "services.yaml").write_text(f"schema_version: 1\nservices:\n{services}")
    world.change_policy("")
    policy = world.inventory / "policy.yaml"
    policy.write_text(policy.read_text().replace("product: Tiny", f"product: 'Tiny {SECRET}'"))
    world.ran({"disk_is_free": f"fail: said password={SECRET}, full"})
    for name in set(FORMATS) - {"svr"}:
        text = world.call("export", name, "--output", "-").stdout
        assert "horse" not in text, name
        if FORMATS[name].suffix in {".json", ".sarif"}:
            json.loads(text)


@pytest.mark.parametrize("arguments", [["nope"], ["ctrf", "--output", "/dev/null/x"]])
def test_what_cannot_be_written_is_said(world: Any, arguments: list[str]) -> None:
    done = world.call("export", *arguments)
    assert done.exit_code in {1, 2}
    assert "Error:" in done.stderr
