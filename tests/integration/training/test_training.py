"""Training: whoever may be called at night knows what to do, and can be woken."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="INT-FIN-4")
def test_everybody_on_call_is_trained(on_call, trained, evaluated_at, evidence):
    from signoff.importers.people.training import lacking

    limit = on_call.settings.max_age
    untrained = lacking(trained, now=evaluated_at, max_age=limit)
    evidence(
        observed=f"{len(trained) - len(untrained)} of {len(trained)} trained, not: {', '.join(untrained) or 'nobody'}",
        expected=f"everybody with a shift within {on_call.settings.horizon.days} days, within {limit.days} days",
        inspected=len(trained),
    )
    if not trained:
        not_verified(f"{on_call.name}: nobody has a shift; put people into the schedule")
    assert not untrained, f"{on_call.name}: on call without training: {', '.join(untrained)}"


@pytest.mark.checklist(id="INT-FIN-4")
def test_enough_people_take_turns_and_can_be_woken(on_call, evidence):
    least, asleep = on_call.settings.min_people, [one.id for one in on_call.shifts if not one.can_be_woken]
    evidence(
        observed=f"{len(on_call.shifts)} people, cannot be woken: {', '.join(asleep) or 'nobody'}",
        expected=f"at least {least} people, each reached by phone, SMS or push",
        inspected=len(on_call.shifts),
    )
    if not on_call.shifts:
        not_verified(f"{on_call.name}: nobody has a shift; put people into the schedule")
    assert len(on_call.shifts) >= least, f"{on_call.name}: {len(on_call.shifts)} people take turns, needed are {least}"
    assert not asleep, f"{on_call.name}: cannot be woken: {', '.join(asleep)}"
