"""Storage that Amazon keeps: objects outlive mistakes, and managed backups are planned, copied and locked."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="BAK-JOB-2")
def test_objects_outlive_mistakes(bucket, evidence):
    found, wanted = bucket.found, bucket.wanted
    days, locked = wanted.versions_kept.days, wanted.locked_for.days if wanted.locked_for else 0
    evidence(
        observed=f"versions {'on' if found.versioned else 'off'}, kept {found.versions_expire_days:g} days, "
        f"copied to {', '.join(found.replicas) or 'nowhere'}, lock {found.lock or 'none'} {found.lock_days:g} days",
        expected=f"versions on, kept >= {days} days, copied to {wanted.replica or 'a bucket'}, locked >= {locked}",
        inspected=1,
    )
    assert found.versioned, f"{bucket.name}: versioning of {found.name} is off"
    assert found.versions_expire_days >= days, (
        f"{bucket.name}: old versions go after {found.versions_expire_days:g} days"
    )
    assert found.lock_days >= locked, (
        f"{bucket.name}: objects are locked for {found.lock_days:g} days, limit is {locked}"
    )
    if not wanted.replica:
        not_verified(f"{bucket.name}: no second bucket named; write replica for it in services.yaml")
    assert bucket.replica, f"{bucket.name}: not every object is copied to {wanted.replica}"
    assert bucket.replica.versioned, f"{bucket.name}: versioning of {wanted.replica} is off"


@pytest.mark.checklist(id="BAK-JOB-3")
def test_objects_are_encrypted(bucket, evidence):
    found, wanted = bucket.found, bucket.wanted
    both = [found, bucket.replica] if bucket.replica else [found]
    evidence(
        observed=", ".join(f"{one.name}: {one.encryption or 'none'} {one.key}".strip() for one in both),
        expected=f"aws:kms {wanted.kms_key or 'with any key'}",
        inspected=len(both),
    )
    other = [f"{one.name} by {one.encryption or 'nothing'}" for one in both if not one.encryption.startswith("aws:kms")]
    assert not other, f"{bucket.name}: not encrypted by KMS: {', '.join(other)}"
    assert wanted.kms_key in {"", found.key}, f"{bucket.name}: another key than the inventory's encrypts"


@pytest.mark.checklist(id="BAK-JOB-2")
def test_managed_backups_are_planned_copied_and_locked(backup_plan, evidence):
    rules, chosen, wanted = backup_plan.found.rules, backup_plan.found.selections, backup_plan.wanted
    evidence(
        observed="; ".join(
            f"{one.name}: every {one.every or 'unknown time'}, kept {one.days_kept:g} days, {len(one.copies)} copies, "
            f"vault {'locked' if one.vault_locked else 'open'}"
            for one in rules
        )
        + f"; for {', '.join(chosen) or 'nothing'}",
        expected=f"a rule: every {wanted.every}, kept >= {wanted.keep.days} days, copied, vault locked",
        inspected=len(rules),
    )
    assert chosen, f"{backup_plan.name}: the plan is assigned to no resource"
    if not any(one.every for one in rules):
        not_verified(f"{backup_plan.name}: no schedule that is understood; write rate(…) or a plain cron(…)")
    often = [one for one in rules if one.every and one.every <= wanted.every]
    assert often, f"{backup_plan.name}: no rule backs up every {wanted.every}"
    kept = [one for one in often if one.days_kept >= wanted.keep.days]
    assert kept, f"{backup_plan.name}: no rule keeps its backups for {wanted.keep.days} days"
    copied = [one for one in kept if one.copies or not wanted.copied]
    assert copied, f"{backup_plan.name}: no rule copies its backups to another region or account"
    assert any(one.vault_locked or not wanted.locked for one in copied), f"{backup_plan.name}: its vault is not locked"
