"""Firewall: what nobody asked for is refused, nothing unknown listens, and outside sees only what it may."""

import pytest


@pytest.mark.checklist(id="INF-NET-3")
def test_firewall_denies_by_default(guarded, evidence):
    if guarded.settings.external:
        # Its rules are not here to be read: that it filters is for the check from outside to show.
        evidence(
            observed=f"filtered by {guarded.settings.external}, as the inventory says",
            expected="a firewall; what an external one lets through shows from outside",
            inspected=1,
        )
        return
    rules, families = guarded.packet_filter(), guarded.families()
    open_families = [family for family in families if not rules.denies(family)]
    too_much = [
        str(one)
        for one in rules.accepted
        if not all(guarded.settings.allows(port, one.protocol) for port in range(one.first, one.last + 1))
    ]
    evidence(
        observed=f"{rules.tool}: {rules.rules} rules, input: {', '.join(one.name for one in rules.inputs) or 'none'};"
        f" lets in {', '.join(map(str, rules.accepted)) or 'no port'}",
        expected=f"input denied by default for {' and '.join(families)}, and only known ports let in",
        inspected=len(families),
    )
    assert rules.inputs, f"{guarded.name}: no rules for incoming packets; if something else filters, name it (external)"
    assert not open_families, f"{guarded.name}: incoming {' and '.join(open_families)} is accepted by default"
    assert not too_much, f"{guarded.name}: the rules let in {', '.join(too_much)}, which the inventory does not name"


@pytest.mark.checklist(id="INF-NET-3")
def test_only_known_ports_are_listened_on(guarded, evidence):
    listeners = guarded.listeners()
    strangers = [one for one in listeners if not guarded.settings.allows(one.port, one.protocol)]
    evidence(
        observed=", ".join(dict.fromkeys(map(str, listeners))) or "nothing listens beyond loopback",
        expected=f"listeners only on {', '.join(sorted(guarded.settings.ports.values()))}",
        inspected=len(listeners),
    )
    shown = ", ".join(f"{one} on {one.address}" for one in strangers)
    assert not strangers, f"{guarded.name}: listened on, and not in the inventory: {shown}"


@pytest.mark.checklist(id="INF-NET-3")
def test_outside_sees_closed_ports(guarded, evidence):
    knocks = guarded.knocks()
    evidence(
        observed=", ".join(f"{one.port} {one.said}" for one in knocks),
        expected=f"none of these ports answers at {guarded.address}",
        inspected=len(knocks),
    )
    answering = [str(one.port) for one in knocks if one.open]
    assert not answering, f"{guarded.name}: open to others: {', '.join(answering)}"
