"""Makes small worlds to judge: one item, one host, one pass an hour ago, unless a test says otherwise."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.decision.evaluate import evaluate
from signoff.model import (
    Approval,
    ApprovalStatus,
    Attestation,
    Cell,
    Check,
    Checklist,
    IssueAction,
    Item,
    Method,
    Observation,
    Outcome,
    Person,
    PlannedCell,
    Policy,
    Records,
    Run,
    Selector,
    Severity,
    Source,
    State,
    Target,
    Text,
    Verdict,
    Waiver,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from signoff.model import Issue, ItemResult, Signoff

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
CODE, DEFINITION = "c" * 64, "d" * 64
KEYS = {
    name: base64.b64encode(name.encode().ljust(32, b".")).decode() for name in ("tina", "quinn", "eva", "sam", "rita")
}


class Make:
    """Factories; everything that a test does not name is harmless."""

    now = NOW
    issue_key = "ISS-SEC-CFG-1-ffffffff"
    """Of the issue that a failure opens, unless a test says otherwise."""

    @staticmethod
    def ago(**span: float) -> datetime:
        return NOW - timedelta(**span)

    @staticmethod
    def item(item_id: str = "SEC-CFG-1", **fields: Any) -> Item:
        checks = tuple(
            Check(name=name, item=item_id, targets=Selector(scope="hosts"))
            for name in fields.pop("checks", ("locked",))
        )
        given: dict[str, Any] = {
            "area": "security",
            "section": "config",
            "owner": "security",
            "stage": 2,
            "severity": Severity.HIGH,
            "blocking": True,
            "method": Method.TEST,
            "max_age": timedelta(days=7),
            "title": Text(ko="제목", en="Title"),
            "remediation": Text(ko="고치기", en="Mend it"),
            "checks": checks,
        }
        return Item(id=item_id, **(given | fields))

    @staticmethod
    def cell(item: str = "SEC-CFG-1", check: str = "locked", target: str = "web1") -> Cell:
        return Cell(item=item, check=check, target=target)

    @staticmethod
    def planned(cell: Cell, *, implemented: bool = True, code: str = CODE, definition: str = DEFINITION) -> PlannedCell:
        source = Source(path="tests/security/test_config.py", line=1, sha256=code) if implemented else None
        return PlannedCell(cell=cell, target=Target(name=cell.target, kind="host", sha256=definition), source=source)

    def plan(self, items: Iterable[Item], targets: Sequence[str] = ("web1",)) -> list[PlannedCell]:
        return [
            self.planned(Cell(item=item.id, check=check.name, target=target))
            for item in items
            for check in item.checks
            for target in targets
        ]

    def seen(self, outcome: str = "pass", minutes_ago: float = 60, run: str = "R1", **fields: Any) -> Observation:
        finished = fields.pop("finished", NOW - timedelta(minutes=minutes_ago))
        given: dict[str, Any] = {
            "seq": 0,
            "cell": self.cell(),
            "started": finished - timedelta(seconds=1),
            "environment": "demo",
            "release": "1.0",
            "code_sha256": CODE,
            "target_sha256": DEFINITION,
            "reason": "" if outcome == "pass" else f"{outcome} because",
            "fingerprint": "f" * 64 if outcome in {"fail", "error"} else "",
        }
        return Observation(run=run, outcome=Outcome(outcome), finished=finished, **(given | fields))

    @staticmethod
    def run(run_id: str = "R1", minutes_ago: float = 61, **fields: Any) -> Run:
        started = NOW - timedelta(minutes=minutes_ago)
        given: dict[str, Any] = {
            "environment": "demo",
            "release": "1.0",
            "selector": "",
            "planned": (),
            "ended": started + timedelta(minutes=5),
        }
        return Run(id=run_id, started=started, **(given | fields))

    @staticmethod
    def people() -> tuple[Person, ...]:
        roles = {"tina": "tech", "quinn": "qa", "eva": "executive", "sam": "security-lead", "rita": "tech"}
        signing = tuple(Person(name=n, roles=frozenset({r}), public_key=KEYS[n]) for n, r in roles.items())
        return (*signing, Person(name="dev", roles=frozenset({"development"})))

    def policy(self, **fields: Any) -> Policy:
        given: dict[str, Any] = {
            "product": "Shop",
            "environment": "demo",
            "release": "1.0",
            "commit": "abc1234",
            "timezone": "Asia/Seoul",
            "roster": self.people(),
            "due_days": {Severity.CRITICAL: 3, Severity.HIGH: 7, Severity.MEDIUM: 14, Severity.LOW: 30},
            "attesting_roles": frozenset({"security-lead", "tech", "qa"}),
            "sha256": "p" * 64,
        }
        return Policy(**(given | fields))

    @staticmethod
    def waiver(**fields: Any) -> Waiver:
        given: dict[str, Any] = {
            "id": "W-1",
            "item": "SEC-CFG-1",
            "targets": ("*",),
            "fingerprints": ("f" * 64,),
            "covers": frozenset({State.FAIL}),
            "reason": "accepted",
            "risk": "small",
            "compensating_control": "watched",
            "requested_by": "dev",
            "approver": "sam",
            "role": "security-lead",
            "created": NOW - timedelta(days=1),
            "expires": NOW + timedelta(days=10),
        }
        return Waiver(**(given | fields))

    @staticmethod
    def attestation(**fields: Any) -> Attestation:
        given: dict[str, Any] = {
            "item": "SEC-CFG-1",
            "passed": True,
            "statement": "read and found good",
            "by": "sam",
            "role": "security-lead",
            "at": NOW - timedelta(days=1),
            "expires": NOW + timedelta(days=30),
            "release": "1.0",
        }
        return Attestation(**(given | fields))

    @staticmethod
    def key_id(name: str) -> str:
        return hashlib.sha256(base64.b64decode(KEYS[name])).hexdigest()

    def approval(self, role: str, approver: str, digest: str, **fields: Any) -> Approval:
        given: dict[str, Any] = {
            "decision": "approve",
            "created": NOW - timedelta(minutes=5),
            "valid_until": NOW + timedelta(days=3),
            "envelope_sha256": f"envelope of {role}",
            "environment": "demo",
            "release": "1.0",
            "key_id": self.key_id(approver),
        }
        return Approval(role=role, approver=approver, digest=digest, **(given | fields))

    def approvals(self, digest: str) -> tuple[Approval, ...]:
        """All three, in order."""
        return (
            self.approval("tech", "tina", digest),
            self.approval("qa", "quinn", digest, previous="envelope of tech", created=self.ago(minutes=4)),
            self.approval("executive", "eva", digest, previous="envelope of qa", created=self.ago(minutes=3)),
        )

    def act(self, kind: Any, minutes_ago: float, **fields: Any) -> IssueAction:
        """Somebody says something of the issue."""
        given: dict[str, Any] = {
            "key": self.issue_key,
            "at": self.ago(minutes=minutes_ago),
            "by": "dev",
            "action": "did it" if kind == "resolved" else "",
        }
        return IssueAction(kind=kind, **(given | fields))

    def judge(self, observations: Iterable[Observation], **fields: Any) -> Signoff:
        """Evaluate: by default one item on one host, and a full run for every run id."""
        items = fields.pop("items", (self.item(),))
        observations = list(observations)
        runs = fields.pop("runs", None)
        if runs is None:
            starts: dict[str, datetime] = {}
            for seen in observations:
                starts[seen.run] = min(seen.started, starts.get(seen.run, seen.started))
            runs = [replace(self.run(run_id), started=at - timedelta(seconds=1)) for run_id, at in starts.items()]
        return evaluate(
            Checklist(areas=(), owners={}, stages={}, items=tuple(items), sha256="k" * 64),
            fields.pop("planned", None) or self.plan(items, fields.pop("targets", ("web1",))),
            fields.pop("policy", None) or self.policy(),
            observations,
            runs,
            fields.pop("records", Records()),
            fields.pop("actions", ()),
            fields.pop("now", NOW),
            **fields,
        )

    def result(self, observations: Iterable[Observation], **fields: Any) -> ItemResult:
        """Evaluate and return the first item."""
        return self.judge(observations, **fields).items[0]

    def issues(self, history: Iterable[Any], **fields: Any) -> tuple[Issue, ...]:
        """Evaluate events: (outcome, minutes ago, run), (kind of action, minutes ago), or observations."""
        seen, actions = [], list(fields.pop("actions", ()))
        for event in history:
            if not isinstance(event, tuple):
                seen.append(event)
            elif len(event) == 3:
                seen.append(self.seen(*event))
            else:
                actions.append(self.act(*event))
        return self.judge(seen, actions=actions, **fields).issues


@pytest.fixture(scope="session")
def make() -> Make:
    """Return the factories."""
    return Make()


@pytest.fixture
def three(make: Make) -> tuple[Approval, ...]:
    """Return all three approvals of a ready release."""
    return make.approvals(make.judge([make.seen()]).digest)


@pytest.fixture
def chain(make: Make) -> Callable[..., tuple[list[ApprovalStatus], list[str], Verdict]]:
    """Return what evaluates a ready release with the given approvals: (statuses, notes, verdict for release)."""

    def _chain(*approvals: Approval, **fields: Any) -> tuple[list[ApprovalStatus], list[str], Verdict]:
        signoff = make.judge([make.seen()], records=Records(approvals=approvals), question="release", **fields)
        return [s.status for s in signoff.approvals], [s.note for s in signoff.approvals], signoff.verdict

    return _chain


@pytest.fixture
def attested(make: Make) -> Callable[..., ItemResult]:
    """Return what judges an item that people examine by the statements made about it."""

    def _attested(*statements: Attestation, **fields: Any) -> ItemResult:
        items = (make.item(method=Method.EXAMINE, checks=()),)
        nothing = make.plan([make.item("SEC-CFG-2")])
        return make.result([], items=items, planned=nothing, records=Records(attestations=statements), **fields)

    return _attested
