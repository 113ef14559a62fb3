"""The OpenSSH client as a carrier: the user's configuration, agents, certificates and jump hosts, checked strictly."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from signoff.errors import AuthenticationError, SignoffError, UnreachableError
from signoff.transport.shell.carrier import Carrier
from signoff.transport.shell.channel import ShellChannel

if TYPE_CHECKING:
    from signoff.transport.address import HostAddress

_ALWAYS = {
    "BatchMode": "yes",
    "StrictHostKeyChecking": "yes",
    "UpdateHostKeys": "no",
    "ClearAllForwardings": "yes",
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "PermitLocalCommand": "no",
    "RemoteCommand": "none",
    "LogLevel": "ERROR",
}
"""What must hold whatever the user's configuration says: no questions, no unknown host, nothing but one shell."""
_AUTHENTICATION = 10.0
"""Seconds that the host, and every jump host, may take to let us in once it answers."""
_SHELL = "exec /bin/sh -s"
"""Whatever the account's login shell is, it makes room for this one."""


def openssh_channel(address: HostAddress, *, connect_timeout: float = 5.0, grace: float = 15.0) -> ShellChannel:
    """Return a channel over one `ssh` process; `connect_timeout` and `grace` are in seconds."""
    argv = ["ssh", "-T", *_options(address, connect_timeout), "--", address.destination, _SHELL]
    return ShellChannel(
        Carrier(
            name=address.name,
            argv=argv,
            explain=lambda status, said: why_no_way_in(address.name, status, said),
            connect_limit=connect_timeout + _AUTHENTICATION,
            grace=grace,
        )
    )


def _options(address: HostAddress, connect_timeout: float) -> list[str]:
    defaults = {
        "ConnectTimeout": f"{max(1, round(connect_timeout))}",
        "ConnectionAttempts": "1",
        "ServerAliveInterval": "3",
        "ServerAliveCountMax": "2",
    }
    # ssh takes the first value that it meets: what must hold first, then the inventory's, then mere defaults.
    options = [*_as_options(_ALWAYS), *shlex.split(address.ssh_args)]
    if address.identity_file:
        options += ["-i", address.identity_file, *_as_options({"IdentitiesOnly": "yes"})]
    if address.port:
        options += ["-p", str(address.port)]
    if address.user:
        options += ["-l", address.user]
    return options + _as_options(defaults)


def _as_options(options: dict[str, str]) -> list[str]:
    return [word for key, value in options.items() for word in ("-o", f"{key}={value}")]


_CHANGED = "remote host identification has changed"
_KEY_REFUSED = ("host key verification failed", "no matching host key type")
_WE_REFUSED = ("permission denied (", "too many authentication failures", "no supported authentication methods")
_CROWDED = ("kex_exchange_identification", "exceeded maxstartups")


def why_no_way_in(name: str, status: int | None, said: str) -> SignoffError:
    """Return the typed reason why the client's shell never spoke; `said` is what the client and the account said."""
    lowered = said.lower()
    lines = [line.strip() for line in said.splitlines() if line.strip(" @\r")]
    last = lines[-1][:200] if lines else f"ssh ended with status {status} and gave no reason"
    if _CHANGED in lowered:
        return AuthenticationError(
            f"{name}: the host's key has CHANGED: it is not the known one. Another machine may be answering;"
            " ask who changed it, compare the fingerprint, and only then replace the line in known_hosts"
        )
    if any(phrase in lowered for phrase in _KEY_REFUSED):
        return AuthenticationError(
            f"{name}: the host's key is not known; compare its fingerprint and add it to known_hosts"
        )
    if any(phrase in lowered for phrase in _WE_REFUSED):
        return AuthenticationError(f"{name}: {last}")
    if any(phrase in lowered for phrase in _CROWDED):
        return UnreachableError(
            f"{name}: {last}; the host (or a jump host) turned the connection away before log-in:"
            " too many log-ins at once (MaxStartups), or a filter"
        )
    return UnreachableError(f"{name}: {last}")
