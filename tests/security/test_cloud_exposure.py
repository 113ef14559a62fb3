"""Network rules of clouds: what strangers can reach."""

import pytest


@pytest.mark.checklist(id="SEC-CFG-1")
def test_only_the_listed_is_open_to_the_world(cloud, evidence):
    facts, allowed = cloud.reader.exposure(), cloud.settings.open_to_world
    excess = [str(rule) for rule in facts.open_rules if not any(one.covers(rule) for one in allowed)]
    evidence(
        observed=", ".join((*map(str, facts.open_rules), *facts.forbidden)) or "nothing is open",
        expected=", ".join(f"{one.rules} {one.protocol} {one.ports}" for one in allowed) or "nothing is open",
        inspected=facts.inspected,
    )
    assert not excess, f"{cloud.name}: open to the world: {', '.join(excess)}"
    assert not facts.forbidden, f"{cloud.name}: {', '.join(facts.forbidden)}"


@pytest.mark.checklist(id="SEC-CFG-1")
def test_defaults_let_nothing_in(cloud, evidence):
    facts = cloud.reader.exposure()
    bare = [name for name in facts.unprotected if name not in cloud.settings.without_rules]
    evidence(
        observed=", ".join((*facts.default_rules, *(f"{name} has no rules" for name in bare))) or "nothing",
        expected="default rules are empty, and nothing stands without rules of its own",
        inspected=facts.defaults_inspected,
    )
    assert not facts.default_rules, f"{cloud.name}: {', '.join(facts.default_rules)}"
    assert not bare, f"{cloud.name}: no rules before {', '.join(bare)}"
