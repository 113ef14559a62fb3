"""The OpenSSH client as a channel: the user's configuration, agents and jump hosts, and one shared connection."""

from __future__ import annotations

import shlex
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from signoff.errors import AuthenticationError, CouldNotCheckError, TimedOutError, UnreachableError
from signoff.transport.process import run_process
from signoff.transport.script import for_login_shell

if TYPE_CHECKING:
    from signoff.transport.address import HostAddress
    from signoff.transport.channel import Completed

_LOST = 255
"""What `ssh` exits with when the failure is its own."""
_KEY_REFUSED = ("host key verification failed", "remote host identification has changed", "no matching host key type")
_WE_REFUSED = ("permission denied", "too many authentication failures", "no supported authentication methods")
_LONGEST_BASE = 60
"""Bytes of the directory for sockets: a Unix socket's path may have 104, ours adds 19, `ssh` 18 while it binds."""


class OpenSSHChannel:
    """Scripts over one OpenSSH connection that is opened once and shared by all of them."""

    def __init__(self, address: HostAddress, *, connect_timeout: float = 5.0) -> None:
        """Prepare the command line; nothing is started before the first script."""
        self._name = address.name
        self._directory = _short_private_directory()
        ours = {
            "BatchMode": "yes",
            "StrictHostKeyChecking": "yes",
            "ControlMaster": "auto",
            "ControlPath": str(self._directory / "c"),
            "ControlPersist": "60s",
            "LogLevel": "ERROR",
        }
        defaults = {
            "ConnectTimeout": f"{max(1, round(connect_timeout))}",
            "ConnectionAttempts": "1",
            "ServerAliveInterval": "5",
            "ServerAliveCountMax": "2",
        }
        # ssh takes the first value that it meets: what must hold first, then the user's, then mere defaults.
        self._options = [*_as_options(ours), *shlex.split(address.ssh_args)]
        if address.identity_file:
            self._options += ["-i", address.identity_file, *_as_options({"IdentitiesOnly": "yes"})]
        if address.port:
            self._options += ["-p", str(address.port)]
        if address.user:
            self._options += ["-l", address.user]
        self._options += _as_options(defaults)
        self._destination = address.destination

    def run(self, script: str, limit: float) -> Completed:
        """Run the script over the shared connection, opening it if needed."""
        argv = ["ssh", "-T", *self._options, "--", self._destination, for_login_shell(script)]
        completed = run_process(argv, limit, about=self._name)
        if completed.status == _LOST:
            raise _why_lost(self._name, completed.stderr.decode(errors="replace"))
        return completed

    def close(self) -> None:
        """End the shared connection's process and remove its socket."""
        if self._directory.exists():
            # Without an answer the process still ends by itself, 60 seconds after its last command.
            with suppress(TimedOutError):
                run_process(["ssh", *self._options, "-O", "exit", "--", self._destination], 5, about=self._name)
            shutil.rmtree(self._directory, ignore_errors=True)


def _as_options(options: dict[str, str]) -> list[str]:
    return [word for key, value in options.items() for word in ("-o", f"{key}={value}")]


def _short_private_directory() -> Path:
    """Return a new directory of mode 0700 whose path is short enough for a Unix socket."""
    base = tempfile.gettempdir()
    return Path(tempfile.mkdtemp(prefix="signoff-", dir=base if len(base) <= _LONGEST_BASE else "/tmp"))  # noqa: S108


def _why_lost(name: str, stderr: str) -> CouldNotCheckError:
    lines = [line.strip() for line in stderr.splitlines() if line.strip(" @\r")]
    lowered = stderr.lower()
    if any(phrase in lowered for phrase in _KEY_REFUSED):
        return AuthenticationError(
            f"{name}: the host's key is not the known one; compare its fingerprint and add it to known_hosts"
        )
    last = lines[-1] if lines else "ssh gave no reason"
    if any(phrase in lowered for phrase in _WE_REFUSED):
        return AuthenticationError(f"{name}: {last}")
    return UnreachableError(f"{name}: {last}")
