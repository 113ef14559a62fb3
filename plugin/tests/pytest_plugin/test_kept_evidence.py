"""Runs, approvals, `verify` and `sync` as a user types them, on files and on a shared PostgreSQL."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import chdir
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from signoff.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from click.testing import Result

ITEMS = {"INF-SRV-1": {"checks": ["answers"], "targets": "-"}}
TESTS = """
@pytest.mark.checklist(id="INF-SRV-1")
def test_answers():
    if os.environ.get("STOP_DATABASE"):
        os.system(os.environ["STOP_DATABASE"])
    assert True
"""
INVALID = 12


@pytest.fixture
def suite(write_suite: Callable[..., Any]) -> Any:
    return write_suite(ITEMS, TESTS)


@pytest.fixture
def shared(suite: Any, evidence_server: Any) -> Iterator[Any]:
    """Yield the same suite with a new shared store."""
    with evidence_server.admin() as connection:
        connection.execute("CREATE DATABASE of_a_suite")
    suite.environ["SIGNOFF_STORE"] = evidence_server.url("of_a_suite")
    try:
        done = signoff(suite, "store", "migrate")
        assert done.stdout == "✔ 0001_evidence.sql\n", done.stderr
        yield suite
    finally:
        with evidence_server.admin() as connection:
            connection.execute("DROP DATABASE of_a_suite WITH (FORCE)")


def signoff(suite: Any, *arguments: str, folder: Path | None = None) -> Result:
    """Run a verb in the suite's folder."""
    here = {name: None for name in os.environ if name.startswith("SIGNOFF_")} | suite.environ
    with chdir(folder or suite.folder):
        return CliRunner().invoke(main, arguments, env={**here, "LC_ALL": "C.UTF-8"})


def checkpoint(output: str) -> str:
    match = re.search(r"Ledger checkpoint (\d+:[0-9a-f]{32})", output)
    assert match is not None, output
    return match[1]


def test_a_run_says_what_to_write_down_and_verify_proves_it(suite: Any) -> None:
    first = suite.run()
    noted = checkpoint(first.output)
    assert first.document is not None
    (head,) = first.document["ledgers"]
    assert f"{head['seq']}:{head['sha256']}".startswith(noted)
    (page,) = suite.folder.glob("reports/demo/readiness_check_*.html")
    assert head["sha256"] in page.read_text(encoding="utf-8")
    second = checkpoint(suite.run().output)
    done = signoff(suite, "verify", "--checkpoint", noted, "--checkpoint", second)
    assert (done.exit_code, done.stderr) == (0, "")
    (chain,) = suite.folder.glob("reports/demo/ledger/*.jsonl")
    chain.write_bytes(b"".join(chain.read_bytes().splitlines(keepends=True)[:-1]))
    assert signoff(suite, "verify", "--checkpoint", noted).exit_code == 0
    cut = signoff(suite, "verify", "--checkpoint", second)
    assert cut.exit_code == INVALID
    assert f"no chain has the record {second.partition(':')[0]} with the hash" in cut.stderr


def test_a_journal_that_vanishes_is_noticed_without_any_signature(suite: Any) -> None:
    suite.run()
    (journal,) = suite.folder.glob("reports/demo/runs/*.jsonl")
    journal.unlink()
    for verb in ("gate", "verify"):
        assert signoff(suite, verb).exit_code == INVALID
    assert f"{journal.name}: is gone" in signoff(suite, "verify").stderr
    assert suite.run().status == INVALID


def test_an_auditor_needs_the_reports_and_the_roster_only(suite: Any, tmp_path: Path) -> None:
    suite.run()
    copy = tmp_path / "years later"
    shutil.copytree(suite.folder / "reports", copy / "reports")
    roster = copy / "policy.yaml"
    text = (suite.folder / "inventories/demo/policy.yaml").read_text().replace("product: Tiny", "product: ${GONE}")
    roster.write_text(text, encoding="utf-8")
    done = signoff(suite, "verify", "--reports", "reports", "--roster", "policy.yaml", folder=copy)
    assert done.exit_code == 0, done.stderr
    assert "1 runs and 1 decisions: every record in place" in done.stdout
    assert "signatures were not checked" not in done.stdout
    assert "signatures were not checked" in signoff(suite, "verify", "--reports", "reports/demo", folder=copy).stdout
    (journal,) = copy.glob("reports/demo/runs/*.jsonl")
    journal.write_bytes(journal.read_bytes().replace(b'"outcome":"pass"', b'"outcome":"fail"'))
    broken = signoff(suite, "verify", "--reports", "reports", folder=copy)
    assert broken.exit_code == INVALID
    assert "was edited" in broken.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--checkpoint", "7"], "is no checkpoint; write SEQ:SHA256"),
        (["--checkpoint", "1:abc"], "is no checkpoint"),
        (["--reports", "tests"], "holds no evidence"),
        (["--roster", "inventories/demo/policy.yaml"], "goes with --reports"),
        (["--reports", "reports", "--roster", "tests/checklist.yaml"], "is missing"),
    ],
)
def test_what_cannot_be_verified_is_refused(suite: Any, arguments: list[str], told: str) -> None:
    (suite.folder / "reports/demo/runs").mkdir(parents=True)
    done = signoff(suite, "verify", *arguments)
    assert done.exit_code != 0
    assert told in done.stderr


def test_two_machines_become_one_evidence(suite: Any, tmp_path: Path) -> None:
    suite.run()
    elsewhere = tmp_path / "other"
    shutil.copytree(suite.folder / "reports/demo", elsewhere / "demo")
    suite.run()
    done = signoff(suite, "sync", str(elsewhere))
    assert done.exit_code == 0, done.stderr
    assert f"{elsewhere}/demo: 1 runs, 4 records and 0 approvals were new" in done.stdout
    assert signoff(suite, "sync", str(elsewhere)).stdout.count("nothing was new") == 2
    assert signoff(suite, "verify", "--reports", str(elsewhere)).exit_code == 0


def test_sync_is_told_where(suite: Any) -> None:
    for arguments, told in (
        ((), "name the folder or the variable"),
        (("postgresql://a:geheim@h/d",), "would stay in your shell's history"),
        (("${NOWHERE}",), "the variable NOWHERE is not set"),
        (("nowhere",), "is no folder"),
    ):
        done = signoff(suite, "sync", *arguments)
        assert done.exit_code == INVALID
        assert told in done.stderr
        assert "geheim" not in done.stderr


def test_a_shared_store_holds_the_runs_of_every_machine(shared: Any) -> None:
    assert shared.run().status == 0
    shutil.rmtree(shared.folder / "reports/demo")  # as an ephemeral runner does
    assert shared.run().status == 0
    done = signoff(shared, "verify")
    assert (done.exit_code, "2 runs: every record in place" in done.stdout) == (0, True), done.stderr
    fetched = signoff(shared, "sync", "--direction", "both")
    assert fetched.exit_code == 0, fetched.stderr
    assert signoff(shared, "verify", "--reports", "reports").exit_code == 0
    assert len(list(shared.folder.glob("reports/demo/runs/*.jsonl"))) == 2


def test_a_shared_store_is_never_printed(shared: Any) -> None:
    done = [signoff(shared, "verify"), signoff(shared, "sync"), signoff(shared, "status"), signoff(shared, "gate")]
    told = "".join(each.stdout + each.stderr for each in done) + shared.run().output
    assert "no-such-secret" not in told


def test_a_run_whose_database_stops_keeps_its_evidence(shared: Any, evidence_server: Any) -> None:
    shared.environ["STOP_DATABASE"] = evidence_server.stopping()
    try:
        done = shared.run()
    finally:
        del shared.environ["STOP_DATABASE"]
        evidence_server.up()
    assert done.status == INVALID
    assert "records of this run are only in" in done.output
    assert "cannot be judged now" in done.output
    for verb in ("verify", "gate"):
        assert "run `signoff sync`" in signoff(shared, verb).stdout
    assert signoff(shared, "sync").exit_code == 0
    assert signoff(shared, "gate").exit_code == 0


def test_a_store_that_is_none_is_a_mistake_in_the_policy(suite: Any) -> None:
    policy = suite.folder / "inventories/demo/policy.yaml"
    before = policy.read_text()
    for written, told in (
        ("store: mysql://x", "is no store"),
        ("store: postgresql://a:geheim@h/d", "holds a password (write store: ${SIGNOFF_STORE}"),
        ("store: ${SIGNOFF_STORE}", "SIGNOFF_STORE"),
    ):
        policy.write_text(f"{before}{written}\n", encoding="utf-8")
        done = signoff(suite, "status")
        assert done.exit_code == INVALID
        assert told in done.stderr
        assert "geheim" not in done.stderr
    policy.write_text(before, encoding="utf-8")
    suite.environ["SIGNOFF_STORE"] = "sqlite:///x"
    assert "the store in SIGNOFF_STORE is none" in signoff(suite, "status").stderr
    suite.environ["SIGNOFF_STORE"] = "files"
    assert signoff(suite, "status").exit_code == 0


def test_where_evidence_is_kept_is_no_rule(suite: Any) -> None:
    """The policy's digest is in what approvals sign: moving the evidence must not void them."""
    before = suite.workspace().inventory.policy.sha256
    suite.write(
        "inventories/demo/policy.yaml", (suite.folder / "inventories/demo/policy.yaml").read_text() + "store: files\n"
    )
    assert suite.workspace().inventory.policy.sha256 == before
