"""Rollback authority: somebody may decide at any hour, has a deputy, can be reached, and finds the process written."""

import pytest


@pytest.mark.checklist(id="RBK-TRG-2")
def test_rollback_deciders_have_deputies_and_can_be_reached(authority, evidence):
    people = authority.people
    evidence(
        observed=", ".join(f"{role}: {', '.join(found) or 'nobody'}" for role, found in authority.roles.items()),
        expected=f"somebody in each role, at least {authority.least} people, each reached by phone, SMS or push",
        inspected=len(authority.roles),
    )
    vacant = [role for role, found in authority.roles.items() if not found]
    assert not vacant, f"policy: nobody on the roster is {', '.join(vacant)} now"
    assert len(people) >= authority.least, (
        f"policy: {len(people)} may decide on a rollback, with deputies {authority.least} are needed"
    )
    unknown = [person for person in people if person not in authority.reached_by]
    assert not unknown, f"{authority.name}: no contact of {', '.join(unknown)}"
    asleep = [person for person in people if person not in authority.wakeable]
    assert not asleep, f"{authority.name}: cannot be woken: {', '.join(asleep)}"


@pytest.mark.checklist(id="RBK-TRG-2")
def test_manual_rollback_decision_is_written_down(target, process, evidence):
    missing = process.lacks(target.settings.headings)
    evidence(
        observed=f"{len(process.headings)} headings, dated {process.dated}, approved by {process.approver or 'nobody'}",
        expected=f"headings for {', '.join(target.settings.headings)}, approved by somebody",
        inspected=len(target.settings.headings),
    )
    assert not missing, f"{target.name}: without a heading for {', '.join(missing)}"
    assert process.approver, f"{target.name}: {target.settings.document} names no approver"
