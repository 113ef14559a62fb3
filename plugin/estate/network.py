"""The estate's network: one bridge in a namespace of its own, one namespace per host, one for whoever checks."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from estate import mounts
from estate.layout import EstateError
from estate.topology import ADDRESSES, CONTROLLER_ADDRESS, GATEWAY, NETWORK, OUTSIDE_ADDRESS

if TYPE_CHECKING:
    from pathlib import Path

    from estate.layout import Layout

LAN = "lan"
CONTROLLER = "controller"
_BRIDGE = "br0"
_INTERFACE = "eth0"
_PREFIX = NETWORK.partition("/")[2]


def path(layout: Layout, name: str) -> Path:
    """Return the file that keeps the network namespace of a host (or `lan`, `controller`) alive."""
    return layout.networks / name


def create(layout: Layout) -> None:
    """Make all namespaces and connect them. Nothing of it is visible in the machine's own network."""
    layout.networks.mkdir(parents=True)
    mounts.make_private(layout.networks)
    members = {CONTROLLER: (CONTROLLER_ADDRESS, OUTSIDE_ADDRESS), **{name: (one,) for name, one in ADDRESSES.items()}}
    for name in (LAN, *members):
        file = path(layout, name)
        file.touch()
        _run("unshare", f"--net={file}", "true")
    bridge = [f"link add {_BRIDGE} type bridge", f"addr add {GATEWAY}/{_PREFIX} dev {_BRIDGE}", *_up(_BRIDGE)]
    for name in members:
        bridge += [
            f"link add {port(name)} type veth peer name {_INTERFACE} netns {path(layout, name)}",
            f"link set {port(name)} master {_BRIDGE} up",
        ]
    _configure(layout, LAN, bridge)
    for name, addresses in members.items():
        own = [f"addr add {address}/{_PREFIX} dev {_INTERFACE}" for address in addresses]
        _configure(layout, name, [*own, *_up(_INTERFACE), f"route add default via {GATEWAY}"])


def port(name: str) -> str:
    """Return the bridge's port of a host; `disconnect` and `connect` pull and plug its cable."""
    return f"p-{name}"


def disconnect(layout: Layout, name: str) -> None:
    """Pull the cable of a host."""
    _configure(layout, LAN, [f"link set {port(name)} down"])


def connect(layout: Layout, name: str) -> None:
    """Plug the cable of a host in again."""
    _configure(layout, LAN, [f"link set {port(name)} up"])


def namespaces(layout: Layout) -> list[int]:
    """Return the inode numbers of all namespaces that there are."""
    if not layout.networks.is_dir():
        return []
    # A file whose mount has gone is an ordinary empty file, on another device than the namespaces.
    ordinary = layout.networks.stat().st_dev
    return [one.stat().st_ino for one in layout.networks.iterdir() if one.stat().st_dev != ordinary]


def inside(layout: Layout, name: str) -> list[str]:
    """Return the command that runs the following command in a namespace."""
    return ["nsenter", f"--net={path(layout, name)}"]


def _up(interface: str) -> list[str]:
    return ["link set lo up", f"link set {interface} up"]


def _configure(layout: Layout, name: str, lines: list[str]) -> None:
    _run(*inside(layout, name), "ip", "-batch", "-", stdin="\n".join(lines) + "\n")


def _run(*command: str, stdin: str = "") -> None:
    ran = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise EstateError(f"`{' '.join(command)}` failed: {ran.stderr.strip()}")
