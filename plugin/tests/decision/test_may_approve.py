"""Whether somebody may sign now: refused with the rule, by the same rules as the signature is judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from signoff.decision.may_approve import check_may_approve, check_may_revoke
from signoff.errors import ApprovalError
from signoff.model import ApprovalStatus, IssueAction, Person, Records, Separation, Verdict


def _check(make: Any, signoff: Any, role: str, who: str, **fields: Any) -> Any:
    given = {"key_id": make.key_id(who) if who in {"tina", "quinn", "eva", "sam", "rita"} else "", "now": make.now}
    policy, records = fields.pop("policy", make.policy()), fields.pop("records", Records())
    return check_may_approve(signoff, policy, records, role=role, approver=who, **(given | fields))


def test_each_role_in_its_turn_gets_the_approval_to_follow(make: Any) -> None:
    ready = make.judge([make.seen()])
    three = make.approvals(ready.digest)
    assert _check(make, ready, "tech", "tina") is None
    after_tech = make.judge([make.seen()], records=Records(approvals=three[:1]))
    assert _check(make, after_tech, "qa", "quinn") == three[0]
    after_qa = make.judge([make.seen()], records=Records(approvals=three[:2]))
    assert _check(make, after_qa, "executive", "eva") == three[1]


def _refused(make: Any) -> dict[str, Any]:
    ready = make.judge([make.seen()])
    three = make.approvals(ready.digest)
    after_tech = make.judge([make.seen()], records=Records(approvals=three[:1]))
    newer = make.judge([make.seen(), make.seen(minutes_ago=1, run="R2")], records=Records(approvals=three[:1]))
    both = make.policy(
        roster=tuple(replace(p, roles=p.roles | {"qa"}) if p.name == "tina" else p for p in make.people())
    )
    keyless = make.policy(roster=tuple(replace(p, public_key="") for p in make.people()))
    gone = make.policy(roster=tuple(replace(p, valid_until=make.ago(hours=1)) for p in make.people()))
    twin = Person(name="alias", roles=frozenset({"qa"}), public_key=make.people()[0].public_key)
    alias = make.policy(roster=(*make.people(), twin))
    return {
        "not ready": (
            make.judge([make.seen("fail")]),
            "tech",
            "tina",
            {},
            "the verdict is NO-GO, not READY: SEC-CFG-1 failed",
        ),
        "incomplete": (make.judge([]), "tech", "tina", {}, "the verdict is INCOMPLETE"),
        "a selection": (
            make.judge([make.seen()], scope=frozenset({"SEC-CFG-1"})),
            "tech",
            "tina",
            {},
            "a selection cannot",
        ),
        "unknown role": (ready, "boss", "tina", {}, "boss is not an approval role; the policy has tech, qa, executive"),
        "stranger": (ready, "tech", "mallory", {}, "mallory is not on the roster"),
        "role not held": (ready, "tech", "quinn", {}, "quinn does not hold the role tech"),
        "another's key": (
            ready,
            "tech",
            "tina",
            {"key_id": make.key_id("rita")},
            "not the one that the roster has for tina",
        ),
        "no key on the roster": (ready, "tech", "tina", {"policy": keyless}, "the roster has no public key for tina"),
        "left": (ready, "tech", "tina", {"policy": gone}, "only until"),
        "out of turn": (ready, "qa", "quinn", {}, "out of order: the approval by tech is MISSING"),
        "previous for other evidence": (newer, "qa", "quinn", {}, "out of order: the approval by tech is SUPERSEDED"),
        "twice": (after_tech, "tech", "rita", {}, f"tech has already approved {ready.digest[:8]}; there is nothing"),
        "released already": (
            make.judge([make.seen()], records=Records(approvals=three)),
            "executive",
            "eva",
            {},
            f"executive has already approved {ready.digest[:8]}; there is nothing",
        ),
        "same key under another name": (
            after_tech,
            "qa",
            "alias",
            {"policy": alias, "key_id": make.key_id("tina")},
            "separation of duties: alias approved as tech; somebody else",
        ),
        "same person": (
            after_tech,
            "qa",
            "tina",
            {"policy": both},
            "separation of duties: tina approved as tech; somebody else",
        ),
    }


CASES = [
    "not ready", "incomplete", "a selection", "unknown role", "stranger", "role not held", "another's key",
    "no key on the roster", "left", "out of turn", "previous for other evidence", "twice", "released already",
    "same person", "same key under another name",
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_refused_with_the_rule(make: Any, case: str) -> None:
    signoff, role, who, fields, rule = _refused(make)[case]
    with pytest.raises(ApprovalError) as caught:
        _check(make, signoff, role, who, **fields)
    assert rule in str(caught.value)


def test_every_case_is_tried(make: Any) -> None:
    assert sorted(_refused(make)) == sorted(CASES)


def test_requester_of_a_waiver_in_use_is_refused(make: Any) -> None:
    items = (make.item(), make.item("SEC-CFG-2"))
    seen = [make.seen(), make.seen("fail", cell=make.cell("SEC-CFG-2"))]
    records = Records(waivers=(make.waiver(item="SEC-CFG-2", requested_by="tina"),))
    ready = make.judge(seen, items=items, records=records)
    with pytest.raises(ApprovalError, match="separation of duties: tina requested waiver W-1; somebody else"):
        _check(make, ready, "tech", "tina", records=records)
    assert _check(make, ready, "tech", "rita", records=records) is None


def test_relaxed_rules_refuse_nobody(make: Any) -> None:
    roster = tuple(replace(p, roles=p.roles | {"qa"}) if p.name == "tina" else p for p in make.people())
    policy = make.policy(roster=roster, relaxed=frozenset({Separation.ONE_PERSON_ONE_STAGE}))
    tech = make.approvals(make.judge([make.seen()], policy=policy).digest)[0]
    signed = make.judge([make.seen()], policy=policy, records=Records(approvals=(tech,)))
    assert _check(make, signed, "qa", "tina", policy=policy) == tech
    items = (make.item(), make.item("SEC-CFG-2"))
    seen = [make.seen(), make.seen("fail", cell=make.cell("SEC-CFG-2"))]
    records = Records(waivers=(make.waiver(item="SEC-CFG-2", requested_by="tina"),))
    policy = make.policy(relaxed=frozenset({Separation.WAIVER_REQUESTER}))
    ready = make.judge(seen, items=items, records=records, policy=policy)
    assert _check(make, ready, "tech", "tina", policy=policy, records=records) is None


def _mended(make: Any, *said: Any, signed: int = 2, **fields: Any) -> Any:
    """Evaluate an issue that a run proved fixed, and a full run after that, signed by as many roles."""
    seen = [make.seen("fail", 300, "A"), make.seen("pass", 200, "B"), make.seen("pass", 100, "C")]
    digest = make.judge(seen, actions=said).digest
    approvals = make.approvals(digest)[:signed]
    return make.judge(seen, actions=said, records=Records(approvals=approvals), **fields)


def test_last_role_signs_only_what_was_written_down(make: Any) -> None:
    assert _check(make, _mended(make, signed=1), "qa", "quinn") is not None
    with pytest.raises(ApprovalError) as caught:
        _check(make, _mended(make), "executive", "eva")
    assert str(caught.value) == (
        "nobody wrote down what was done about ISS-SEC-CFG-1-ffffffff; before the final approval: "
        "signoff issues note ISS-SEC-CFG-1-ffffffff --by NAME --action TEXT"
    )
    signed = _mended(make, signed=3, question="release")
    assert [step.status for step in signed.approvals] == [ApprovalStatus.VALID] * 2 + [ApprovalStatus.MISSING]
    assert signed.approvals[2].note == "nobody wrote down what was done about ISS-SEC-CFG-1-ffffffff"
    note = IssueAction(
        key="ISS-SEC-CFG-1-ffffffff", kind="noted", at=make.ago(minutes=90), by="dev", action="closed the port"
    )
    assert _check(make, _mended(make, note), "executive", "eva") is not None
    assert _mended(make, note, signed=3, question="release").verdict is Verdict.GO


def test_every_issue_without_words_is_named_and_the_first_one_shown(make: Any) -> None:
    targets, prints = ("web1", "web2"), ("a" * 64, "b" * 64)
    seen = [
        make.seen(outcome, ago, run, cell=make.cell(target=target), fingerprint=mark if outcome == "fail" else "")
        for outcome, ago, run in (("fail", 300, "A"), ("pass", 200, "B"), ("pass", 100, "C"))
        for target, mark in zip(targets, prints, strict=True)
    ]
    signed = Records(approvals=make.approvals(make.judge(seen, targets=targets).digest)[:2])
    first, second = "ISS-SEC-CFG-1-aaaaaaaa", "ISS-SEC-CFG-1-bbbbbbbb"
    with pytest.raises(ApprovalError, match=rf"done about {first}, {second}; .* issues note {first} --by"):
        _check(make, make.judge(seen, targets=targets, records=signed), "executive", "eva")


def test_rejecting_needs_the_role_and_the_key_only(make: Any) -> None:
    failing = make.judge([make.seen("fail")])
    assert _check(make, failing, "qa", "quinn", rejecting=True) is None
    with pytest.raises(ApprovalError, match="does not hold"):
        _check(make, failing, "qa", "tina", rejecting=True)


def _revoke(make: Any, signoff: Any, role: str, who: str, **fields: Any) -> Any:
    given = {"key_id": make.key_id(who), "now": make.now}
    return check_may_revoke(signoff, make.policy(), role=role, approver=who, **(given | fields))


def test_role_takes_back_what_stands_for_it(make: Any) -> None:
    three = make.approvals(make.judge([make.seen()]).digest)
    signed = make.judge([make.seen()], records=Records(approvals=three))
    assert _revoke(make, signed, "tech", "rita") == three[0]
    assert _revoke(make, signed, "executive", "eva") == three[2]


def test_revocation_is_refused_with_the_rule(make: Any) -> None:
    ready = make.judge([make.seen()])
    three = make.approvals(ready.digest)
    signed = make.judge([make.seen()], records=Records(approvals=three))
    back = replace(three[0], decision="revoke", previous=three[0].envelope_sha256, envelope_sha256="back")
    gone = make.judge([make.seen()], records=Records(approvals=(*three, back)))
    no = make.judge([make.seen()], records=Records(approvals=(replace(three[0], decision="reject"),)))
    refused = {
        "there is no approval by tech": (ready, "tech", "tina", {}),
        "taken back already": (gone, "tech", "tina", {}),
        "quinn does not hold the role tech": (signed, "tech", "quinn", {}),
        "boss is not an approval role": (signed, "boss", "tina", {}),
        "not the one that the roster has": (signed, "tech", "tina", {"key_id": make.key_id("rita")}),
        "only tina can take this refusal back": (no, "tech", "rita", {}),
    }
    for rule, (signoff, role, who, fields) in refused.items():
        with pytest.raises(ApprovalError, match=rule):
            _revoke(make, signoff, role, who, **fields)
    assert _revoke(make, no, "tech", "tina").decision == "reject"


def test_what_may_be_approved_is_valid_when_signed(make: Any) -> None:
    ready = make.judge([make.seen()])
    _check(make, ready, "tech", "tina")
    signed = make.approval("tech", "tina", ready.digest, created=make.now, valid_until=make.now + timedelta(days=1))
    assert make.judge([make.seen()], records=Records(approvals=(signed,))).approvals[0].status == "VALID"
