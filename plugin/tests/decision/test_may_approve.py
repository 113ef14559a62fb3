"""Whether somebody may sign now: refused with the rule, by the same rules as the signature is judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from signoff.decision.may_approve import check_may_approve, check_may_revoke
from signoff.errors import ApprovalError
from signoff.model import Records


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
        "twice": (after_tech, "tech", "rita", {}, "tech has already approved"),
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
    "no key on the roster", "left", "out of turn", "previous for other evidence", "twice", "same person",
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
