"""Disaster recovery: a plan that is complete, drills that were held, and promises that are kept."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="BAK-DR-1")
def test_recovery_plan_is_complete_and_approved(recovery_plan, evaluated_at, evidence):
    from signoff.probes.repository.documents import age_in_days

    document, wanted = recovery_plan.document, recovery_plan.settings
    missing, age = document.lacks(wanted.headings), age_in_days(document, evaluated_at)
    evidence(
        observed=f"{recovery_plan.where}: version {document.version} of {document.dated}, "
        f"approved by {document.approver or 'nobody'}",
        expected=f"headings {', '.join(wanted.headings)}; at most {wanted.max_age.days} days old; approved"
        + (f" by {' or '.join(wanted.approvers)}" if wanted.approvers else ""),
        inspected=len(document.headings),
    )
    assert not missing, f"{recovery_plan.name}: without a heading for {', '.join(missing)}"
    assert document.approver, f"{recovery_plan.name}: nobody has approved it"
    named = any(one.casefold() in document.approver.casefold() for one in wanted.approvers)
    assert named or not wanted.approvers, (
        f"{recovery_plan.name}: approved by {document.approver}, not by {' or '.join(wanted.approvers)}"
    )
    assert age <= wanted.max_age.days, f"{recovery_plan.name}: {age} days old, limit is {wanted.max_age.days}"


@pytest.mark.checklist(id="BAK-DR-2")
def test_recovery_drill_was_held_and_its_findings_are_closed(recovery_drill, evidence):
    record, limits, name = recovery_drill.record, recovery_drill.limits, recovery_drill.name
    people = sorted({one.casefold() for one in record.participants})
    evidence(
        observed=f"{record.performed_at:%Y-%m-%d} in {record.environment}, scope {', '.join(record.scope) or '-'}, "
        f"{len(people)} people, {len(record.steps)} steps in {record.seconds:g} s, "
        f"failed: {', '.join(record.failed_steps) or 'none'}, open: {', '.join(record.open_findings) or 'none'}, "
        f"sha256 {recovery_drill.sha256[:12]}",
        expected=f"all of {', '.join(limits.scope)}, at least {limits.participants} people, nothing failed or open",
        inspected=len(record.steps),
    )
    assert record.kind == "recovery", f"{name}: is the record of a {record.kind}"
    if record.findings is None:
        not_verified(f"{name}: the record does not say what was found; write findings, or [] if there were none")
    assert record.succeeded, f"{name}: the drill failed at {', '.join(record.failed_steps) or 'its end'}"
    left_out = [one for one in limits.scope if one not in record.scope]
    assert not left_out, f"{name}: {', '.join(left_out)} was not recovered in it"
    assert len(people) >= limits.participants, f"{name}: {len(people)} took part, {limits.participants} are needed"
    assert not record.open_findings, f"{name}: still open: {', '.join(record.open_findings)}"


@pytest.mark.checklist(id="BAK-DR-3")
def test_recovery_time_is_within_its_objective(backups, restore_time, evidence):
    limit, seconds = backups.settings.objectives.rto.total_seconds(), restore_time.seconds
    evidence(observed=restore_time.arithmetic, expected=f"<= {limit:g} s", inspected=1)
    assert seconds <= limit, f"{backups.name}: a restore takes {seconds:.0f} s, objective is {limit:g} s"


@pytest.mark.checklist(id="BAK-DR-3")
def test_lost_work_is_within_its_objective(backups, losable, evidence):
    limit = backups.settings.objectives.rpo
    shown = ", ".join(
        f"{source} {lost.total_seconds():.0f} s ({losable.arithmetic[source]})"
        for source, lost in losable.by_source.items()
    )
    evidence(
        observed=f"lost if only this survives: {shown}",
        expected=f"the best <= {limit.total_seconds():g} s",
        inspected=len(losable.by_source),
    )
    assert losable.least <= limit, (
        f"{backups.name}: up to {losable.least} of work would be lost, objective is {limit} ({shown})"
    )


@pytest.mark.checklist(id="BAK-DR-3")
def test_recovery_drill_kept_its_objectives(recovery_drill, evidence):
    record, limits, name = recovery_drill.record, recovery_drill.limits, recovery_drill.name
    rto, rpo = limits.rto.total_seconds(), limits.rpo.total_seconds()
    lost = "unmeasured" if record.lost_seconds is None else f"{record.lost_seconds:g} s"
    evidence(
        observed=f"recovered in {record.seconds:g} s, work lost: {lost}",
        expected=f"<= {rto:g} s, lost <= {rpo:g} s",
        inspected=len(record.steps),
    )
    if not record.succeeded:
        not_verified(f"{name}: the drill failed, so its times prove nothing; hold it again")
    assert record.seconds <= rto, f"{name}: recovery took {record.seconds:g} s, objective is {rto:g} s"
    if record.lost_seconds is None:
        not_verified(f"{name}: nobody measured what was lost; compare the newest row on both sides: lost_seconds")
    assert record.lost_seconds <= rpo, f"{name}: {record.lost_seconds:g} s of work were lost, objective is {rpo:g} s"


@pytest.mark.checklist(id="BAK-DR-3")
def test_managed_database_could_be_restored_to_a_moment_ago(target, managed_database, evaluated_at, evidence):
    limits, facts = target.settings, managed_database
    latest = facts.latest_restorable
    evidence(
        observed=f"restorable up to {latest or 'unknown'}, backups kept {facts.backup_days} days",
        expected=f"up to {limits.rpo.total_seconds():g} s ago, backups kept {limits.backup_days} days",
        inspected=1,
    )
    assert facts.backup_days >= limits.backup_days, (
        f"{target.name}: backups are kept {facts.backup_days} days, limit is {limits.backup_days}"
    )
    if latest is None:
        not_verified(f"{target.name}: Amazon does not say up to when it can be restored; wait for its first backup")
    lost = evaluated_at - latest
    assert lost <= limits.rpo, (
        f"{target.name}: {evaluated_at:%H:%M:%S} - {latest:%m-%d %H:%M:%S} = {lost} would be lost"
    )
