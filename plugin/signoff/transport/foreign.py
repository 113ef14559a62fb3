"""Any other connection that testinfra knows (docker, podman, kubectl, lxc …), under the same time limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import testinfra.backend

from signoff.errors import UnreachableError
from signoff.transport.channel import Completed
from signoff.transport.process import run_process

if TYPE_CHECKING:
    from signoff.transport.address import HostAddress


class ForeignChannel:
    """Scripts through one of testinfra's backends that start a local program per command."""

    def __init__(self, address: HostAddress) -> None:
        """Build the backend from `address.testinfra_url`; nothing is started before the first script.

        Raises:
            UnreachableError: testinfra does not know the connection, or it would bypass our limits.
        """
        self._name = address.name
        self._limit = 0.0
        try:
            self._backend = testinfra.backend.get_backend(address.testinfra_url, sudo=False)
        except (RuntimeError, ValueError) as error:
            raise UnreachableError(f"{address.name}: signoff.testinfra_url: {error}") from error
        if self._backend.NAME in {"ssh", "safe-ssh", "paramiko", "ansible", "salt", "winrm"} or self._backend.sudo:
            # They have no time limit, accept unknown host keys, or run a whole shell as root.
            raise UnreachableError(
                f"{address.name}: signoff.testinfra_url: {self._backend.NAME} or sudo is not allowed"
            )
        self._backend.run_local = self._run_local

    def run(self, script: str, limit: float) -> Completed:
        """Run the script through the backend's own command line."""
        self._limit = limit
        result = self._backend.run(script)
        return Completed(status=result.rc, stdout=result.stdout_bytes, stderr=result.stderr_bytes)

    def close(self) -> None:
        """Nothing stays open between scripts."""

    def _run_local(self, command: str, *args: str) -> Any:
        # Stands in for testinfra's own, which waits for ever.
        line = self._backend.quote(command, *args)
        done = run_process(["/bin/sh", "-c", line], self._limit, about=self._name)
        return self._backend.result(done.status, line.encode(), done.stdout, done.stderr)
