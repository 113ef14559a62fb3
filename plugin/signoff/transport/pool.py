"""All hosts of an inventory: one connection each, opened together at a pace, and ended together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import SignoffError
from signoff.transport.ahead.channel import AheadChannel
from signoff.transport.backend import BoundedBackend
from signoff.transport.breaker import Breaker
from signoff.transport.channels import channel_for, elevation_of
from signoff.transport.host import CheckedHost
from signoff.transport.open_files import make_room
from signoff.transport.pacing import Pace, Starter, gateway

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from concurrent.futures import Future
    from types import TracebackType
    from typing import Self

    from signoff.transport.address import HostAddress
    from signoff.transport.ahead.ahead import Ahead
    from signoff.transport.channel import Channel

_CLOSED_AT_ONCE = 32
"""Connections whose ends are awaited together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolFigures:
    """What one process asked of hosts."""

    connected: tuple[str, ...]
    """Hosts that let us in."""
    lost: Mapping[str, str]
    """Hosts without a way in, or not any more, with the reason."""


class HostPool:
    """Connections to the hosts of an inventory, by name; a context manager that leaves no process behind.

    Args:
        hosts: The addresses by host name.
        limit: Seconds that one command may take on a host.
        connect_timeout: Seconds for the one attempt to connect.
        breaker: What is known of lost hosts; by default this pool alone knows.
        pace: How many connections may be starting at once.
        ahead: Answers from memory; None: every question is asked when it comes.
    """

    def __init__(  # noqa: PLR0913 - each has a default that fits
        self,
        hosts: Mapping[str, HostAddress],
        *,
        limit: float = 30.0,
        connect_timeout: float = 5.0,
        breaker: Breaker | None = None,
        pace: Pace | None = None,
        ahead: Ahead | None = None,
    ) -> None:
        self._addresses = dict(hosts)
        make_room(len(self._addresses))
        self._limit = limit
        self._ahead = ahead
        self._connecting: dict[str, Future[Channel]] = {}
        self._hosts: dict[str, CheckedHost] = {}
        self._starter = Starter(
            lambda name: channel_for(self._addresses[name], connect_timeout=connect_timeout),
            lambda name: gateway(self._addresses[name]),
            breaker or Breaker(),
            pace or Pace(patience=connect_timeout),
        )

    @property
    def figures(self) -> PoolFigures:
        """What has happened so far."""
        ended = {name: future.exception() for name, future in self._connecting.items() if future.done()}
        later = {name: host.backend.lost for name, host in self._hosts.items()}
        return PoolFigures(
            connected=tuple(name for name, error in ended.items() if error is None),
            lost={name: str(error) for name, error in sorted({**ended, **later}.items()) if error is not None},
        )

    def start(self, names: Iterable[str]) -> None:
        """Begin to connect to these hosts, at the pool's pace; does not wait. Names of no host are ignored."""
        for name in names:
            if name in self._addresses:
                self._expect(name)

    def connect(self, name: str) -> CheckedHost:
        """Return the connected testinfra host; each host is tried once in a run.

        Raises:
            KeyError: no host of that name.
            UnreachableError, AuthenticationError: no way in, now or at the first attempt.
            NotVerifiedError: what the address needs is not installed on this machine.
        """
        if name not in self._hosts:
            address = self._addresses[name]
            connecting = self._expect(name)
            self._starter.hurry(name)
            try:
                channel = connecting.result()
            except SignoffError as error:
                raise type(error)(*error.args) from None  # a new one each time: the same text, a traceback of its own
            if self._ahead is not None:
                channel = AheadChannel(name, channel, self._ahead)
            backend = BoundedBackend(address.name, channel, limit=self._limit, elevation=elevation_of(address))
            host = CheckedHost(backend)
            backend.set_host(host)
            self._hosts[name] = host
        return self._hosts[name]

    def take_notices(self) -> list[str]:
        """Return, once each, what must be seen beside the answers, such as a question that was asked again."""
        return [notice for host in self._hosts.values() for notice in host.backend.take_notices()]

    def close(self) -> None:
        """End all connections and their processes."""
        self._starter.close()
        self._hosts.clear()
        connecting, self._connecting = self._connecting, {}
        channels = [future.result() for future in connecting.values() if future.done() and future.exception() is None]
        if channels:
            with ThreadPoolExecutor(min(_CLOSED_AT_ONCE, len(channels))) as threads:
                list(threads.map(lambda channel: channel.close(), channels))

    def _expect(self, name: str) -> Future[Channel]:
        if name not in self._connecting:
            self._connecting[name] = future = self._starter.result(name)
            if self._ahead is not None:
                future.add_done_callback(lambda done: self._attach(name, done))
        return self._connecting[name]

    def _attach(self, name: str, connected: Future[Channel]) -> None:
        if self._ahead is not None and connected.exception() is None:
            self._ahead.attach(name, connected.result())

    def __enter__(self) -> Self:
        """Return the pool."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End all connections."""
        self.close()
