"""Servers: ordered size, free space, libraries, monitoring."""

import pytest

from signoff import not_verified

GIB = 2**30


@pytest.mark.checklist(id="INF-SRV-1")
def test_server_has_its_specified_size(server, evidence):
    facts, spec = server.facts, server.spec
    least = (spec.memory_gib or 0) * 0.95  # firmware and kernel keep some of what was ordered
    evidence(
        observed=f"{facts.cpus} processors, {facts.memory / GIB:.1f} GiB",
        expected=f">= {spec.cpus or 1} processors, >= {least:.1f} GiB",
        inspected=(spec.cpus is not None) + (spec.memory_gib is not None),
    )
    assert facts.cpus >= (spec.cpus or 1), f"{server.name}: {facts.cpus} processors, ordered were {spec.cpus}"
    assert facts.memory >= least * GIB, f"{server.name}: {facts.memory / GIB:.1f} GiB, ordered were {spec.memory_gib:g}"


@pytest.mark.checklist(id="INF-SRV-1")
def test_disks_have_space_and_inodes_to_spare(server, evidence):
    spec, disks = server.spec, server.facts.file_systems
    evidence(
        observed=", ".join(f"{disk.mount} {disk.free:.0%} free" for disk in disks),
        expected=f">= {spec.disk_free:.0%} of the space and >= {spec.inodes_free:.0%} of the inodes free",
        inspected=len(disks),
    )
    missing = set(spec.mounts) - {disk.mount for disk in disks}
    assert not missing, f"{server.name}: not mounted: {', '.join(sorted(missing))}"
    full = [f"{disk.mount} {disk.free:.0%}" for disk in disks if disk.free < spec.disk_free]
    assert not full, f"{server.name}: free space {', '.join(full)}, limit is {spec.disk_free:.0%}"
    short = [disk.mount for disk in disks if disk.inodes_free is not None and disk.inodes_free < spec.inodes_free]
    assert not short, f"{server.name}: free inodes below {spec.inodes_free:.0%} on {', '.join(short)}"


@pytest.mark.checklist(id="INF-SRV-1")
def test_server_has_headroom_at_its_peak(server, monitoring, evidence):
    spec = server.spec
    peaks = monitoring.peaks(spec.peak_window)
    evidence(
        observed=f"busiest of {peaks.covered}: processor {peaks.cpu:.0%}, memory {peaks.memory:.0%}",
        expected=f"processor <= {spec.peak_cpu:.0%}, memory <= {spec.peak_memory:.0%}",
        inspected=peaks.points,
    )
    if peaks.covered < spec.peak_min_history:
        not_verified(f"{server.name}: measured for {peaks.covered} only; check again after {spec.peak_min_history}")
    assert peaks.cpu <= spec.peak_cpu, f"{server.name}: processor peak {peaks.cpu:.0%}, limit is {spec.peak_cpu:.0%}"
    assert peaks.memory <= spec.peak_memory, (
        f"{server.name}: memory peak {peaks.memory:.0%}, limit is {spec.peak_memory:.0%}"
    )


@pytest.mark.checklist(id="INF-SRV-1")
def test_disks_do_not_fill_up_soon(server, monitoring, evidence):
    spec = server.spec
    disks = monitoring.forecasts(spec.peak_window)
    evidence(
        observed=", ".join(
            f"{disk.mount} {f'full in {disk.full_in.days} days' if disk.full_in else 'does not fill up'}"
            for disk in disks
        ),
        expected=f"no file system full within {spec.disk_horizon}, if it goes on as in the last {spec.peak_window}",
        inspected=len(disks),
    )
    covered = max(disk.covered for disk in disks)
    if covered < spec.peak_min_history:
        not_verified(f"{server.name}: measured for {covered} only; check again after {spec.peak_min_history}")
    full = [f"{disk.mount} in {disk.full_in}" for disk in disks if disk.full_in and disk.full_in < spec.disk_horizon]
    assert not full, f"{server.name}: will be full: {', '.join(full)}, limit is {spec.disk_horizon}"


@pytest.mark.checklist(id="INF-SRV-3")
def test_required_packages_are_installed(target, packages, evidence):
    evidence(
        observed=", ".join(f"{one.name} {one.version or 'missing'}" for one in packages),
        expected="every package installed, none older than its least version",
        inspected=len(packages),
    )
    missing = [one.name for one in packages if not one.version]
    assert not missing, f"{target.name}: not installed: {', '.join(missing)}"
    old = [f"{one.name} {one.version}" for one in packages if one.new_enough is False]
    assert not old, f"{target.name}: older than required: {', '.join(old)}"


@pytest.mark.checklist(id="INF-SRV-3")
def test_programs_find_their_shared_libraries(target, programs, evidence):
    evidence(
        observed=", ".join(f"{one.path}: {one.libraries} found, {len(one.missing)} missing" for one in programs),
        expected="every program is there and all of its libraries resolve",
        inspected=len(programs),
    )
    absent = [one.path for one in programs if not one.exists]
    assert not absent, f"{target.name}: no such program: {', '.join(absent)}"
    broken = [f"{one.path} lacks {', '.join(one.missing)}" for one in programs if one.missing]
    assert not broken, f"{target.name}: {'; '.join(broken)}"


@pytest.mark.checklist(id="INF-SRV-4")
def test_server_is_monitored(target, monitoring, evidence):
    wanted, now, coverage = monitoring.settings, monitoring.api.now(), monitoring.coverage()
    evidence(
        observed=f"{len(coverage.targets)} targets, metrics: {', '.join(sorted(coverage.metrics)) or 'none'}",
        expected=f"a target that is up, asked within {wanted.max_missed_scrapes} intervals, with all host metrics",
        inspected=len(coverage.targets),
    )
    where = f"job {wanted.host_job!r} with {wanted.host_label}={monitoring.host!r}"
    assert coverage.targets, f"{target.name}: Prometheus has no target in {where}"
    down = [f"{one.url} {one.last_error}".strip() for one in coverage.targets if one.health != "up"]
    assert not down, f"{target.name}: target is not up: {', '.join(down)}"
    late = [one.url for one in coverage.targets if one.missed_scrapes(now) > wanted.max_missed_scrapes]
    assert not late, f"{target.name}: not asked for more than {wanted.max_missed_scrapes} intervals: {', '.join(late)}"
    missing = sorted(set(wanted.host_metrics) - coverage.metrics)
    assert not missing, f"{target.name}: not measured: {', '.join(missing)}"
