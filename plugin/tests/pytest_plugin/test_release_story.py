"""From a run that is READY to a release that is signed, on the command line, and what voids it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from signoff.cli import main
from signoff.store.sign import create_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROLES = ("tech", "qa", "executive")
ITEMS = {"INF-SRV-1": {"checks": ["disk_is_free"]}}
TESTS = """
@pytest.mark.checklist(id="INF-SRV-1")
def test_disk_is_free(evidence):
    free = int(os.environ.get("FREE", "50"))
    evidence(observed=f"{free} % free", expected=">= 20 % free", inspected=1)
    assert free >= 20, f"{free} % free, limit is 20 %"
"""


@pytest.fixture
def ready(write_suite: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a suite whose roster has a key for every role, after one run with nothing left to do."""
    suite = write_suite(ITEMS, TESTS)
    roster = [
        f'  - {{name: {role.title()}, roles: [{role}], public_key: "{create_key(tmp_path / f"{role}.pem")}"}}'
        for role in ROLES
    ]
    policy = (suite.folder / "inventories/demo/policy.yaml").read_text().splitlines()
    kept = [line for line in policy if not line.startswith("roster")]
    suite.write("inventories/demo/policy.yaml", "\n".join([*kept, "roster:", *roster]) + "\n")
    monkeypatch.chdir(suite.folder)
    run = suite.run()
    assert (run.status, run.verdict) == (0, "READY")
    return suite


def signoff(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--inventory", "demo"])


def approve(suite: Any, role: str, key: Path, **options: str) -> Result:
    digest = options.pop("digest", suite.evaluate().digest[:8])
    extra = [part for name, value in options.items() for part in (f"--{name}", value)]
    return signoff("approve", "--role", role, "--key", str(key), "--digest", digest, "--lang", "en", *extra)


def test_three_signatures_in_order_make_it_go(ready: Any, tmp_path: Path) -> None:
    for role in ROLES:
        assert signoff("gate", "--lang", "en").output.count("(GO)") == 0
        done = approve(ready, role, tmp_path / f"{role}.pem")
        assert done.exit_code == 0, done.output

    gate = signoff("gate", "--lang", "en")
    assert (gate.exit_code, ready.evaluate().verdict) == (0, "GO")
    assert "(GO)" in gate.output
    proof = signoff("verify")
    assert proof.exit_code == 0
    assert proof.output.count("VALID by") == len(ROLES)


def test_whoever_comes_too_early_is_told_who_is_first(ready: Any, tmp_path: Path) -> None:
    done = approve(ready, "qa", tmp_path / "qa.pem")

    assert done.exit_code == 12
    assert "out of order: the approval by tech" in done.output


def test_a_digest_that_is_not_the_one_shown_signs_nothing(ready: Any, tmp_path: Path) -> None:
    done = approve(ready, "tech", tmp_path / "tech.pem", digest="00000000")

    assert done.exit_code == 12
    assert ready.evaluate().verdict == "READY"


def test_a_key_that_is_nobodys_signs_nothing(ready: Any, tmp_path: Path) -> None:
    create_key(tmp_path / "stranger.pem")

    done = approve(ready, "tech", tmp_path / "stranger.pem")

    assert done.exit_code == 12
    assert "nobody's on the roster" in done.output


def test_a_rejection_stops_the_release(ready: Any, tmp_path: Path) -> None:
    done = approve(ready, "tech", tmp_path / "tech.pem", decision="reject", comment="not before Monday")

    assert done.exit_code == 0, done.output
    assert signoff("gate").exit_code == 10


@pytest.mark.parametrize(("free", "verdict"), [("5", "NO-GO"), ("60", "READY")], ids=["worse", "as good"])
def test_any_new_evidence_voids_the_signatures(
    ready: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: str, verdict: str
) -> None:
    for role in ROLES:
        approve(ready, role, tmp_path / f"{role}.pem")
    monkeypatch.setenv("FREE", free)

    ready.run()

    assert ready.evaluate().verdict == verdict


def test_a_journal_that_was_cut_after_the_signature_is_noticed(ready: Any, tmp_path: Path) -> None:
    approve(ready, "tech", tmp_path / "tech.pem")
    journal = next(ready.folder.glob("reports/demo/runs/*.jsonl"))
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))

    done = signoff("verify")

    assert done.exit_code == 12
    assert journal.name in done.output
