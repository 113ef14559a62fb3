"""Logging: lines arrive centrally, are kept as agreed, call somebody when errors come, and can be searched."""

from datetime import timedelta

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="MON-LOG-1")
def test_every_host_logs_centrally(logs, evidence):
    newest = logs.log.newest(logs.hosts, logs.settings.services)
    limit, skew = logs.settings.max_age, logs.settings.max_skew
    evidence(
        observed=", ".join(f"{one.source} {one.age if one.at else 'nothing'}" for one in newest),
        expected=f"a line of each host and service, not older than {limit}, not more than {skew} ahead",
        inspected=len(newest),
    )
    silent = [one.source for one in newest if one.age is None]
    assert not silent, f"{logs.name}: no line of {', '.join(silent)}"
    late = [f"{one.source} ({one.age})" for one in newest if one.age > limit]
    assert not late, f"{logs.name}: newest line older than {limit}: {', '.join(late)}"
    ahead = [f"{one.source} ({-one.age})" for one in newest if -one.age > skew]
    assert not ahead, f"{logs.name}: clock ahead by more than {skew}: {', '.join(ahead)}"


@pytest.mark.checklist(id="MON-LOG-1")
def test_log_lines_arrive_without_delay(logs, evidence):
    newest, limit = logs.log.newest(logs.hosts, logs.settings.services), logs.settings.max_lag
    known = [one for one in newest if one.lag is not None]
    evidence(
        observed=", ".join(f"{one.source} {'at most ' if one.lag_at_most else ''}{one.lag}" for one in known),
        expected=f"not longer than {limit} from the host to the central log",
        inspected=len(known),
    )
    slow = [f"{one.source} ({one.lag})" for one in known if one.lag > limit and not one.lag_at_most]
    assert not slow, f"{logs.name}: lines are on their way for more than {limit}: {', '.join(slow)}"
    unclear = [one.source for one in newest if one.lag is None or one.lag > limit]
    if unclear:
        not_verified(
            f"{logs.name}: nobody knows how long lines of {', '.join(unclear)} are on their way; "
            "let the collector write when it took a line (received_field), or let hosts send a mark every minute"
        )


@pytest.mark.checklist(id="MON-LOG-2")
def test_logs_are_kept_as_agreed(logs, evidence):
    keeping, wanted = logs.log.keeping(), logs.settings.retention
    evidence(
        observed="; ".join(map(str, keeping)),
        expected=f"{wanted.min.days} days or more, {f'{wanted.max.days} at most' if wanted.max else 'no limit'}",
        inspected=len(keeping),
    )
    short = [str(one) for one in keeping if one.keeps is not None and one.keeps < wanted.min]
    assert not short, f"{logs.name}: kept for less than {wanted.min.days} days: {', '.join(short)}"
    long = [str(one) for one in keeping if wanted.max and (one.keeps is None or one.keeps > wanted.max)]
    assert not long, f"{logs.name}: kept for more than {wanted.max.days} days: {', '.join(long)}"


@pytest.mark.checklist(id="MON-LOG-2")
def test_oldest_log_line_is_as_old_as_agreed(logs, evaluated_at, evidence):
    oldest, wanted = logs.log.oldest(), logs.settings.retention
    collecting = evaluated_at - wanted.since if wanted.since else wanted.min
    least = max(min(wanted.min, collecting) - wanted.slack, timedelta())
    evidence(
        observed=", ".join(f"{one.what} {one.age if one.age is not None else 'nothing'}" for one in oldest),
        expected=f"{least} or older{f', not older than {wanted.max + wanted.slack}' if wanted.max else ''}",
        inspected=len(oldest),
    )
    young = [f"{one.what} ({one.age or 'no line'})" for one in oldest if one.age is None or one.age < least]
    assert not young, f"{logs.name}: oldest line younger than {least}: {', '.join(young)}"
    old = [f"{one.what} ({one.age})" for one in oldest if wanted.max and one.age > wanted.max + wanted.slack]
    assert not old, f"{logs.name}: lines older than {wanted.max} are still there: {', '.join(old)}"


@pytest.mark.checklist(id="MON-LOG-2")
def test_log_storage_has_room(logs, evidence):
    volumes = logs.log.volumes()
    limits = {one.name: min(logs.settings.max_used, one.limit or 1) for one in volumes}
    evidence(
        observed=", ".join(f"{one.name} {one.used:.0%}" for one in volumes) or "the provider sees to it",
        expected=", ".join(f"{name} <= {limit:.0%}" for name, limit in limits.items()) or "nothing to look at",
        inspected=max(1, len(volumes)),
    )
    full = [f"{one.name} {one.used:.0%}" for one in volumes if one.used > limits[one.name]]
    assert not full, f"{logs.name}: too full: {', '.join(full)}"
    closed = [one.name for one in volumes if not one.takes_lines]
    assert not closed, f"{logs.name}: takes no more lines since its disks were full: {', '.join(closed)}"


@pytest.mark.checklist(id="MON-LOG-2")
def test_error_tracker_keeps_events_as_agreed(kept_events, evidence):
    kept, wanted = kept_events, kept_events.settings.retention
    evidence(
        observed=f"{f'{kept.days} days' if kept.days else 'hidden'} by its settings, oldest event {kept.oldest}",
        expected=f"{wanted.min.days} to {wanted.max.days} days",
        inspected=sum(fact is not None for fact in (kept.days, kept.oldest)),
    )
    if kept.days is not None:
        assert wanted.min.days <= kept.days <= wanted.max.days, (
            f"{kept.name}: keeps events for {kept.days} days, agreed are {wanted.min.days} to {wanted.max.days}"
        )
    assert kept.oldest is None or kept.oldest <= wanted.max + wanted.slack, (
        f"{kept.name}: events older than {wanted.max.days} days are still there"
    )
    least = min(wanted.min, kept.project if kept.project is not None else wanted.min) - wanted.slack
    if kept.oldest is None or kept.oldest < least:
        not_verified(
            f"{kept.name}: its oldest event is {kept.oldest} old, so nothing proves that events are kept for "
            f"{wanted.min.days} days; look whether older ones were lost"
        )


@pytest.mark.checklist(id="MON-LOG-3")
def test_error_log_alerts_reach_somebody(logs, log_alerts, evidence):
    required = logs.settings.alerts.required
    judged = [one for one in log_alerts if not required or one.name in required]
    evidence(
        observed="; ".join(f"{one.name} -> {', '.join(one.receivers) or 'nobody'}" for one in judged) or "no rule",
        expected=f"{', '.join(required) or 'at least one rule'}: active, working, and with a receiver",
        inspected=max(len(judged), len(required)),
    )
    missing = sorted(set(required) - {one.name for one in judged})
    assert not missing, f"{logs.name}: no rule {', '.join(missing)}"
    if not judged:
        not_verified(f"{logs.name}: no rule over its lines is known; name where they are in `alerts`")
    off = [one.name for one in judged if not one.is_active]
    assert not off, f"{logs.name}: switched off: {', '.join(off)}"
    deaf = [one.name for one in judged if not one.receivers]
    assert not deaf, f"{logs.name}: tells nobody: {', '.join(deaf)}"
    broken = [f"{one.name}: {one.problem}" for one in judged if one.problem]
    assert not broken, f"{logs.name}: does not work: {'; '.join(broken)}"


@pytest.mark.checklist(id="MON-LOG-3")
def test_error_tracker_rules_reach_somebody(error_tracker, evidence):
    rules, accepted = error_tracker.rules, error_tracker.ingest.accepted
    working = [rule for rule in rules if rule.is_active and rule.actions]
    evidence(
        observed="; ".join(f"{rule.name} -> {', '.join(rule.actions) or 'nobody'}" for rule in rules)
        + f"; {accepted} events accepted",
        expected="every active rule has an action, and at least one looks at events that arrive",
        inspected=len(rules) + accepted,
    )
    deaf = [rule.name for rule in rules if rule.is_active and not rule.actions]
    assert not deaf, f"{error_tracker.name}: tells nobody: {', '.join(deaf)}"
    assert working, f"{error_tracker.name}: no active rule of {error_tracker.project.slug} tells anybody"
    if not accepted:
        not_verified(
            f"{error_tracker.name}: no event was accepted in {error_tracker.settings.period}, so no rule can fire; "
            "let the application report one, then check again"
        )


@pytest.mark.checklist(id="MON-LOG-4")
def test_a_request_can_be_found_in_the_central_log(logs, traced_request, evidence):
    trace = logs.settings.trace
    evidence(
        expected=f"a line with the request's id within {trace.within}, a search within {trace.search_within}",
        inspected=1,
    )
    if not traced_request:
        not_verified(f"{logs.name}: {trace.url} answers without {trace.header}; let the application send it")
    found = logs.log.search(traced_request, within=trace.within.total_seconds())
    evidence(
        observed=f"{len(found.lines)} lines after {found.seconds:.1f} s, the search took {found.search_seconds:.1f} s"
    )
    exact = [line for line in found.lines if line.get(trace.field) == traced_request]
    assert exact, f"{logs.name}: request {traced_request} is not in the central log after {found.seconds:.0f} s"
    limit = trace.search_within.total_seconds()
    assert found.search_seconds <= limit, (
        f"{logs.name}: a search takes {found.search_seconds:.1f} s, limit is {limit:g} s"
    )


@pytest.mark.checklist(id="MON-LOG-4")
def test_saved_views_of_the_log_are_there(logs, evidence):
    wanted = logs.settings.views
    if not wanted:
        not_verified(f"{logs.name}: no saved view is named; write those that people work with in `views`")
    there = logs.log.views()
    evidence(
        observed=", ".join(sorted(there & set(wanted))) or "none",
        expected=", ".join(wanted),
        inspected=len(wanted),
    )
    missing = [name for name in wanted if name not in there]
    assert not missing, f"{logs.name}: no view {', '.join(missing)}"
