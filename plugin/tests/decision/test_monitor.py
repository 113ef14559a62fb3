"""Monitoring runs: never evidence, but their bad news voids a sign-off."""

from __future__ import annotations

from typing import Any

import pytest

from signoff.model import ApprovalStatus, Records, State, Verdict


def _judge(make: Any, *watched: Any, approved: bool = True, **fields: Any) -> Any:
    recorded = fields.pop("recorded", [make.seen()])
    runs = [make.run("R1", 61), make.run("R2", 1.5), make.run("M", 2, stream="monitor")]
    records = fields.pop("records", Records())
    digest = make.judge(recorded, runs=runs, records=records, **fields).digest
    approvals = make.approvals(digest) if approved else ()
    records = Records(waivers=records.waivers, approvals=approvals)
    return make.judge([*recorded, *watched], runs=runs, records=records, **fields)


def test_good_news_changes_nothing(make: Any) -> None:
    signoff = _judge(make, make.seen("pass", 1, "M"), make.seen("skip", 1, "M", attempt=2))
    assert (signoff.verdict, signoff.digest) == (Verdict.GO, make.judge([make.seen()]).digest)


def test_monitoring_never_proves_anything(make: Any) -> None:
    signoff = _judge(make, make.seen("pass", 1, "M"), recorded=[], approved=False)
    assert signoff.items[0].state is State.NOT_VERIFIED


@pytest.mark.parametrize("outcome", ["fail", "error"])
def test_bad_news_voids_the_approvals_and_readiness(make: Any, outcome: str) -> None:
    signoff = _judge(make, make.seen(outcome, 1, "M"))
    assert signoff.items[0].state is State.PASS
    assert signoff.approvals[0].status is ApprovalStatus.SUPERSEDED
    assert f"monitoring run M saw {outcome}" in signoff.approvals[0].note
    assert signoff.verdict is Verdict.INCOMPLETE
    assert f"monitoring run M saw {outcome} on SEC-CFG-1 locked[web1]" in signoff.reasons[0].text.en
    assert signoff.issues == ()


def test_bad_news_stays_bad_after_better_news_of_the_same_kind(make: Any) -> None:
    later = make.run("N", 1, stream="monitor")
    seen = [make.seen(), make.seen("fail", 3, "M"), make.seen("pass", 1, "N")]
    signoff = make.judge(seen, runs=[make.run("R1"), make.run("M", 4, stream="monitor"), later])
    assert signoff.verdict is Verdict.INCOMPLETE


def test_recorded_run_that_came_later_overtakes_it(make: Any) -> None:
    newer = [make.seen(), make.seen("pass", 1, "R2")]
    assert _judge(make, make.seen("fail", 2, "M"), recorded=newer, approved=False).verdict is Verdict.READY


def test_non_blocking_items_do_not_matter(make: Any) -> None:
    items = (make.item(), make.item("SEC-CFG-2", blocking=False))
    bad = make.seen("fail", 1, "M", cell=make.cell("SEC-CFG-2"))
    assert _judge(make, bad, items=items).verdict is Verdict.GO


def test_failure_that_is_waived_anyway_is_no_news(make: Any) -> None:
    items = (make.item(), make.item("SEC-CFG-2"))
    recorded = [make.seen(cell=make.cell("SEC-CFG-2")), make.seen("fail")]
    records = Records(waivers=(make.waiver(),))
    same, other = make.seen("fail", 1, "M"), make.seen("fail", 1, "M", fingerprint="0" * 64)
    assert _judge(make, same, recorded=recorded, items=items, records=records).verdict is Verdict.GO
    assert _judge(make, other, recorded=recorded, items=items, records=records).verdict is Verdict.INCOMPLETE


def test_selection_hears_of_its_own_items_only(make: Any) -> None:
    items = (make.item(), make.item("SEC-CFG-2"))
    recorded = [make.seen(), make.seen(cell=make.cell("SEC-CFG-2"))]
    bad = make.seen("fail", 1, "M", cell=make.cell("SEC-CFG-2"))
    verdicts = {
        item: _judge(make, bad, recorded=recorded, items=items, scope=frozenset({item})).verdict
        for item in ("SEC-CFG-1", "SEC-CFG-2")
    }
    assert verdicts == {"SEC-CFG-1": Verdict.PARTIAL_OK, "SEC-CFG-2": Verdict.INCOMPLETE}
