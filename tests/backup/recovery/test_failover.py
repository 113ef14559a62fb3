"""Failover: whoever is to take over follows, could take over now, and has done so in a drill."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="BAK-DR-4")
def test_standby_follows_its_primary(target, primary, evidence):
    sender, limits = primary.sender, target.settings
    state, lag, behind = (sender.state, sender.lag or 0.0, sender.behind_bytes or 0) if sender else ("absent", 0.0, 0)
    sync = sender.sync if sender else "-"
    evidence(
        observed=f"{state}, {behind} bytes and {lag:.1f} s behind, {sync}; "
        f"synchronous_commit {primary.commits.level}, synchronous_standby_names '{primary.commits.names}'",
        expected=f"streaming, at most {limits.max_bytes} bytes and {limits.max_lag.total_seconds():g} s behind"
        + (", commits wait for it" if limits.synchronous else ""),
        inspected=primary.standbys,
    )
    assert state == "streaming", f"{target.name}: to its primary it is {state}"
    assert behind <= limits.max_bytes, f"{target.name}: {behind} bytes behind, limit is {limits.max_bytes}"
    assert lag <= limits.max_lag.total_seconds(), f"{target.name}: {lag:.0f} s behind, limit is {limits.max_lag}"
    waits = sync in {"sync", "quorum"} and primary.commits.wait_for_standbys
    assert waits or not limits.synchronous, f"{target.name}: commits do not wait for it: it is {sync}"


@pytest.mark.checklist(id="BAK-DR-4")
def test_primary_keeps_what_its_standby_needs(target, primary, evidence):
    wanted, used = target.settings.slot, primary.slot
    mine = next((one for one in primary.slots if one.name == wanted), None) if wanted else used
    evidence(
        observed=f"slot {mine.name}: {'in use' if mine.active else 'not in use'}, WAL {mine.wal}, "
        f"{mine.retained_bytes} bytes kept"
        if mine
        else f"no slot for it among {len(primary.slots)}",
        expected=f"slot {wanted or 'of any name'}, in use, WAL reserved",
        inspected=len(primary.slots) or 1,
    )
    assert mine, f"{target.name}: its primary has no slot for it: after a break it may have to be built anew"
    assert mine.active, f"{target.name}: slot {mine.name} is not in use"
    assert mine.keeps_everything, f"{target.name}: WAL of slot {mine.name} is {mine.wal}: it must be built anew"
    # A standby that was given a slot and uses another one grows the first until the primary's disk is full.
    assert used is None or used.name == mine.name, f"{target.name}: it uses slot {used.name}, not {mine.name}"


@pytest.mark.checklist(id="BAK-DR-4")
def test_standby_could_take_over(target, primary, ask_standby, evidence):
    evidence(observed="absent", expected="a standby of the same system, receiving", inspected=primary.standbys)
    assert primary.sender is not None, f"{target.name}: its primary does not know it"
    view = ask_standby()
    paused = ", replay paused" if view.replay_paused else ""
    evidence(observed=f"{'standby' if view.in_recovery else 'primary'}, receiver {view.receiver}{paused}", inspected=1)
    assert view.in_recovery, f"{target.name}: is no standby: it takes writes itself"
    assert view.system_id == primary.system_id, f"{target.name}: is a standby of another system"
    assert view.receiver == "streaming", f"{target.name}: its receiver is {view.receiver}"
    assert not view.replay_paused, f"{target.name}: its replay is paused: SELECT pg_wal_replay_resume()"


@pytest.mark.checklist(id="BAK-DR-4")
def test_sentinels_can_agree_on_a_failover(target, sentinels, evidence):
    from signoff.probes.redis.sentinel import agreed

    evidence(
        observed="; ".join(
            f"{one.sentinel}: primary {one.primary}, {one.others + 1} Sentinels, quorum {one.quorum}, "
            f"{'OK' if one.has_quorum else one.complaint}"
            for one in sentinels
        ),
        expected=f"{len(sentinels)} Sentinels that see each other, one primary, a quorum of more than half",
        inspected=len(sentinels),
    )
    assert agreed(sentinels), f"{target.name}: the Sentinels take different servers for the primary"
    for one in sentinels:
        assert one.has_quorum, f"{target.name}: {one.sentinel}: {one.complaint}"
        assert not one.primary_down, f"{target.name}: {one.sentinel} takes the primary for down"
        known = one.others + 1
        assert known == len(sentinels), f"{target.name}: {one.sentinel} counts {known} Sentinels, not {len(sentinels)}"
        assert one.quorum * 2 > known, f"{target.name}: a quorum of {one.quorum} of {known} is no majority"


@pytest.mark.checklist(id="BAK-DR-4")
def test_replica_could_take_over(target, promotable, evidence):
    wanted = target.settings.min_replicas
    evidence(
        observed="; ".join(
            f"{view.sentinel}: {', '.join(ready) or 'none'} of {len(view.replicas)}" for view, ready in promotable
        ),
        expected=f"at least {wanted} replicas that are up, linked, not behind and may lead",
        inspected=len(promotable),
    )
    for view, ready in promotable:
        assert len(ready) >= wanted, (
            f"{target.name}: {view.sentinel} could promote {len(ready)} replicas, {wanted} are needed"
        )


@pytest.mark.checklist(id="BAK-DR-4")
def test_cluster_manager_could_fail_over(target, cluster, evidence):
    limits = target.settings
    ready = cluster.candidates(limits.max_bytes)
    evidence(
        observed="; ".join(f"{one.name} {one.role} {one.state} lag {one.lag_bytes}" for one in cluster.members)
        + ("; paused" if cluster.paused else "")
        + ("; without its store" if cluster.is_failsafe else ""),
        expected=f"one leader, not paused, at least {limits.min_candidates} who could take over",
        inspected=len(cluster.members),
    )
    assert not cluster.is_failsafe, f"{target.name}: Patroni has lost its store (failsafe mode) and elects nobody"
    assert not cluster.paused, f"{target.name}: Patroni is paused and fails over to nobody: patronictl resume"
    assert not cluster.is_unlocked, f"{target.name}: nobody holds the leader's lock"
    assert len(cluster.leaders) == 1, f"{target.name}: {len(cluster.leaders)} leaders that run"
    assert len(ready) >= limits.min_candidates, (
        f"{target.name}: {len(ready)} could take over, {limits.min_candidates} are needed"
    )


@pytest.mark.checklist(id="BAK-DR-4")
def test_managed_database_has_a_standby(target, managed_database, evidence):
    facts = managed_database
    evidence(
        observed=f"{facts.status}, {'Multi-AZ' if facts.multi_az else 'one zone'}: {facts.zone} {facts.standby_zone}",
        expected="available, Multi-AZ",
        inspected=1,
    )
    assert facts.status == "available", f"{target.name}: is {facts.status}"
    assert facts.multi_az, f"{target.name}: has no standby in another zone"


@pytest.mark.checklist(id="BAK-DR-4")
def test_name_is_not_remembered_for_long(target, name_answers, evidence):
    limit = target.settings.max_ttl.total_seconds()
    evidence(
        observed=", ".join(f"{one.server}: {one.ttl} s" for one in name_answers),
        expected=f"<= {limit:g} s on every server",
        inspected=len(name_answers),
    )
    for one in name_answers:
        if one.ttl is None:
            not_verified(f"{target.name}: {one.server} answers {one.rcode} without a record; correct the name")
        assert one.ttl <= limit, f"{target.name}: {one.server} lets it be kept {one.ttl} s, limit is {limit:g} s"


@pytest.mark.checklist(id="BAK-DR-4")
def test_failover_was_rehearsed(failover_drill, evidence):
    record, limits = failover_drill.record, failover_drill.limits
    evidence(
        observed=f"{record.performed_at:%Y-%m-%d}: {record.seconds:g} s, down {record.downtime_seconds:g} s, "
        f"failed steps: {', '.join(record.failed_steps) or 'none'}",
        expected=f"<= {limits.within.total_seconds():g} s, down <= {limits.downtime.total_seconds():g} s",
        inspected=len(record.steps),
    )
    assert record.kind == "failover", f"{failover_drill.name}: is the record of a {record.kind}"
    failed_at = ", ".join(record.failed_steps) or "its end"
    assert record.succeeded, f"{failover_drill.name}: the rehearsal failed at {failed_at}"
    assert record.seconds <= limits.within.total_seconds(), f"{failover_drill.name}: took {record.seconds:g} s"
    assert record.downtime_seconds <= limits.downtime.total_seconds(), (
        f"{failover_drill.name}: users were without answers for {record.downtime_seconds:g} s"
    )
