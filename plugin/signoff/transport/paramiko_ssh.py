"""SSH without the OpenSSH client: one paramiko connection per host, host keys checked strictly."""

from __future__ import annotations

import shlex
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import paramiko

from signoff.errors import AuthenticationError, NotVerifiedError, TimedOutError, UnreachableError
from signoff.transport.channel import Completed
from signoff.transport.oneshot import FramedAsker, OneShotChannel

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.transport.address import HostAddress

_HARMLESS = frozenset(
    {"batchmode", "connecttimeout", "controlmaster", "controlpath", "controlpersist", "identitiesonly", "loglevel"}
    | {"serveraliveinterval", "serveralivecountmax", "stricthostkeychecking", "connectionattempts"}
)
"""Options of the SSH client that this channel may leave out: it is as strict as they can ask for."""
_CHUNK = 65_536


def paramiko_channel(address: HostAddress, *, connect_timeout: float = 5.0, grace: float = 15.0) -> OneShotChannel:
    """Return a channel over one paramiko connection; for machines that have no OpenSSH client.

    Raises:
        NotVerifiedError: the address needs an option that only the OpenSSH client has.
    """
    runner = _ParamikoRunner(address, connect_timeout=connect_timeout)
    return OneShotChannel(address.name, FramedAsker(address.name, runner, grace=grace))


class _ParamikoRunner:
    """Scripts over one paramiko connection, each in a session of its own."""

    def __init__(self, address: HostAddress, *, connect_timeout: float) -> None:
        self._address = address
        self._timeout = connect_timeout
        self._known_hosts = _known_hosts(address)
        self._client: paramiko.SSHClient | None = None

    def run(self, script: bytes, limit: float) -> Completed:
        """Run the script on its own session of the one connection."""
        deadline = time.monotonic() + limit
        if self._client is None:
            self._client = self._connect()
        transport = self._client.get_transport()
        if transport is None:
            raise UnreachableError(f"{self._address.name}: the connection was lost")
        try:
            with transport.open_session(timeout=self._timeout) as channel:
                channel.exec_command(b"exec /bin/sh -s")
                channel.settimeout(self._timeout)
                channel.sendall(script)
                channel.shutdown_write()
                completed = _collect(channel, deadline)
        except TimeoutError:
            raise TimedOutError(f"{self._address.name}: nothing came back within {limit:g} s") from None
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise UnreachableError(f"{self._address.name}: the connection was lost: {error}") from error
        if completed.status < 0 and not transport.is_active():
            raise UnreachableError(f"{self._address.name}: the connection was lost")
        return completed

    def close(self) -> None:
        """End the connection and its thread."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _connect(self) -> paramiko.SSHClient:
        address, client = self._address, paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        for path in self._known_hosts:
            if path.is_file():
                client.load_system_host_keys(str(path))
        try:
            client.connect(
                address.destination,
                port=address.port or 22,
                username=address.user or None,
                key_filename=address.identity_file or None,
                allow_agent=not address.identity_file,
                look_for_keys=not address.identity_file,
                timeout=self._timeout,
                banner_timeout=self._timeout,
                auth_timeout=self._timeout,
            )
        except BaseException as error:
            client.close()
            typed = _typed(address.name, error)
            if typed is None:
                raise
            raise typed from error
        transport = client.get_transport()
        if transport is not None:
            transport.set_keepalive(5)
            if isinstance(transport.sock, socket.socket):
                # Without it, Nagle's algorithm costs tens of milliseconds per command.
                transport.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client


def _collect(channel: paramiko.Channel, deadline: float) -> Completed:
    """Read both streams to their ends at once: a program that fills the one we do not read would hang."""
    channel.settimeout(max(0.1, deadline - time.monotonic()))
    output: list[bytes] = []
    errors: list[bytes] = []
    reader = threading.Thread(target=_drain_quietly, args=(channel, errors, deadline), daemon=True)
    reader.start()
    _drain(channel.recv, output, deadline)
    reader.join(max(0.1, deadline - time.monotonic()))
    if not channel.status_event.wait(max(0.1, deadline - time.monotonic())):
        raise TimeoutError
    return Completed(status=channel.recv_exit_status(), stdout=b"".join(output), stderr=b"".join(errors))


def _drain(receive: Callable[[int], bytes], into: list[bytes], deadline: float) -> None:
    while chunk := receive(_CHUNK):
        into.append(chunk)
        if time.monotonic() > deadline:
            raise TimeoutError


def _drain_quietly(channel: paramiko.Channel, into: list[bytes], deadline: float) -> None:
    # Both streams end together, so whoever reads the other one notices the same timeout and reports it.
    with suppress(TimeoutError):
        _drain(channel.recv_stderr, into, deadline)


def _typed(name: str, error: BaseException) -> Exception | None:
    match error:
        case paramiko.BadHostKeyException():
            return AuthenticationError(
                f"{name}: the host's key has CHANGED: it is not the known one; another machine may be answering"
            )
        case paramiko.AuthenticationException():
            return AuthenticationError(f"{name}: the host refused our identity: {error}")
        case paramiko.SSHException() if "not found in known_hosts" in str(error):
            return AuthenticationError(
                f"{name}: the host's key is not known; compare its fingerprint and add it to known_hosts"
            )
        case paramiko.SSHException() | EOFError() | OSError():
            return UnreachableError(f"{name}: {str(error) or type(error).__name__}")
        case _:
            return None


def _known_hosts(address: HostAddress) -> list[Path]:
    options = _options(address.ssh_args)
    written = options.pop("userknownhostsfile", "~/.ssh/known_hosts ~/.ssh/known_hosts2")
    beyond = sorted(options.keys() - _HARMLESS)
    if beyond:
        raise NotVerifiedError(f"{address.name}: {', '.join(beyond)} needs the OpenSSH client; install openssh-client")
    return [Path("/etc/ssh/ssh_known_hosts"), *(Path(word).expanduser() for word in shlex.split(written))]


def _options(ssh_args: str) -> dict[str, str]:
    """Return the options by lower-case key; a switch such as `-J` is its own key, so that it is not overlooked."""
    # The client's configuration file is never read here, which is what `-F none` asks for.
    words = iter(shlex.split(ssh_args.replace("-F none", "")))
    options: dict[str, str] = {}
    for word in words:
        text = next(words, "") if word == "-o" else word.removeprefix("-o")
        key, _, value = text.partition("=") if "=" in text else text.partition(" ")
        options.setdefault(key.strip().lower(), value.strip())
    return options
