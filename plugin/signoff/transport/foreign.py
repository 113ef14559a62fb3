"""Any other connection that testinfra knows, under a time limit: containers, pods, chroots, Ansible, Salt, WinRM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import testinfra.backend

from signoff.errors import NotVerifiedError, UnreachableError
from signoff.transport.library import LibraryAsker
from signoff.transport.oneshot import FramedAsker, OneShotChannel
from signoff.transport.process import run_process

if TYPE_CHECKING:
    from testinfra.backend.base import BaseBackend

    from signoff.transport.address import HostAddress
    from signoff.transport.channel import Completed

_SSH = frozenset({"ssh", "safe-ssh", "paramiko"})
_LIBRARIES = frozenset({"ansible", "salt", "winrm"})
"""Backends that start no shell on the host by a local program: they run whole, in a process of their own."""


def foreign_channel(address: HostAddress) -> OneShotChannel:
    """Return a channel through the testinfra backend of `address.testinfra_url`.

    Raises:
        NotVerifiedError: testinfra does not know the connection, or it would get around what we promise.
    """
    url = urlsplit(address.testinfra_url)
    refusal = _refusal(url.scheme, url.query)
    if refusal:
        raise NotVerifiedError(f"{address.name}: signoff.testinfra_url: {refusal}")
    if url.scheme in _LIBRARIES:
        asker = LibraryAsker(address.name, address.testinfra_url)
        return OneShotChannel(address.name, asker, scripts=False)
    try:
        if url.scheme == "chroot":  # its name is a path, which testinfra takes for no part of a URL
            backend = testinfra.backend.get_backend(url.netloc + url.path, connection="chroot")
        else:
            backend = testinfra.backend.get_backend(address.testinfra_url, sudo=False)
    except (RuntimeError, ValueError) as error:
        raise NotVerifiedError(f"{address.name}: signoff.testinfra_url: {error}") from error
    return OneShotChannel(address.name, FramedAsker(address.name, _ProgramRunner(address.name, backend)))


def _refusal(scheme: str, query: str) -> str:
    if scheme in _SSH:
        return f"{scheme}:// is not allowed: write ansible_host and its like, and SSH is used with all its checks"
    if "sudo=" in query:
        return "sudo is not allowed: it would run a whole shell as root; list commands as signoff: {sudo: […]}"
    if scheme == "ansible" and "force_ansible=true" not in query.lower():
        return (
            "ansible:// is allowed with ?force_ansible=true: else testinfra opens SSH by itself, with checks of its own"
        )
    return ""


class _ProgramRunner:
    """Scripts through a backend that starts a local program per command, such as `docker exec`."""

    def __init__(self, name: str, backend: BaseBackend) -> None:
        self._name = name
        self._limit = 0.0
        self._completed: list[Completed] = []
        self._backend = backend
        self._backend.run_local = self._run_local

    def run(self, script: bytes, limit: float) -> Completed:
        """Run the script through the backend's own command line."""
        self._limit = limit
        self._completed.clear()
        self._backend.run(script.decode())
        if not self._completed:
            raise UnreachableError(f"{self._name}: testinfra's {self._backend.NAME} backend starts no program")
        return self._completed.pop()

    def close(self) -> None:
        """Nothing stays open between scripts."""

    def _run_local(self, command: str, *args: str) -> Any:
        # Stands in for testinfra's own, which waits for ever.
        line = self._backend.quote(command, *args)
        done = run_process(["/bin/sh", "-c", line], self._limit, about=self._name)
        self._completed.append(done)
        return self._backend.result(done.status, line.encode(), done.stdout, done.stderr)
