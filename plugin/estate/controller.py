"""Where the checks run: a network of its own beside the hosts, whose names the estate's resolver answers."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from estate import network, processes
from estate.layout import EstateError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from estate.layout import Layout

_TIMEOUT = 180.0
# A mount namespace for each command: the resolv.conf is changed for it alone.
_WITH_RESOLVER = 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"'


class Controller:
    """Runs programs of this machine in the controller's network."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def command(self, *command: str) -> list[str]:
        """Return the command line that runs a command there; one argument alone is a line for `/bin/sh -c`."""
        line = ["/bin/sh", "-c", command[0]] if len(command) == 1 else list(command)
        entered = network.inside(self.layout, network.CONTROLLER)
        alone = ["unshare", "--mount", "--propagation=private", "/bin/sh", "-c", _WITH_RESOLVER, "sh"]
        return [*entered, *alone, str(self.layout.resolv_conf), *line]

    def ask(self, *command: str, stdin: str = "", timeout: float = _TIMEOUT) -> subprocess.CompletedProcess[str]:
        """Run a program to its end; a failure is an answer.

        Raises:
            EstateError: it took longer than `timeout` seconds.
        """
        try:
            return subprocess.run(
                self.command(*command),
                input=stdin,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise EstateError(f"controller: `{' '.join(command)}` took longer than {timeout:g} s") from error

    def run(self, *command: str, stdin: str = "", timeout: float = _TIMEOUT) -> str:
        """Run a program to its end and return what it printed.

        Raises:
            EstateError: it failed, or took longer than `timeout` seconds.
        """
        ran = self.ask(*command, stdin=stdin, timeout=timeout)
        if ran.returncode:
            said = (ran.stderr or ran.stdout).strip()
            raise EstateError(f"controller: `{' '.join(command)}` failed with {ran.returncode}: {said}")
        return ran.stdout

    def spawn(self, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> int:
        """Start a program that stays until the estate goes, and return its process number."""
        return processes.start(self.command(*command), log, env).pid
