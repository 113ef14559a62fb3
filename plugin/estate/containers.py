"""Machines without a hypervisor: one overlay, network and control group each, systemd-nspawn around a real systemd."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from estate import cgroups, mounts, network, processes
from estate.layout import EstateError

if TYPE_CHECKING:
    from estate.layout import Layout

_LEADER = "leader"
"""File with the number and start time of a host's PID 1."""


def folder(layout: Layout, name: str) -> Path:
    """Return the folder of everything that makes up one host."""
    return layout.hosts / name


def merged(layout: Layout, name: str) -> Path:
    """Return where the host's file system is mounted on this machine."""
    return folder(layout, name) / "root"


def console(layout: Layout, name: str) -> Path:
    """Return the file that the host's console is written to."""
    return folder(layout, name) / "console.log"


def create(layout: Layout, name: str, image: Path) -> None:
    """Lay an empty layer of its own over the image; nothing runs yet."""
    for part in ("upper", "work", "root"):
        (folder(layout, name) / part).mkdir(parents=True)
    mounts.overlay(
        merged(layout, name),
        lower=image,
        upper=folder(layout, name) / "upper",
        work=folder(layout, name) / "work",
    )


def boot(layout: Layout, name: str) -> None:
    """Start the host's systemd and return when it exists; it then takes seconds to be up."""
    group = cgroups.create(layout.mark, name)
    joined = "; ".join(f"echo $$ > '{path}/cgroup.procs'" for path in group)
    command = (
        *("systemd-nspawn", "--quiet", "--boot", "--settings=no", "--register=no", "--keep-unit", "--link-journal=no"),
        *(f"--machine={name}", f"--hostname={name}", f"--directory={merged(layout, name)}"),
        *(f"--network-namespace-path={network.path(layout, name)}", "--capability=CAP_NET_ADMIN"),
        *("--resolv-conf=off", "--timezone=off", "--console=read-only", "--kill-signal=SIGRTMIN+3"),
    )
    nspawn = processes.start(["/bin/sh", "-c", f'{joined}; exec "$@"', "sh", *command], console(layout, name))
    child = processes.wait_for_init(nspawn)
    if child is None:
        raise EstateError(f"{name} does not boot: {console(layout, name).read_text(errors='replace').strip()}")
    processes.remember(folder(layout, name) / _LEADER, child)


def leader(layout: Layout, name: str) -> int | None:
    """Return the process number of the host's PID 1; None if it is not booted."""
    return processes.recall(folder(layout, name) / _LEADER)


def root(layout: Layout, name: str) -> Path:
    """Return the host's file system: as it is on disk before the boot, as its PID 1 sees it afterwards."""
    pid = leader(layout, name)
    return merged(layout, name) if pid is None else Path(f"/proc/{pid}/root")


def enter(layout: Layout, name: str) -> list[str]:
    """Return the command that runs the following command on the host.

    Raises:
        EstateError: there is no such host at the moment.
    """
    pid = leader(layout, name)
    if pid is not None:
        return [
            "nsenter",
            f"--target={pid}",
            "--mount",
            "--uts",
            "--ipc",
            "--net",
            "--pid",
            "--cgroup",
            "--root",
            "--wd",
        ]
    if mounts.is_mounted(merged(layout, name)):
        return ["chroot", str(merged(layout, name))]
    raise EstateError(f"{name} does not run; start the estate with `python -m estate up`")
