"""Logging: every host's lines arrive centrally, and one request can be found there."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="MON-LOG-1")
def test_every_host_logs_centrally(logs, evidence):
    newest = logs.log.newest(logs.hosts)
    limit, skew = logs.settings.max_age, logs.settings.max_skew
    evidence(
        observed=", ".join(f"{one.host} {one.age if one.at else 'nothing'}" for one in newest),
        expected=f"a line of each host, not older than {limit}, not more than {skew} ahead",
        inspected=len(newest),
    )
    silent = [one.host for one in newest if one.age is None]
    assert not silent, f"{logs.name}: no line of {', '.join(silent)}"
    late = [f"{one.host} ({one.age})" for one in newest if one.age > limit]
    assert not late, f"{logs.name}: newest line older than {limit}: {', '.join(late)}"
    ahead = [f"{one.host} ({-one.age})" for one in newest if -one.age > skew]
    assert not ahead, f"{logs.name}: clock ahead by more than {skew}: {', '.join(ahead)}"


@pytest.mark.checklist(id="MON-LOG-4")
def test_a_request_can_be_found_in_the_central_log(logs, traced_request, evidence):
    trace = logs.settings.trace
    evidence(expected=f"a line with the request's id within {trace.within}", inspected=1)
    if not traced_request:
        not_verified(f"{logs.name}: {trace.url} answers without {trace.header}; let the application send it")
    found = logs.log.search(traced_request, within=trace.within.total_seconds())
    evidence(observed=f"{len(found.lines)} lines after {found.seconds:.1f} s")
    exact = [line for line in found.lines if line.get(trace.field) == traced_request]
    assert exact, f"{logs.name}: request {traced_request} is not in the central log after {found.seconds:.0f} s"
