"""Rollback tests: rehearsed before the deployment, quick enough, and not getting slower."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="RBK-TST-1")
def test_rollback_was_rehearsed_with_this_release(rehearsal, evidence):
    record = rehearsal.record
    evidence(
        observed=f"{record.kind} of {record.release} in {record.environment} on {record.performed_at:%Y-%m-%d}, "
        f"{len(record.steps)} steps, failed: {', '.join(record.failed_steps) or 'none'}",
        expected="a rollback of this release in which every step succeeded",
        inspected=len(record.steps),
    )
    assert record.kind == "rollback", f"{rehearsal.name}: is the record of a {record.kind}"
    failed_at = ", ".join(record.failed_steps) or "its end"
    assert record.succeeded, f"{rehearsal.name}: the rehearsal failed at {failed_at}"


@pytest.mark.checklist(id="RBK-TST-2")
def test_rollback_is_quick_enough(rehearsal, evidence):
    record, limits = rehearsal.record, rehearsal.limits
    within, downtime = limits.within.total_seconds(), limits.downtime.total_seconds()
    evidence(
        observed=f"{record.seconds:g} s, of which {record.downtime_seconds:g} s without answers",
        expected=f"<= {within:g} s, of which <= {downtime:g} s without answers",
        inspected=len(record.steps),
    )
    if not record.succeeded:
        not_verified(f"{rehearsal.name}: the rehearsal failed, so its time proves nothing; repeat it")
    assert record.seconds <= within, f"{rehearsal.name}: took {record.seconds:g} s, limit is {within:g} s"
    assert record.downtime_seconds <= downtime, (
        f"{rehearsal.name}: users were without answers for {record.downtime_seconds:g} s, limit is {downtime:g} s"
    )


@pytest.mark.checklist(id="RBK-TST-2")
def test_rollback_does_not_get_slower(rehearsal, rollback_trend, evidence):
    limits, newest = rehearsal.limits, rollback_trend.newest
    most = rollback_trend.limit(limits.slower_by, limits.noise.total_seconds())
    evidence(
        observed=f"{' '.join(f'{seconds:g}' for seconds in rollback_trend.earlier[-10:])} s, now {newest:g} s",
        expected=f"<= {most:.3g} s: the usual {rollback_trend.usual:.3g} s, and {limits.slower_by:.0%} or "
        f"{limits.noise.total_seconds():g} s",
        inspected=len(rollback_trend.earlier) + 1,
    )
    if not rehearsal.record.succeeded:
        not_verified(f"{rehearsal.name}: the rehearsal failed, so its time proves nothing; repeat it")
    assert newest <= most, f"{rehearsal.name}: took {newest:g} s, the earlier ones {rollback_trend.usual:.3g} s"
