"""From a run that is READY to a release that is signed, on the command line, and what voids it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from signoff.cli import main
from signoff.cli.keys import choose_key
from signoff.errors import ApprovalError
from signoff.model import ApprovalKept, ApprovalStatus, Policy
from signoff.store.sign import create_key, load_key, public_key

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


@pytest.fixture(scope="module")
def checked(write_suite: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a suite whose roster has a key for every role, after one run with nothing left to do."""
    suite, keys = write_suite(ITEMS, TESTS), tmp_path_factory.mktemp("keys")
    roster = [
        f'  - {{name: {role.title()}, roles: [{role}], public_key: "{create_key(keys / f"{role}.pem")}"}}'
        for role in ROLES
    ]
    policy = (suite.folder / "inventories/demo/policy.yaml").read_text().splitlines()
    kept = [line for line in policy if not line.startswith("roster")]
    suite.write("inventories/demo/policy.yaml", "\n".join([*kept, "roster:", *roster]) + "\n")
    run = suite.run()
    assert (run.status, run.verdict) == (0, "READY")
    return suite, keys


@pytest.fixture
def ready(checked: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a copy of it, with the keys in `tmp_path`."""
    suite, keys = checked
    for key in keys.iterdir():
        shutil.copy2(key, tmp_path)
    folder = shutil.copytree(suite.folder, tmp_path / "suite")
    monkeypatch.chdir(folder)
    return replace(suite, folder=folder)


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


def test_a_key_comes_from_a_file_the_environment_or_an_agent(
    ready: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = ready.evaluate().digest[:8]

    def sign(role: str, *key: str) -> Result:
        return signoff("approve", "--role", role, "--digest", digest, "--lang", "en", *key)

    file = ("--key", str(tmp_path / "tech.pem"))
    for ways in ((), (*file, "--key-env", "SIGNING_KEY")):
        assert "name your key in one way" in sign("tech", *ways).output
    assert "SIGNING_KEY is empty or not set" in sign("tech", "--key-env", "SIGNING_KEY").output
    monkeypatch.setenv("SIGNING_KEY", (tmp_path / "tech.pem").read_text())
    assert sign("tech", "--key-env", "SIGNING_KEY").exit_code == 0
    (tmp_path / ".git").mkdir()
    assert "keep private keys outside of repositories" in sign("qa", "--key", str(tmp_path / "qa.pem")).output
    (tmp_path / ".git").rmdir()
    assert sign("qa", "--key", str(tmp_path / "qa.pem")).exit_code == 0
    monkeypatch.setattr(
        "signoff.cli.keys.agent_keys", lambda: [_InHand(tmp_path / f"{role}.pem") for role in ("tech", "executive")]
    )
    assert (
        "the agent has no Ed25519 key SHA256:none; it holds: SHA256:tech"
        in sign("executive", "--agent", "SHA256:none").output
    )
    assert sign("executive", "--agent").exit_code == 0
    assert ready.evaluate().verdict == "GO"


class _InHand:
    """A key that an agent would hold; the agent itself is tested with the store."""

    def __init__(self, path: Path) -> None:
        self._key = load_key(path)
        self.fingerprint, self.comment = f"SHA256:{path.stem}", ""

    def sign(self, data: bytes, /) -> bytes:
        return self._key.sign(data)

    def public_key(self) -> Any:
        return self._key.public_key()


def test_a_key_may_be_kept_under_a_passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = CliRunner().invoke(main, ["keygen", "--encrypt", str(tmp_path / "me.pem")], input="open\nopen\n")
    assert (made.exit_code, "public_key: " in made.output) == (0, True)
    with pytest.raises(ApprovalError, match="encrypted"):
        load_key(tmp_path / "me.pem")
    monkeypatch.setenv("SIGNOFF_KEY_PASSPHRASE", "open")
    key = choose_key(
        Policy(product="", environment="", release="", commit="", timezone="UTC"),
        "tech",
        path=tmp_path / "me.pem",
        variable=None,
        agent=None,
    )
    assert public_key(key) in made.output


def test_evidence_that_came_while_the_approver_was_reading_is_not_signed(
    ready: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest: str = ready.evaluate().digest[:8]

    def read_on(*_: object, **__: object) -> str:
        ready.run()
        return digest

    monkeypatch.setattr("click.prompt", read_on)
    done = signoff("approve", "--role", "tech", "--key", str(tmp_path / "tech.pem"))
    assert (done.exit_code, "changed while you were reading" in done.output) == (12, True)
    assert ready.evaluate().approvals[0].status is ApprovalStatus.MISSING


def test_conditions_refusals_and_revocations_need_their_words(ready: Any, tmp_path: Path) -> None:
    key = tmp_path / "tech.pem"
    assert "name conditions only with" in approve(ready, "tech", key, condition="watch it").output
    assert "name conditions only with" in approve(ready, "tech", key, decision="approve-with-conditions").output
    assert "a refusal needs a reason" in approve(ready, "tech", key, decision="reject").output
    done = approve(ready, "tech", key, decision="approve-with-conditions", condition="watch the cache for a week")
    assert done.exit_code == 0
    assert "watch the cache for a week" in approve(ready, "qa", tmp_path / "qa.pem").output


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


@pytest.fixture
def signed(ready: Any, tmp_path: Path) -> Any:
    """Return the suite, signed by all three."""
    for role in ROLES:
        assert approve(ready, role, tmp_path / f"{role}.pem").exit_code == 0
    assert ready.evaluate().verdict == "GO"
    return ready


@pytest.mark.parametrize(("free", "verdict"), [("5", "NO-GO"), ("60", "READY")], ids=["worse", "as good"])
def test_any_new_recorded_evidence_voids_the_signatures(
    signed: Any, monkeypatch: pytest.MonkeyPatch, free: str, verdict: str
) -> None:
    monkeypatch.setenv("FREE", free)

    run = signed.run("--signoff-record")

    assert signed.evaluate().verdict == verdict
    compared = (run.document["compared"]["with"], [change["cause"] for change in run.document["changes"]])
    assert compared == ("sign-off", ["regressed"] if free == "5" else [])
    since = signoff("diff", "--lang", "en").output
    assert ("verdict GO" in since, "INF-SRV-1 ✔ Pass → ✖ Fail: regressed" in since) == (True, free == "5")
    assert {step.status for step in signed.evaluate().approvals} == {ApprovalStatus.SUPERSEDED}


def test_a_green_night_leaves_the_signatures_as_they_are(signed: Any) -> None:
    before = signed.evaluate()

    night = signed.run("--signoff-lang", "en", workers=2)

    assert (night.status, night.verdict) == (0, "GO")
    assert "the signatures stand" in night.output
    after = signed.evaluate()
    assert (after.verdict, after.digest) == ("GO", before.digest)
    assert after.runs[-1].stream == "monitor"


def test_a_red_night_voids_the_signatures_until_all_is_checked_and_signed_again(
    signed: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FREE", "5")
    night = signed.run("--signoff-lang", "en")

    assert (night.status, night.verdict) == (10, "NO-GO")
    assert "the signatures are void" in night.output
    assert signoff("gate", "--release").exit_code == 10
    refused = approve(signed, "tech", tmp_path / "tech.pem")
    assert (refused.exit_code, "the verdict is NO-GO" in refused.output) == (12, True)

    monkeypatch.setenv("FREE", "50")
    again = signed.run()

    assert (again.status, again.verdict) == (0, "READY")
    assert signed.evaluate().runs[-1].stream == "recorded"
    for role in ROLES:
        assert approve(signed, role, tmp_path / f"{role}.pem").exit_code == 0
    assert signoff("gate", "--release").exit_code == 0


def test_a_run_after_the_first_signature_only_watches(ready: Any, tmp_path: Path) -> None:
    approve(ready, "tech", tmp_path / "tech.pem")
    ready.run("-m", "checklist(id='INF-SRV-1')")
    assert ready.evaluate().runs[-1].stream == "monitor"
    assert approve(ready, "qa", tmp_path / "qa.pem").exit_code == 0


def test_policy_may_let_every_run_void_the_signatures(ready: Any, tmp_path: Path) -> None:
    policy = ready.folder / "inventories/demo/policy.yaml"
    policy.write_text(policy.read_text() + "approvals: {on_new_evidence: void}\n")
    approve(ready, "tech", tmp_path / "tech.pem")
    assert ready.evaluate().approvals[0].status is ApprovalStatus.VALID

    ready.run()

    assert ready.evaluate().runs[-1].stream == "recorded"
    assert ready.evaluate().approvals[0].status is ApprovalStatus.SUPERSEDED


def test_readiness_and_release_are_two_questions(ready: Any, tmp_path: Path) -> None:
    assert signoff("gate").exit_code == 0
    asked = signoff("gate", "--release", "--lang", "en")
    assert (asked.exit_code, "approval by tech is missing" in asked.output) == (11, True)
    for role in ROLES:
        approve(ready, role, tmp_path / f"{role}.pem")
    assert signoff("gate", "--release").exit_code == 0


def test_an_approval_that_is_taken_back_takes_the_later_ones_along(signed: Any, tmp_path: Path) -> None:
    key = str(tmp_path / "tech.pem")
    assert signoff("revoke", "--role", "tech", "--key", key, "--comment", " ").exit_code == 12
    assert "does not hold" in signoff("revoke", "--role", "qa", "--key", key, "--comment", "x").output

    done = signoff("revoke", "--role", "tech", "--key", key, "--comment", "found a leak")

    assert done.exit_code == 0, done.output
    after = signed.evaluate()
    assert [step.status for step in after.approvals] == ["REVOKED", "SUPERSEDED", "SUPERSEDED"]
    assert (after.verdict, after.approvals[0].note) == ("READY", "found a leak")
    assert signoff("gate", "--release").exit_code == 11
    kept = signed.workspace().store.ledger().of(ApprovalKept)
    assert [record.decision for record in kept] == ["approve"] * 3 + ["revoke"]


def test_separation_that_is_relaxed_is_said_everywhere(ready: Any, tmp_path: Path) -> None:
    policy = ready.folder / "inventories/demo/policy.yaml"
    policy.write_text(policy.read_text() + "separation_of_duties: {attester: false}\n")
    said = "nobody approves a statement that they made"
    assert said in approve(ready, "tech", tmp_path / "tech.pem").output
    assert said in signoff("status", "--lang", "en").output
    signoff("report", "--lang", "en")
    assert said in max(ready.folder.glob("reports/demo/readiness_check_*.html")).read_text()


def test_a_journal_that_was_cut_after_the_signature_is_noticed(ready: Any, tmp_path: Path) -> None:
    approve(ready, "tech", tmp_path / "tech.pem")
    journal = next(ready.folder.glob("reports/demo/runs/*.jsonl"))
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))

    done = signoff("verify")

    assert done.exit_code == 12
    assert journal.name in done.output
