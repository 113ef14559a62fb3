"""Evidence digest: changes with everything that was decided upon, and with nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from signoff.model import (
    Checkpoint,
    Issue,
    Method,
    NotApplicable,
    Records,
    RollbackRule,
    Target,
)

RULE = RollbackRule(
    error_ratio=0.05, response_seconds=1.0, percentile=0.95, window=timedelta(minutes=5), min_samples=100
)


def _digest(make: Any, *seen: Any, **fields: Any) -> str:
    return str(make.judge(seen or [make.seen()], **fields).digest)


def test_same_evidence_has_the_same_digest_at_any_instant(make: Any) -> None:
    assert _digest(make) == _digest(make, now=make.now + timedelta(days=1))
    failed = [make.seen("fail")]
    assert _digest(make, *failed) == _digest(make, *failed, now=make.now + timedelta(days=30))  # overdue by now


def test_time_changes_the_digest_when_it_changes_a_state(make: Any) -> None:
    assert _digest(make) != _digest(make, now=make.now + timedelta(days=7))


NEWS = {
    "a newer pass": {"minutes_ago": 1, "run": "R2"},
    "other evidence": {"minutes_ago": 60, "evidence_sha256": "e" * 64},
    "a failure": {"outcome": "fail", "minutes_ago": 1, "run": "R2"},
    "an error": {"outcome": "error", "minutes_ago": 1, "run": "R2"},
}


@pytest.mark.parametrize("fields", NEWS.values(), ids=NEWS)
def test_new_decisive_observation_changes_the_digest(make: Any, fields: dict[str, Any]) -> None:
    seen = make.seen(**fields)
    before = [] if "evidence_sha256" in fields else [make.seen()]
    assert _digest(make, *before, seen) != _digest(make)


def test_skip_changes_nothing_even_where_nothing_is_known(make: Any) -> None:
    skips = [make.seen("skip", ago, run) for ago, run in ((9, "A"), (5, "B"))]
    assert _digest(make, make.seen(), *skips) == _digest(make)
    assert _digest(make, *skips) == _digest(make, skips[0])


def test_evidence_of_elsewhere_changes_nothing(make: Any) -> None:
    others = [make.seen("fail", 1, "B", release="0.9"), make.seen("fail", 1, "C", environment="staging")]
    assert _digest(make, make.seen(), *others) == _digest(make)


def _policies(make: Any) -> dict[str, Any]:
    someone = make.people()[0]
    return {
        "policy": make.policy(sha256="q" * 64),
        "roster": make.policy(roster=(*make.people()[1:], replace(someone, public_key="AAAA"))),
        "commit": make.policy(commit="0000000"),
        "release": make.policy(release="1.1"),
        "rollback": make.policy(rollback=RULE),
        "looser rollback": make.policy(rollback=replace(RULE, error_ratio=0.06)),
        "not applicable": make.policy(
            not_applicable=(NotApplicable(item="SEC-CFG-1", target="web1", reason="r", approver="sam"),)
        ),
    }


def test_every_change_of_the_rules_changes_the_digest(make: Any) -> None:
    digests = [_digest(make)] + [_digest(make, policy=policy) for policy in _policies(make).values()]
    assert len(set(digests)) == len(digests)


def test_inventory_changes_the_digest(make: Any) -> None:
    plain = _digest(make)
    place = make.planned(make.cell())
    moved = replace(place, target=Target(name="web1", kind="redis", sha256=place.target.sha256))
    assert _digest(make, planned=[moved]) != plain
    assert _digest(make, targets=("web1", "web2")) != plain
    assert _digest(make, inventory_sha256="1" * 64) != _digest(make, inventory_sha256="2" * 64)


def test_records_change_the_digest_even_if_they_do_not_count(make: Any) -> None:
    waivers = [make.waiver(), make.waiver(expires=make.ago(hours=1)), make.waiver(reason="other")]
    digests = [_digest(make)] + [_digest(make, records=Records(waivers=(waiver,))) for waiver in waivers]
    assert len(set(digests)) == len(digests)
    items = (make.item(method=Method.HYBRID),)
    statements = [make.attestation(), make.attestation(statement="other"), make.attestation(by="mallory")]
    stated = [_digest(make, items=items, records=Records(attestations=(one,))) for one in statements]
    assert len({*stated, _digest(make, items=items)}) == len(statements) + 1


def test_order_of_records_changes_nothing(make: Any) -> None:
    waivers = (make.waiver(), make.waiver(id="W-2"))
    assert _digest(make, records=Records(waivers=waivers)) == _digest(make, records=Records(waivers=waivers[::-1]))


def test_register_changes_the_digest(make: Any) -> None:
    seen = [make.seen("fail", 30, "A"), make.seen("pass", 20, "B")]
    told = make.act("started", 25, cause="typo")
    assert _digest(make, *seen) != _digest(make, *seen, actions=[told])


def test_approvals_are_not_part_of_what_they_sign(make: Any) -> None:
    plain = make.judge([make.seen()])
    signed = make.judge([make.seen()], records=Records(approvals=make.approvals(plain.digest)))
    assert signed.digest == plain.digest


def test_checkpoints_of_the_runs_that_decided_are_part_of_it(make: Any) -> None:
    used = Checkpoint(run="R1", seq=3, sha256="1" * 64)
    unused = Checkpoint(run="R9", seq=3, sha256="9" * 64)
    with_one = make.judge([make.seen()], checkpoints=(used,))
    with_both = make.judge([make.seen()], checkpoints=(unused, used))
    assert with_one.checkpoints == with_both.checkpoints == (used,)
    assert with_one.digest == with_both.digest != _digest(make)


def test_closing_issues_by_signing_does_not_change_what_was_signed(make: Any) -> None:
    seen = [make.seen("fail", 300, "A"), make.seen("pass", 200, "B"), make.seen("pass", 100, "C")]
    done = [make.act("noted", 50, action="shut it")]
    ready = make.judge(seen, actions=done)
    signed = make.judge(seen, actions=done, records=Records(approvals=make.approvals(ready.digest)))
    issue: Issue = signed.issues[0]
    assert (ready.issues[0].status, issue.status, signed.verdict) == ("VERIFIED", "CLOSED", "GO")
    assert signed.digest == ready.digest


def test_order_of_people_statements_and_names_changes_nothing(make: Any) -> None:
    people = make.people()
    assert _digest(make, policy=make.policy(roster=people)) == _digest(make, policy=make.policy(roster=people[::-1]))
    said = (make.attestation(), make.attestation(statement="read once more"))
    assert _digest(make, records=Records(attestations=said)) == _digest(make, records=Records(attestations=said[::-1]))
    marks = ("f" * 64, "0" * 64)
    orders = [Records(waivers=(make.waiver(fingerprints=each),)) for each in (marks, marks[::-1])]
    assert _digest(make, records=orders[0]) == _digest(make, records=orders[1])
