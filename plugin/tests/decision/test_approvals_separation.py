"""Approval chain: nobody signs twice, and nobody signs their own work."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from signoff.model import ApprovalStatus, IssueAction, Method, Person, Records, Separation, Verdict

VALID, MISSING = ApprovalStatus.VALID, ApprovalStatus.MISSING
SUPERSEDED, EXPIRED = ApprovalStatus.SUPERSEDED, ApprovalStatus.EXPIRED
REJECTED, REVOKED = ApprovalStatus.REJECTED, ApprovalStatus.REVOKED


def _two_roles(make: Any, name: str, *roles: str) -> Any:
    others = [person for person in make.people() if person.name != name]
    me = next(person for person in make.people() if person.name == name)
    return make.policy(roster=(*others, replace(me, roles=frozenset(roles))))


def test_same_person_cannot_approve_twice(make: Any, chain: Any) -> None:
    policy = _two_roles(make, "tina", "tech", "qa")
    three = make.approvals(make.judge([make.seen()], policy=policy).digest)
    again = replace(three[1], approver="tina", key_id=make.key_id("tina"))
    statuses, notes, _ = chain(three[0], again, three[2], policy=policy)
    assert (statuses, notes[1]) == ([VALID, MISSING, MISSING], "separation of duties: tina approved as tech")


def test_separation_is_told_before_what_nobody_wrote_down(make: Any) -> None:
    policy = _two_roles(make, "tina", "tech", "executive")
    seen = [make.seen("fail", 300, "A"), make.seen("pass", 200, "B"), make.seen("pass", 100, "C")]
    *first, last = make.approvals(make.judge(seen, policy=policy).digest)
    again = replace(last, approver="tina", key_id=make.key_id("tina"))
    signoff = make.judge(seen, policy=policy, records=Records(approvals=(*first, again)))
    assert signoff.approvals[2].note == "separation of duties: tina approved as tech"


def test_one_key_under_two_names_is_one_person(make: Any, chain: Any) -> None:
    tina = make.people()[0]
    alias = Person(name="quinn", roles=frozenset({"qa"}), public_key=tina.public_key)
    policy = make.policy(roster=(tina, alias, *make.people()[2:]))
    three = make.approvals(make.judge([make.seen()], policy=policy).digest)
    again = replace(three[1], key_id=make.key_id("tina"))
    assert chain(three[0], again, three[2], policy=policy)[0] == [VALID, MISSING, MISSING]


def _involving(make: Any, kind: str) -> tuple[list[Any], dict[str, Any], Any]:
    """Return a ready world in which tina had a hand."""
    items = (make.item(), make.item("SEC-CFG-2", method=Method.HYBRID if kind == "attester" else Method.TEST))
    second = {"cell": make.cell("SEC-CFG-2")}
    seen = [make.seen(), make.seen("fail" if "waiver" in kind else "pass", **second)]
    policy = _two_roles(make, "tina", "tech", "security-lead")
    waivers = {
        "waiver requester": make.waiver(item="SEC-CFG-2", requested_by="tina"),
        "waiver approver": make.waiver(item="SEC-CFG-2", approver="tina"),
    }
    attested = make.attestation(item="SEC-CFG-2", by="tina")
    records = Records(
        waivers=(waivers[kind],) if kind in waivers else (), attestations=(attested,) if kind == "attester" else ()
    )
    fields = {"items": items, "policy": policy}
    if kind == "resolver":
        seen = [make.seen("fail", 300, "A"), make.seen("pass", 200, "B"), make.seen("pass", 200, "B", **second)]
        act = IssueAction(
            key="ISS-SEC-CFG-1-ffffffff", kind="resolved", at=make.ago(minutes=250), by="tina", action="done"
        )
        fields["actions"] = [act]
    return seen, fields, records


KINDS = {
    "waiver requester": "tina requested waiver W-1",
    "waiver approver": "tina approved waiver W-1",
    "attester": "tina attested SEC-CFG-2",
    "resolver": "tina resolved ISS-SEC-CFG-1-ffffffff",
}


@pytest.mark.parametrize(("kind", "why"), KINDS.items())
def test_nobody_approves_their_own_work(make: Any, kind: str, why: str) -> None:
    seen, fields, records = _involving(make, kind)
    ready = make.judge(seen, records=records, **fields)
    assert ready.verdict is Verdict.READY
    signed = make.judge(seen, records=replace(records, approvals=make.approvals(ready.digest)), **fields)
    assert signed.approvals[0].status is MISSING
    assert signed.approvals[0].note == f"separation of duties: {why}"
    others = make.approval("tech", "rita", ready.digest)
    signed = make.judge(seen, records=replace(records, approvals=(others, *make.approvals(ready.digest)[1:])), **fields)
    assert signed.verdict is Verdict.GO


RELAXED = {
    "waiver requester": Separation.WAIVER_REQUESTER,
    "waiver approver": Separation.WAIVER_APPROVER,
    "attester": Separation.ATTESTER,
    "resolver": Separation.ISSUE_RESOLVER,
}


@pytest.mark.parametrize("kind", RELAXED)
def test_each_rule_of_separation_is_relaxed_by_itself(make: Any, kind: str) -> None:
    seen, fields, records = _involving(make, kind)
    for rule in Separation:
        policy = replace(fields["policy"], relaxed=frozenset({rule}), sha256=f"{rule}".ljust(64, "."))
        world = fields | {"policy": policy}
        ready = make.judge(seen, records=records, **world)
        signed = make.judge(seen, records=replace(records, approvals=make.approvals(ready.digest)), **world)
        assert (signed.verdict is Verdict.GO) is (rule is RELAXED[kind])
        assert signed.relaxed == {rule}


def test_relaxing_a_rule_voids_what_was_signed_under_it(make: Any, three: Any) -> None:
    policy = make.policy(relaxed=frozenset({Separation.ATTESTER}), sha256="r" * 64)
    signoff = make.judge([make.seen()], records=Records(approvals=three), policy=policy)
    assert [step.status for step in signoff.approvals] == [SUPERSEDED] * 3


def test_one_person_may_sign_twice_only_where_the_policy_says_so(make: Any, chain: Any) -> None:
    policy = replace(_two_roles(make, "tina", "tech", "qa"), relaxed=frozenset({Separation.ONE_PERSON_ONE_STAGE}))
    three = make.approvals(make.judge([make.seen()], policy=policy).digest)
    again = replace(three[1], approver="tina", key_id=make.key_id("tina"))
    assert chain(three[0], again, three[2], policy=policy)[2] is Verdict.GO


def test_unused_waiver_involves_nobody(make: Any) -> None:
    records = Records(waivers=(make.waiver(requested_by="tina"),))
    digest = make.judge([make.seen()], records=records).digest
    assert make.judge([make.seen()], records=replace(records, approvals=make.approvals(digest))).verdict is Verdict.GO
