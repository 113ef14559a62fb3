"""Start, stop and describe one copy of the embedded environment."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dotenv import dotenv_values

from signoff.demo import (
    backups,
    cache,
    cache_failover,
    central_log,
    certificates,
    directory,
    dns,
    documents,
    env_file,
    errortracking,
    evidence,
    load_balancer,
    metrics,
    operations,
    people,
    ports,
    postgres,
    processes,
    prometheus,
    release,
    sshd,
    supervision,
)
from signoff.demo.exercises import disaster
from signoff.demo.layout import DemoError, change, load
from signoff.demo.shop.programs import APP_HOSTS, shop_programs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from signoff.demo.layout import Layout, Program

_READY_TIMEOUT = 180.0
"""Seconds; a busy machine takes many times the usual 5."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """One program, as `status` shows it."""

    name: str
    state: str
    address: str


def up(path: Path, report: Callable[[str], None] = lambda _: None) -> Layout:
    """Start a copy in the directory and return when all of it answers; one that runs already is left alone.

    Args:
        path: an empty or missing directory, or one where an earlier start was interrupted.
        report: told in a few words what happens now.

    Raises:
        DemoError: something is missing or does not start; nothing is left behind.
    """
    layout = directory.layout_of(path)
    with directory.exclusive(layout):
        if is_up(layout):
            return layout
        if directory.is_ours(layout):
            report("clean-up")
            directory.tear_down(layout)
        with ports.claim() as chosen:
            directory.create(layout, chosen)
            try:
                _bring_up(layout, report)
            except BaseException:
                directory.tear_down(layout)
                raise
    return layout


def down(path: Path) -> bool:
    """Stop the copy in the directory and remove it; return whether there was one."""
    layout = directory.layout_of(path)
    if not directory.is_ours(layout):
        return False
    with directory.exclusive(layout):
        directory.tear_down(layout)
    return True


def is_up(layout: Layout) -> bool:
    """Return whether the copy was started completely and its supervisor runs."""
    return layout.env_file.exists() and directory.is_ours(layout) and processes.is_running(load(layout).supervisor)


def status(path: Path) -> list[Component]:
    """Return every program with its state, in the order of their start.

    Raises:
        DemoError: there is no copy in the directory, or its supervisor is gone.
    """
    layout = directory.layout_of(path)
    addresses = load(layout).addresses
    states = {one.name: one.state for one in supervision.status(layout)}
    return [
        Component(name=name, state=states.get(name, "UNKNOWN"), address=address) for name, address in addresses.items()
    ]


def env(path: Path) -> dict[str, str]:
    """Return what `.env` says.

    Raises:
        DemoError: the copy in the directory is not up.
    """
    layout = directory.layout_of(path)
    if not is_up(layout):
        raise DemoError(f"no embedded environment runs in {layout.dir}; start it with `signoff demo up`")
    return {name: value or "" for name, value in dotenv_values(layout.env_file, interpolate=False).items()}


def wait_until_ready(layout: Layout, programs: Iterable[Program], *, seconds: float = _READY_TIMEOUT) -> None:
    """Wait until every program answers.

    Raises:
        DemoError: one does not in time; the message carries the end of its log.
    """
    waiting = [program for program in programs if program.ready is not None]
    deadline = time.monotonic() + seconds
    while waiting := [program for program in waiting if program.ready is not None and not program.ready()]:
        if time.monotonic() > deadline:
            program = waiting[0]
            raise DemoError(
                f"{program.name} does not answer after {seconds:g} s at {program.address}\n"
                + supervision.log_tail(layout, program)
            )
        time.sleep(0.05)


def _bring_up(layout: Layout, report: Callable[[str], None]) -> None:
    with ThreadPoolExecutor(max_workers=4) as pool:
        report("platform")
        supervisor = pool.submit(supervision.start_supervisor, layout)
        data = pool.submit(postgres.prepare, layout)
        deployed = pool.submit(_deploy, layout)
        _write_files(layout)
        supervisor.result()
        platform = [
            *(sshd.program(layout), *dns.programs(layout), metrics.program(layout), central_log.program(layout)),
            *(cache.program(layout), load_balancer.program(layout)),
        ]
        supervision.add(layout, platform)
        data.result()
        primary, standby = postgres.programs(layout)
        supervision.add(layout, [primary])
        wait_until_ready(layout, [primary])
        postgres.set_up_roles(layout)
        supervision.add(layout, [standby])
        report("release")
        deployed.result()
        release.migrate(layout)
        # Sentinels believe what they first see for ten seconds: the replica has to be in step by then.
        watched = pool.submit(_watch_cache, layout)
        watching = [errortracking.program(layout), prometheus.program(layout), operations.program(layout)]
        application = [*watching, *shop_programs(layout)]
        supervision.add(layout, application)
        report("backups")
        # Meanwhile the application starts, which the exercises behind the evidence wait for.
        saved = pool.submit(_back_up, layout)
        evidence.write(layout)
        scheduler = saved.result()
        watchers = watched.result()
    programs = [primary, standby, *platform, *application, *watchers, scheduler]
    report("readiness")
    wait_until_ready(layout, programs)
    _wait_until_running(layout)
    change(layout, addresses={program.name: program.address for program in programs})
    env_file.write(layout)


def _wait_until_running(layout: Layout) -> None:
    """Wait until the supervisor, too, is convinced that every program stays up (a second after its start)."""
    deadline = time.monotonic() + _READY_TIMEOUT
    while failing := [one for one in supervision.status(layout) if one.state != "RUNNING"]:
        if time.monotonic() > deadline:
            raise DemoError(f"{failing[0].name} does not stay up: {failing[0].state}")
        time.sleep(0.05)


def _watch_cache(layout: Layout) -> list[Program]:
    replica, *sentinels = cache_failover.programs(layout)
    supervision.add(layout, [replica])
    wait_until_ready(layout, [replica])
    supervision.add(layout, sentinels)
    return [replica, *sentinels]


def _back_up(layout: Layout) -> Program:
    backups.prepare(layout)
    evidence.write_record(layout, "disaster-drill.json", disaster.run(layout))
    scheduler = backups.scheduler_program(layout)
    supervision.add(layout, [scheduler])
    return scheduler


def _write_files(layout: Layout) -> None:
    certificates.prepare(layout)
    people.prepare(layout)
    sshd.prepare(layout)
    dns.prepare(layout)
    central_log.prepare(layout)
    documents.prepare(layout)
    prometheus.prepare(layout)
    operations.prepare(layout)
    load_balancer.prepare(layout)


def _deploy(layout: Layout) -> None:
    release.build_repository(layout)
    for host in APP_HOSTS:
        release.deploy(layout, host)
