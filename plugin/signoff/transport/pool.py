"""All hosts of an inventory: one connection each, opened when first asked for, ended together."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.transport.backend import BoundedBackend
from signoff.transport.host import CheckedHost
from signoff.transport.openssh import OpenSSHChannel
from signoff.transport.process import LocalChannel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    from signoff.transport.address import HostAddress
    from signoff.transport.channel import Channel


class HostPool:
    """Connections to the hosts of an inventory, by name; a context manager that leaves no process behind.

    Args:
        hosts: The addresses by host name.
        limit: Seconds that one command may take on a host.
        connect_timeout: Seconds for the one attempt to connect.
    """

    def __init__(self, hosts: Mapping[str, HostAddress], *, limit: float = 30.0, connect_timeout: float = 5.0) -> None:
        self._addresses = dict(hosts)
        self._limit = limit
        self._connect_timeout = connect_timeout
        self._hosts: dict[str, CheckedHost] = {}

    def connect(self, name: str) -> CheckedHost:
        """Return the connected testinfra host; each host is tried once in the life of the pool.

        Raises:
            KeyError: no host of that name.
            UnreachableError, AuthenticationError: no way in, now or at the first attempt.
            NotVerifiedError: what the address needs is not installed on this machine.
        """
        if name not in self._hosts:
            address = self._addresses[name]
            channel = _channel(address, self._connect_timeout)
            backend = BoundedBackend(name, channel, limit=self._limit, grace=self._connect_timeout + 5)
            host = CheckedHost(backend)
            backend.set_host(host)
            self._hosts[name] = host
        host = self._hosts[name]
        host.backend.open()
        return host

    def close(self) -> None:
        """End all connections and their processes."""
        while self._hosts:
            _, host = self._hosts.popitem()
            host.backend.close()

    def __enter__(self) -> Self:
        """Return the pool."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End all connections."""
        self.close()


def _channel(address: HostAddress, connect_timeout: float) -> Channel:
    # What is not the default way in is imported when an inventory asks for it: paramiko is an extra.
    if address.testinfra_url:
        from signoff.transport.foreign import ForeignChannel  # noqa: PLC0415

        return ForeignChannel(address)
    if address.connection == "local":
        return LocalChannel(address.name)
    if shutil.which("ssh"):
        return OpenSSHChannel(address, connect_timeout=connect_timeout)
    return _paramiko(address, connect_timeout)


def _paramiko(address: HostAddress, connect_timeout: float) -> Channel:
    try:
        from signoff.transport.paramiko_ssh import ParamikoChannel  # noqa: PLC0415
    except ImportError:
        raise NotVerifiedError(
            f"{address.name}: no SSH client; install openssh-client, or `pip install pytest-signoff[paramiko]`"
        ) from None
    return ParamikoChannel(address, connect_timeout=connect_timeout)
