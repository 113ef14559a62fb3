"""From journals to GO and back: kept evidence, real signatures, one decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.decision.evaluate import evaluate
from signoff.decision.may_approve import check_may_approve
from signoff.decision.roster import key_id
from signoff.errors import ApprovalError
from signoff.model import (
    Approval,
    ApprovalStatus,
    Cell,
    Check,
    Checklist,
    Item,
    Method,
    Observation,
    Outcome,
    Person,
    PlannedCell,
    Policy,
    Records,
    Run,
    RunClosed,
    Selector,
    Severity,
    Source,
    Target,
    Text,
    Verdict,
)
from signoff.store import whole
from signoff.store.files import FileStore
from signoff.store.sign import create_key, load_key, public_key

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.model import Signoff

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
CELL = Cell(item="SEC-CFG-1", check="locked", target="web1")
PLANNED = PlannedCell(
    cell=CELL,
    target=Target(name="web1", kind="host", sha256="t"),
    source=Source(path="tests/security/test_config.py", line=1, sha256="c"),
)
ITEM = Item(
    id="SEC-CFG-1",
    area="security",
    section="config",
    owner="security",
    stage=2,
    severity=Severity.HIGH,
    blocking=True,
    method=Method.TEST,
    max_age=timedelta(days=7),
    title=Text(ko="제목", en="Title"),
    remediation=Text(ko="고치기", en="Mend it"),
    checks=(Check(name="locked", item="SEC-CFG-1", targets=Selector(scope="hosts")),),
)
CHECKLIST = Checklist(areas=(), owners={}, stages={}, items=(ITEM,), sha256="k")
ROLES = {"tina": "tech", "quinn": "qa", "eva": "executive"}


class Office:
    """One environment's folder, its people and what they do."""

    def __init__(self, folder: Path) -> None:
        self.runs, self.approvals = folder / "runs", folder / "approvals"
        self.store = FileStore(folder)
        public = {name: create_key(folder / "keys" / name) for name in ROLES}
        self.keys = {name: load_key(folder / "keys" / name) for name in ROLES}
        self.policy = Policy(
            product="Shop",
            environment="demo",
            release="1.0",
            commit="abc1234",
            timezone="UTC",
            roster=tuple(Person(name=n, roles=frozenset({r}), public_key=public[n]) for n, r in ROLES.items()),
        )

    def run(self, run_id: str, outcome: Outcome, minutes_ago: float) -> None:
        """Keep one run of one check."""
        at = NOW - timedelta(minutes=minutes_ago)
        run = Run(id=run_id, environment="demo", release="1.0", selector="", planned=(CELL,), started=at)
        with self.store.begin_run(run) as writer:
            seen = Observation(
                run=run_id,
                seq=0,
                cell=CELL,
                outcome=outcome,
                started=at + timedelta(seconds=1),
                finished=at + timedelta(seconds=2),
                environment="demo",
                release="1.0",
                code_sha256="c",
                target_sha256="t",
            )
            writer.append(seen)
            writer.close(at + timedelta(seconds=3))
        end = writer.checkpoint
        self.store.record(RunClosed(run=end.run, seq=end.seq, sha256=end.sha256), at=NOW, by="ci")

    def decide(self, *, question: Any = "release") -> Signoff:
        """Read everything and judge it."""
        evidence = whole.read(self.store, self.policy.roster)
        journals = evidence.journals
        signoff = evaluate(
            CHECKLIST,
            [PLANNED],
            self.policy,
            journals.observations,
            journals.runs,
            Records(approvals=evidence.approvals.approvals),
            (),
            NOW,
            problems=evidence.problems,
            question=question,
            checkpoints=journals.checkpoints,
        )
        return replace(signoff, ledgers=evidence.ledger.checkpoints)

    def approve(self, who: str, **fields: Any) -> Approval:
        """Approve as the command would: asked first, then signed."""
        signoff = self.decide(question="readiness")
        records = Records(approvals=self.store.approvals(self.policy.roster).approvals)
        own = key_id(public_key(self.keys[who]))
        last = check_may_approve(signoff, self.policy, records, role=ROLES[who], approver=who, key_id=own, now=NOW)
        draft = replace(_draft(signoff, who), previous=last.envelope_sha256 if last else "", **fields)
        return self.store.keep_approval(draft, self.keys[who])


def _draft(signoff: Signoff, who: str) -> Approval:
    return Approval(
        role=ROLES[who],
        decision="approve",
        approver=who,
        digest=signoff.digest,
        created=NOW,
        valid_until=NOW + timedelta(days=3),
        environment=signoff.environment,
        release=signoff.release,
        checkpoints=signoff.checkpoints,
        ledgers=signoff.ledgers,
    )


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """Return an environment with one good run."""
    office = Office(tmp_path)
    office.run("A", Outcome.PASS, 60)
    return office


@pytest.fixture
def signed(office: Office) -> Office:
    """Return the same, signed by all three."""
    for who in ROLES:
        office.approve(who)
    return office


def test_three_signatures_make_it_go(office: Office) -> None:
    assert office.decide(question="readiness").verdict is Verdict.READY
    verdicts = []
    for who in ROLES:
        verdicts.append(office.decide().verdict)
        office.approve(who)
    assert verdicts == [Verdict.INCOMPLETE] * 3
    assert office.decide().verdict is Verdict.GO


def test_next_role_must_wait_and_nobody_signs_twice(office: Office) -> None:
    with pytest.raises(ApprovalError, match="out of order"):
        office.approve("quinn")
    office.approve("tina")
    with pytest.raises(ApprovalError, match="already approved"):
        office.approve("tina")


def test_new_run_voids_the_signatures(signed: Office) -> None:
    signed.run("B", Outcome.PASS, 5)
    after = signed.decide()
    assert {step.status for step in after.approvals} == {ApprovalStatus.SUPERSEDED}
    assert after.verdict is Verdict.INCOMPLETE


def test_failing_run_is_no_go_whoever_signed(signed: Office) -> None:
    signed.run("B", Outcome.FAIL, 5)
    assert signed.decide().verdict is Verdict.NO_GO


def test_rejection_and_revocation_are_heard(signed: Office) -> None:
    qa = signed.decide().approvals[1].approval
    assert qa is not None
    back = replace(qa, decision="revoke", previous=qa.envelope_sha256, created=NOW)
    signed.store.keep_approval(back, signed.keys["quinn"])
    assert [step.status for step in signed.decide().approvals] == ["VALID", "REVOKED", "SUPERSEDED"]
    no = replace(_draft(signed.decide(), "quinn"), decision="reject", comment="not like this")
    signed.store.keep_approval(no, signed.keys["quinn"])
    assert signed.decide().verdict is Verdict.NO_GO


def test_edited_journal_is_invalid(signed: Office) -> None:
    path = signed.runs / "A.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"web1"', b'"web2"', 1))
    decided = signed.decide()
    assert decided.verdict is Verdict.INVALID
    assert f"{path}:1: was edited" in decided.reasons[0].text.en


@pytest.mark.parametrize("damage", ["removed", "cut"])
def test_journal_that_was_signed_for_cannot_disappear(signed: Office, damage: str) -> None:
    path = signed.runs / "A.jsonl"
    if damage == "removed":
        path.unlink()
    else:
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert signed.decide().verdict is Verdict.INVALID


def test_edited_approval_is_invalid(signed: Office) -> None:
    path = next(signed.approvals.glob("tech.*"))
    path.write_bytes(path.read_bytes().replace(b'"sig":"', b'"sig":"AAAA'))
    assert signed.decide().verdict is Verdict.INVALID


def test_removed_approval_is_invalid_because_the_ledger_knows_of_it(signed: Office) -> None:
    next(signed.approvals.glob("tech.*")).unlink()
    decided = signed.decide()
    assert [step.status for step in decided.approvals] == ["MISSING"] * 3
    assert decided.verdict is Verdict.INVALID
    assert "approve of tech that the ledger records is gone" in decided.reasons[0].text.en


def test_person_who_leaves_the_roster_takes_the_signature_along(signed: Office) -> None:
    signed.policy = replace(signed.policy, roster=signed.policy.roster[1:])
    assert signed.decide().verdict is Verdict.INCOMPLETE
