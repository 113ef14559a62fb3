"""Evidence digest: changes with everything that was decided upon, and with nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from signoff.canonical import canonical, digest
from signoff.model import Checkpoint, Issue, IssueAction, Method, NotApplicable, Records, RollbackRule, Target

RULE = RollbackRule(
    error_ratio=0.05, response_seconds=1.0, percentile=0.95, window=timedelta(minutes=5), min_samples=100
)
ITEM = {"max_age": timedelta(days=30)}


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
    told = IssueAction(key="ISS-SEC-CFG-1-ffffffff", kind="started", at=make.ago(minutes=25), by="dev", cause="typo")
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
    ready = make.judge(seen)
    signed = make.judge(seen, records=Records(approvals=make.approvals(ready.digest)))
    issue: Issue = signed.issues[0]
    assert (ready.issues[0].status, issue.status, signed.verdict) == ("VERIFIED", "CLOSED", "GO")
    assert signed.digest == ready.digest


def test_canonical_form_is_that_of_rfc_8785() -> None:
    assert (
        canonical({"b": [1, True, None], "a": 'é"\\\n\x1f/'}) == b'{"a":"\xc3\xa9\\"\\\\\\n\\u001f/","b":[1,true,null]}'
    )
    # Sorted by UTF-16 code units: the emoji's surrogate comes before U+FB33.
    assert list(canonical({"\ufb33": 1, "\U0001f600": 2}).decode()) == list('{"\U0001f600":2,"\ufb33":1}')
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


@pytest.mark.parametrize("value", [1.5, float("nan"), 2**53, {1: "x"}, {"x": object()}, {"x": {1, 2}}])
def test_what_readers_would_disagree_on_has_no_canonical_form(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)
