from __future__ import annotations

import csv
import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from signoff.demo import evidence
from signoff.demo.exercises import load as load_test
from signoff.demo.exercises import rollback
from signoff.demo.layout import load
from signoff.importers import provenance
from signoff.importers.drills import deploy_record, drill, migration_proof
from signoff.importers.runs import junit, locust
from signoff.importers.scanners import sarif
from signoff.probes.repository import documents
from signoff.probes.repository import migrations as migration_files
from signoff.probes.repository.git import Repository

if TYPE_CHECKING:
    from signoff.demo.layout import Layout

pytestmark = pytest.mark.demo


def _json(demo: Layout, name: str) -> Any:
    return json.loads((evidence.directory(demo) / name).read_text(encoding="utf-8"))


def test_end_to_end_run_passed_for_the_deployed_commit(demo: Layout) -> None:
    report = junit.read((evidence.directory(demo) / "end-to-end.xml").read_bytes())
    assert report.failures == ()
    assert report.executed == len(report.cases) == 18
    assert report.commit == load(demo).commit


def test_end_to_end_run_covers_every_operation(demo: Layout) -> None:
    document = json.loads((demo.repo / "openapi.json").read_text(encoding="utf-8"))
    report = junit.read((evidence.directory(demo) / "end-to-end.xml").read_bytes())
    names = " | ".join(case.name for case in report.cases)
    for path, operations in document["paths"].items():
        for method in operations:
            assert f"{method.upper()} {path} " in names


@pytest.mark.parametrize("name", ["rollback", "failover"])
def test_drills_were_really_made(demo: Layout, name: str) -> None:
    record = drill.read((evidence.directory(demo) / f"{name}-drill.json").read_bytes())
    assert record.kind == name
    assert record.passed
    assert record.failed_steps == ()
    assert record.commit == load(demo).commit
    assert 0 < record.seconds < 60


def test_rollback_loses_no_request(demo: Layout) -> None:
    record = rollback.run(demo)
    assert record["passed"]
    assert record["requests"] > 10
    assert record["downtime_seconds"] == 0


def test_killed_instance_came_back(demo: Layout) -> None:
    record = drill.read((evidence.directory(demo) / "recovery-drill.json").read_bytes())
    assert record.passed
    assert record.seconds < 60


def test_migrations_went_up_down_and_up(demo: Layout) -> None:
    proof = migration_proof.read((evidence.directory(demo) / "migrations.json").read_bytes())
    found = migration_files.read(Repository(path=demo.repo), load(demo).commit, "migrations", "plain")
    assert len(found.migrations) >= 3
    assert found.irreversible == ()
    assert proof.commit == load(demo).commit
    assert proof.failed == ()
    assert proof.unproven(migration.version for migration in found.migrations) == ()


def test_deployment_was_rehearsed_both_ways(demo: Layout) -> None:
    record = deploy_record.read((evidence.directory(demo) / "deploy-staging.json").read_bytes())
    assert [(step.action, step.ok) for step in record.steps] == [("deploy", True), ("rollback", True)]
    for step in record.steps:
        content = Repository(path=demo.repo).read(load(demo).commit, step.script)
        assert hashlib.sha256(content).hexdigest() == step.sha256


def test_load_report_adds_up(demo: Layout) -> None:
    entries = _json(demo, "load/locust.json")
    total = sum(entry["num_requests"] for entry in entries)
    assert total >= load_test.REQUESTS
    assert all(sum(entry["response_times"].values()) == entry["num_requests"] for entry in entries)
    with (evidence.directory(demo) / "load" / "locust_history.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert int(rows[-1]["Total Request Count"]) == total
    assert int(rows[-1]["Timestamp"]) - int(rows[0]["Timestamp"]) >= 2
    assert {row["User Count"] for row in rows} == {str(load_test.USERS)}


def test_load_report_is_one_that_the_check_can_read(demo: Layout) -> None:
    folder = evidence.directory(demo) / "load"
    files = {"stats": "locust.json", "history": "locust_history.csv", "context": "context.json"}
    report = locust.read(**{part: (folder / name).read_bytes() for part, name in files.items()})
    assert report.commit == load(demo).commit
    assert report.peak_users == load_test.USERS
    assert report.held(load_test.USERS).total_seconds() >= 2
    assert report.error_ratio == 0
    assert 0 < report.quantile_seconds(0.95) < 2
    assert 0 < report.generator_cpu_ratio < 0.9


@pytest.mark.parametrize(
    "name", ["architecture", "disaster-recovery", "operations-handbook", "rollback-plan", "security"]
)
def test_documents_are_dated_and_approved(demo: Layout, name: str) -> None:
    text = Repository(path=demo.repo).read(load(demo).commit, f"docs/{name}.md")
    document = documents.read(text, today=datetime.now(UTC).date())
    assert document.approver
    assert document.version == "1.0.0"
    if name == "disaster-recovery":
        assert document.lacks(["RTO", "RPO", "Contacts", "Steps", "Rollback"]) == ()


@pytest.mark.parametrize(("milliseconds", "group"), [(0.4, 0), (99.4, 99), (123.4, 120), (1234.5, 1200)])
def test_times_are_grouped_as_locust_does(milliseconds: float, group: int) -> None:
    assert load_test._rounded(milliseconds) == group


def test_static_analysis_is_of_this_release_and_clean(demo: Layout) -> None:
    report = (evidence.directory(demo) / "ruff.sarif").read_bytes()
    note = provenance.read((evidence.directory(demo) / "ruff.provenance.json").read_bytes(), report=report)
    assert note.commit == load(demo).commit
    assert sarif.read(report).findings == ()
