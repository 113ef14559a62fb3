"""The estate as roles, companions and faults see it: hosts, secrets, certificates, waiting."""

from __future__ import annotations

import json
import secrets
import threading
import time
from typing import TYPE_CHECKING

from estate import certificates
from estate.controller import Controller
from estate.hosts import Host
from estate.layout import EstateError, locked, write_atomically
from estate.topology import PLACES

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.certificates import Issued
    from estate.layout import Layout

_STEP = 0.1
_TIMEOUT = 120.0
"""Seconds, many times what anything takes: only what never comes takes so long, however busy the machine is."""


class Estate:
    """One estate, running or just being made."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.hosts = {place.name: Host(place, layout) for place in PLACES}
        self.controller = Controller(layout)
        self._ready = {place.name: threading.Event() for place in PLACES}
        self._given_up = threading.Event()

    def host(self, name: str) -> Host:
        """Return the host of that name.

        Raises:
            EstateError: there is none.
        """
        try:
            return self.hosts[name]
        except KeyError:
            raise EstateError(f"there is no host {name!r}; hosts: {', '.join(self.hosts)}") from None

    def with_role(self, role: str) -> tuple[Host, ...]:
        """Return the hosts that have the role, in the order of the topology."""
        return tuple(host for host in self.hosts.values() if role in host.place.roles)

    def secret(self, name: str) -> str:
        """Return the password of that name: 32 letters and digits, the same for the life of the estate."""
        with locked(self.layout.dir / "secrets.lock"):
            file = self.layout.secrets_file
            known: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
            if name not in known:
                known[name] = secrets.token_hex(16)
                write_atomically(file, json.dumps(known, indent=1) + "\n")
            return known[name]

    def issue(self, *names: str, days: float = certificates.DAYS, client: bool = False) -> Issued:
        """Return a new certificate of the estate's authority for DNS names and addresses, the first one its subject.

        A negative number of days gives one that has expired. Its `chain` is leaf and intermediate, as servers send it.
        """
        return certificates.issue(self.layout.authority, names, days=days, client=client)

    def wait_for(self, host: str, *, seconds: float = 300.0) -> None:
        """While the estate is made: wait until all roles of that host are started and ready.

        Raises:
            EstateError: it did not become ready in time, or the start failed elsewhere.
        """
        deadline = time.monotonic() + seconds
        while not self._ready[host].wait(_STEP):
            if self._given_up.is_set():
                raise EstateError(f"{host} never became ready: the start was given up")
            if time.monotonic() > deadline:
                raise EstateError(f"{host} is not ready after {seconds:g} s")

    def note_ready(self, host: str) -> None:
        """Let those continue who wait for the host."""
        self._ready[host].set()

    def give_up(self) -> None:
        """Let those fail who wait for a host."""
        self._given_up.set()


def wait_until(
    condition: Callable[[], bool], complaint: str, *, seconds: float = _TIMEOUT, step: float = _STEP
) -> None:
    """Wait until the condition holds.

    Raises:
        EstateError: it does not in time; the message is the complaint and the time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise EstateError(f"{complaint} (after {seconds:g} s)")
        time.sleep(step)
