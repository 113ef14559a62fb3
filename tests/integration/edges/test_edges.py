"""Edges: every service is reached from where its callers are, and the callers confirm it."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="INT-SYS-2")
def test_service_answers_to_everybody_who_calls_it(edge, evidence):
    encrypted = " by TLS with a certificate that they trust" if edge.settings.tls else ""
    evidence(
        observed=", ".join(map(str, edge.attempts)),
        expected=f"{edge.settings.address} accepts connections{encrypted} from {', '.join(edge.settings.sources)}",
        inspected=len(edge.attempts),
    )
    closed = [str(attempt) for attempt in edge.attempts if not attempt.answers]
    assert not closed, f"{edge.name}: cannot be reached: {', '.join(closed)}"


@pytest.mark.checklist(id="INT-SYS-2")
def test_application_confirms_its_dependencies(target, readiness, evidence):
    evidence(
        observed=", ".join(f"{edge} {state}" for edge, state in readiness.states.items()),
        expected="ok, of every instance about every dependency, and status 200 only then",
        inspected=len(readiness.states),
    )
    silent = [edge for edge, state in readiness.states.items() if state == "not reported"]
    unwell = [f"{edge} {state}" for edge, state in readiness.states.items() if state not in {"ok", "not reported"}]
    assert not unwell, f"{target.name}: {', '.join(unwell)}"
    assert not readiness.refusing, f"{target.name}: status and dependencies disagree: {', '.join(readiness.refusing)}"
    if silent:
        not_verified(f"{target.name}: says nothing of {', '.join(silent)}; name the key that it reports")
    if readiness.unlisted:
        not_verified(f"{target.name}: also needs {', '.join(readiness.unlisted)}; add a dependency for each")


@pytest.mark.checklist(id="INT-SYS-2")
def test_traces_show_every_edge(target, traced, evidence):
    wanted = [(one.caller, one.called) for one in target.settings.edges]
    evidence(
        observed=f"{len(traced.calls)} edges, {sum(traced.calls.values())} calls",
        expected=", ".join(f"{caller} -> {called}" for caller, called in wanted),
        inspected=len(traced.calls),
    )
    gone = [f"{caller} -> {called}" for caller, called in wanted if not traced.calls.get((caller, called))]
    assert not gone, f"{target.name}: no call was traced: {', '.join(gone)}"
