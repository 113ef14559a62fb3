"""Disaster recovery: a plan, promises that are kept, and a standby that can take over."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="BAK-DR-1")
def test_recovery_plan_is_complete_and_approved(recovery_plan, evaluated_at, evidence):
    from signoff.probes.repository.documents import age_in_days

    document, wanted = recovery_plan.document, recovery_plan.settings
    missing, age = document.lacks(wanted.headings), age_in_days(document, evaluated_at)
    evidence(
        observed=f"version {document.version} of {document.dated}, approved by {document.approver or 'nobody'}",
        expected=f"headings {', '.join(wanted.headings)}; at most {wanted.max_age.days} days old; approved",
        inspected=len(document.headings),
    )
    assert not missing, f"{recovery_plan.name}: without a heading for {', '.join(missing)}"
    assert document.approver, f"{recovery_plan.name}: nobody has approved it"
    assert age <= wanted.max_age.days, f"{recovery_plan.name}: {age} days old, limit is {wanted.max_age.days}"


@pytest.mark.checklist(id="BAK-DR-3")
def test_recovery_time_is_within_its_objective(backups, restore_test, evidence):
    limit = backups.settings.objectives.rto.total_seconds()
    tested = [file.size for file in backups.files if file.name == restore_test.backup]
    if not restore_test.passed or not tested:
        not_verified(f"{backups.name}: no successful restore of a backup that is still there; repeat the restore test")
    seconds = restore_test.seconds * max(1, backups.newest.size / max(1, tested[0]))
    evidence(observed=f"{seconds:.1f} s for today's size", expected=f"<= {limit:g} s", inspected=1)
    assert seconds <= limit, f"{backups.name}: a restore takes {seconds:.0f} s, objective is {limit:g} s"


@pytest.mark.checklist(id="BAK-DR-3")
def test_lost_work_is_within_its_objective(backups, losable, evidence):
    limit = backups.settings.objectives.rpo
    shown = ", ".join(f"{source} {lost.total_seconds():.0f} s" for source, lost in losable.by_source.items())
    evidence(
        observed=f"lost if only this survives: {shown}",
        expected=f"the best <= {limit.total_seconds():g} s",
        inspected=len(losable.by_source),
    )
    assert losable.least <= limit, f"{backups.name}: up to {losable.least} of work would be lost, objective is {limit}"


@pytest.mark.checklist(id="BAK-DR-4")
def test_standby_follows_its_primary(target, primary, evidence):
    sender, limits = primary.sender, target.settings
    state, lag, behind = (sender.state, sender.lag or 0.0, sender.behind_bytes or 0) if sender else ("absent", 0.0, 0)
    evidence(
        observed=f"{state}, {behind} bytes and {lag:.1f} s behind",
        expected=f"streaming, at most {limits.max_bytes} bytes and {limits.max_lag.total_seconds():g} s behind",
        inspected=primary.standbys,
    )
    assert state == "streaming", f"{target.name}: to its primary it is {state}"
    assert behind <= limits.max_bytes, f"{target.name}: {behind} bytes behind, limit is {limits.max_bytes}"
    assert lag <= limits.max_lag.total_seconds(), f"{target.name}: {lag:.0f} s behind, limit is {limits.max_lag}"


@pytest.mark.checklist(id="BAK-DR-4")
def test_standby_could_take_over(target, primary, ask_standby, evidence):
    evidence(observed="absent", expected="a standby of the same system, receiving", inspected=primary.standbys)
    assert primary.sender is not None, f"{target.name}: its primary does not know it"
    view = ask_standby()
    evidence(observed=f"{'standby' if view.in_recovery else 'primary'}, receiver {view.receiver}", inspected=1)
    assert view.in_recovery, f"{target.name}: is no standby: it takes writes itself"
    assert view.system_id == primary.system_id, f"{target.name}: is a standby of another system"
    assert view.receiver == "streaming", f"{target.name}: its receiver is {view.receiver}"


@pytest.mark.checklist(id="BAK-DR-4")
def test_failover_was_rehearsed(failover_drill, evidence):
    record, limits = failover_drill.record, failover_drill.limits
    evidence(
        observed=f"{record.performed_at:%Y-%m-%d}: {record.seconds:g} s, down {record.downtime_seconds:g} s, "
        f"failed steps: {', '.join(record.failed_steps) or 'none'}",
        expected=f"<= {limits.within.total_seconds():g} s, down <= {limits.downtime.total_seconds():g} s",
        inspected=len(record.steps),
    )
    assert record.kind == "failover", f"{failover_drill.name}: is the record of a {record.kind}"
    failed_at = ", ".join(record.failed_steps) or "its end"
    assert record.succeeded, f"{failover_drill.name}: the rehearsal failed at {failed_at}"
    assert record.seconds <= limits.within.total_seconds(), f"{failover_drill.name}: took {record.seconds:g} s"
    assert record.downtime_seconds <= limits.downtime.total_seconds(), (
        f"{failover_drill.name}: users were without answers for {record.downtime_seconds:g} s"
    )
