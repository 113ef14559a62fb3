"""The front door: a filter that refuses attacks, protection against floods, and no way around either."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="SEC-CFG-2")
def test_request_filter_is_in_blocking_mode(target, entrances, evidence):
    settings = target.settings
    evidence(
        observed="; ".join(
            f"{one.place}: {(one.rules.engine or 'no engine') if one.is_on else 'off'}, {one.rules.rules} rules"
            for one in entrances
        ),
        expected=f"SecRuleEngine On with at least {settings.min_rules} rules at every entrance",
        inspected=len(entrances),
    )
    judged = [one for one in entrances if one.path not in settings.exempt]
    if not judged:
        not_verified(f"{target.name}: every entrance is exempt; correct `exempt`")
    for one in judged:
        assert one.is_on, f"{target.name}: {one.place} stands before the filter"
        assert not one.rules.undone, f"{target.name}: {one.place}: {', '.join(one.rules.undone)}"
        assert one.rules.blocks, f"{target.name}: {one.place}: SecRuleEngine {one.rules.engine or 'not set'}"
        assert one.rules.rules >= settings.min_rules, (
            f"{target.name}: {one.place}: {one.rules.rules} rules, at least {settings.min_rules} make a rule set"
        )


@pytest.mark.checklist(id="SEC-CFG-2")
def test_request_filter_writes_down_what_it_refuses(target, logged_attack, evidence):
    evidence(
        observed=f"answered {logged_attack.answer.status}; "
        f"{'found' if logged_attack.is_logged else 'not found'} in {logged_attack.log}",
        expected="found",
        inspected=1,
    )
    assert logged_attack.is_logged, f"{target.name}: an attack left no trace in {logged_attack.log}"


@pytest.mark.checklist(id="SEC-CFG-2")
def test_cloud_filter_blocks_and_logs(target, entry_points, evidence):
    settings = target.settings
    judged = [one for one in entry_points if one.name not in settings.without]
    evidence(
        observed="; ".join(f"{one.name}: {one.acl.name if one.acl else 'no web ACL'}" for one in entry_points),
        expected="a web ACL that blocks and is logged before each",
        inspected=len(judged),
    )
    for one in judged:
        assert one.acl, f"{target.name}: {one.name} has no web ACL"
        assert one.acl.blocking, f"{target.name}: {one.acl.name} before {one.name} blocks nothing"
        counting = sorted(set(one.acl.counting) - set(settings.may_count))
        assert not counting, f"{target.name}: {one.acl.name} only counts {', '.join(counting)}"
        assert one.acl.is_logged, f"{target.name}: {one.acl.name} writes nothing down"


@pytest.mark.checklist(id="SEC-CFG-3")
def test_ddos_protection_is_on(target, unprotected, evidence):
    asked = target.settings.protects
    evidence(
        observed=f"{len(asked) - len(unprotected)} of {len(asked)} protected",
        expected=f"all, by {target.settings.provider}",
        inspected=len(asked),
    )
    assert not unprotected, f"{target.name}: {'; '.join(unprotected)}"


@pytest.mark.checklist(id="SEC-CFG-3")
def test_names_lead_to_the_protection(target, leads, evidence):
    settings = target.settings
    origins = {origin.address for origin in settings.origins}
    evidence(observed="; ".join(map(str, leads)), expected=f"within {', '.join(settings.ranges)}", inspected=len(leads))
    shown = [str(lead) for lead in leads if lead.address in origins]
    assert not shown, f"{target.name}: DNS gives an origin away: {', '.join(shown)}"
    past = [str(lead) for lead in leads if not lead.is_in(settings.ranges)]
    assert not past, f"{target.name}: leads past the protection: {', '.join(past)}"


@pytest.mark.checklist(id="SEC-CFG-3")
def test_origins_are_closed(target, open_origins, evidence):
    origins = target.settings.origins
    evidence(observed=f"open: {', '.join(open_origins) or 'none'}", expected="none", inspected=len(origins))
    assert not open_origins, f"{target.name}: answers without the protection: {', '.join(open_origins)}"


@pytest.mark.checklist(id="SEC-CFG-3")
def test_requests_are_limited(target, limits, evidence):
    evidence(
        observed="; ".join(limit.place for limit in limits),
        expected="one client is limited everywhere",
        inspected=len(limits),
    )
    missing = [f"{limit.place} ({limit.why})" for limit in limits if limit.why]
    assert not missing, f"{target.name}: {', '.join(missing)}"
