"""What ends soon: evidence, waivers, attestations, signatures and places on the roster."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from signoff.decision.expiring import expiring
from signoff.model import Method, Records


def _ends(make: Any, signoff: Any, records: Records, **fields: Any) -> list[tuple[str, str, str, float]]:
    policy = fields.pop("policy", make.policy())
    found = expiring(signoff, policy, records, **fields)
    return [(e.kind, e.name, e.item, (e.at - make.now) / timedelta(days=1)) for e in found]


def test_everything_that_ends_is_listed_first_what_ends_first(make: Any) -> None:
    items = (
        make.item(max_age=timedelta(days=2)),
        make.item("SEC-CFG-2"),
        make.item("SEC-CFG-3", method=Method.EXAMINE, checks=(), owner="security-lead"),
    )
    seen = [make.seen(minutes_ago=0), make.seen("fail", cell=make.cell("SEC-CFG-2"))]
    records = Records(
        waivers=(make.waiver(item="SEC-CFG-2", expires=make.ago(days=-5)),),
        attestations=(make.attestation(item="SEC-CFG-3", expires=make.ago(days=-6)),),
    )
    people = make.people()
    roster = (*people[:4], replace(people[4], valid_until=make.ago(days=-1)))
    policy = make.policy(roster=roster)
    digest = make.judge(seen, items=items, records=records, policy=policy).digest
    signed = replace(records, approvals=(make.approval("tech", "tina", digest, valid_until=make.ago(days=-2)),))
    signoff = make.judge(seen, items=items, records=signed, policy=policy)
    assert _ends(make, signoff, signed, policy=policy) == [
        ("key", "rita", "", 1),
        ("approval", "tech", "", 2),
        ("evidence", "SEC-CFG-1", "SEC-CFG-1", 2),
        ("waiver", "W-1", "SEC-CFG-2", 5),
        ("attestation", "sam", "SEC-CFG-3", 6),
    ]
    assert len(_ends(make, signoff, signed, policy=policy, within=timedelta(days=1))) == 1
    owners = [expiry.owner for expiry in expiring(signoff, policy, signed)]
    assert owners == ["rita", "tina", "security", "security", "sam"]


def test_only_valid_signatures_and_good_statements_end(make: Any) -> None:
    items = (make.item(method=Method.EXAMINE, checks=(), owner="security-lead"), make.item("SEC-CFG-2"))
    bad = make.attestation(passed=False, expires=make.ago(days=-2))
    void = make.approval("tech", "tina", "0" * 64, valid_until=make.ago(days=-1))
    records = Records(attestations=(bad,), approvals=(void,))
    signoff = make.judge([make.seen("skip", cell=make.cell("SEC-CFG-2"))], items=items, records=records)
    assert signoff.approvals[0].approval == void
    assert _ends(make, signoff, records) == []


def test_soon_is_within_a_week_and_what_ends_now_has_ended(make: Any) -> None:
    for ends, listed in ((-1, False), (0, False), (1, True), (7 * 86_400, True), (7 * 86_400 + 1, False)):
        person = replace(make.people()[0], valid_until=make.now + timedelta(seconds=ends))
        policy = make.policy(roster=(person,))
        assert bool(_ends(make, make.judge([], policy=policy), Records(), policy=policy)) is listed


def test_what_has_ended_or_does_not_hold_is_no_news(make: Any) -> None:
    gone = make.policy(roster=tuple(replace(p, valid_until=make.ago(days=1)) for p in make.people()))
    signoff = make.judge([make.seen("fail")], policy=gone)
    assert _ends(make, signoff, Records(), policy=gone) == []


def test_oldest_host_decides_when_the_evidence_ends(make: Any) -> None:
    seen = [make.seen(minutes_ago=0), make.seen(minutes_ago=60 * 24, cell=make.cell(target="web2"))]
    signoff = make.judge(seen, targets=("web1", "web2"))
    assert _ends(make, signoff, Records()) == [("evidence", "SEC-CFG-1", "SEC-CFG-1", 6)]
    short = make.policy(max_age={"SEC-CFG-1": timedelta(days=3)})
    assert _ends(make, make.judge(seen, targets=("web1", "web2"), policy=short), Records(), policy=short)[0][3] == 2
