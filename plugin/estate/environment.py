"""Bring an estate up, take it down, and tell how it is."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from estate import certificates, cgroups, containers, env_file, image, mounts, network, processes, ssh
from estate.companions import COMPANIONS
from estate.estate import Estate, wait_until
from estate.layout import EstateError, State, load, locked, save, write_atomically
from estate.machine import obstacle
from estate.roles import ROLES
from estate.roles.base import allow
from estate.topology import DOMAIN, PLACES, RESOLVER_ADDRESS

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from estate.companions.model import Companion
    from estate.hosts import Host
    from estate.image import Image
    from estate.layout import Layout

_READY_TIMEOUT = 300.0
"""Seconds; a busy machine takes several times the usual."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One host or companion, as `status` shows it."""

    name: str
    state: str
    """systemd's own word for a host (`running`, `degraded`, …), `down` without one."""
    detail: str


def up(layout: Layout, report: Callable[[str], None] = lambda _: None, *, keep: bool = False) -> Estate:
    """Start the estate and return when all of it answers; one that runs already is left alone.

    What an interrupted start or a crash left is removed first.

    Args:
        layout: where it lives.
        report: told in a few words what happens now.
        keep: leave a start that failed as it is, to be looked at.

    Raises:
        EstateError: something is missing or does not start; nothing is left behind but the image.
    """
    if (why := obstacle()) is not None:
        raise EstateError(why)
    with locked(layout.home / "estate.lock"):
        if is_up(layout):
            return Estate(layout)
        tear_down(layout)
        made = image.ensure(layout, ROLES.values(), report)
        try:
            return _bring_up(layout, made, report)
        except BaseException:
            if not keep:
                tear_down(layout)
            raise


def down(layout: Layout) -> bool:
    """Stop the estate and remove everything but the image; return whether there was anything."""
    with locked(layout.home / "estate.lock"):
        existed = layout.dir.exists()
        tear_down(layout)
    return existed


def is_up(layout: Layout) -> bool:
    """Return whether the estate was started completely and all its hosts still run."""
    return layout.env_file.exists() and all(host.is_booted for host in Estate(layout).hosts.values())


def opened(layout: Layout) -> Estate:
    """Return the running estate.

    Raises:
        EstateError: none runs.
    """
    if not is_up(layout):
        raise EstateError(f"no estate runs in {layout.home}; start it with `python -m estate up`")
    return Estate(layout)


def status(layout: Layout) -> list[Condition]:
    """Return how every host is.

    Raises:
        EstateError: there is no estate.
    """
    load(layout)
    return [_condition(host) for host in Estate(layout).hosts.values()]


def tear_down(layout: Layout) -> None:
    """End and remove whatever there is of an estate, however far it came. Its image stays."""
    processes.end_all(lambda: _processes(layout))
    mounts.unmount_below(layout.dir)
    cgroups.remove(layout.mark)
    if layout.dir.exists():
        shutil.rmtree(layout.dir, onerror=_unless_gone)


def _unless_gone(_function: object, _path: str, found: Any) -> None:
    """Raise what kept a file from being removed, unless somebody else has just removed it."""
    if not isinstance(found[1], FileNotFoundError):
        raise found[1]


def _processes(layout: Layout) -> set[int]:
    living = processes.in_namespaces("net", network.namespaces(layout))
    return {*cgroups.members(layout.mark), *living, *processes.rooted_below(layout.dir)}


def _condition(host: Host) -> Condition:
    if not host.is_booted:
        return Condition(name=host.name, state="down", detail=host.address)
    word = host.ask("systemctl", "is-system-running").stdout.strip() or "unknown"
    failed = host.ask("systemctl list-units --failed --plain --no-legend | cut -d ' ' -f 1").stdout.split()
    return Condition(name=host.name, state=word, detail=" ".join((host.address, *host.place.roles, *failed)))


def _bring_up(layout: Layout, made: Image, report: Callable[[str], None]) -> Estate:
    report("network")
    layout.dir.mkdir(parents=True)
    save(layout, State(image=made.digest))
    network.create(layout)
    certificates.prepare(layout.authority)
    ssh.prepare(layout)
    resolver = f"search {DOMAIN}\nnameserver {RESOLVER_ADDRESS}\noptions timeout:2 attempts:2\n"
    write_atomically(layout.resolv_conf, resolver, mode=0o644)
    estate = Estate(layout)
    report("hosts")
    with ThreadPoolExecutor(max_workers=len(PLACES) + len(COMPANIONS)) as pool:
        beside = [pool.submit(_start_companion, estate, companion) for companion in COMPANIONS]
        hosts = [pool.submit(_bring_up_host, estate, host, made) for host in estate.hosts.values()]
        _wait_for_all(estate, [*hosts, *beside])
    env_file.write(estate)
    return estate


def _wait_for_all(estate: Estate, futures: list[Future[None]]) -> None:
    """Raise the first error in time, and let nobody wait for what will not come."""
    waiting = list(futures)
    while waiting:
        for future in [one for one in waiting if one.done()]:
            waiting.remove(future)
            if future.exception() is not None:
                estate.give_up()
                future.result()
        time.sleep(0.02)


def _bring_up_host(estate: Estate, host: Host, made: Image) -> None:
    roles = [ROLES[name] for name in host.place.roles]
    containers.create(estate.layout, host.name, made.root)
    for role in roles:
        role.configure(host, estate)
    allow(host, [command for role in roles for command in role.sudo])
    containers.boot(estate.layout, host.name)
    _wait_for_boot(host)
    for role in roles:
        role.start(host, estate)
    for role in roles:
        complaint = f"{role.name} on {host.name} does not get ready"
        wait_until(partial(role.ready, host, estate), complaint, seconds=_READY_TIMEOUT)
    estate.note_ready(host.name)


def _wait_for_boot(host: Host) -> None:
    wait_until(lambda: host.exists("/run/systemd/private"), f"{host.name} does not boot", seconds=_READY_TIMEOUT)
    asked = host.ask("systemctl", "is-system-running", "--wait", timeout=_READY_TIMEOUT)
    if asked.stdout.strip() != "running":
        failed = host.ask("systemctl", "status", "--failed", "--no-pager", "--full").stdout
        raise EstateError(f"{host.name} is {asked.stdout.strip() or asked.stderr.strip()}\n{failed}")


def _start_companion(estate: Estate, companion: Companion) -> None:
    folder = estate.layout.companions / companion.name
    folder.mkdir(parents=True)
    companion.prepare(estate)
    if command := companion.program(estate):
        estate.controller.spawn(command, folder / "output.log")
    wait_until(lambda: companion.ready(estate), f"{companion.name} does not answer", seconds=_READY_TIMEOUT)
    companion.start(estate)
