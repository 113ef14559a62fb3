"""A host that is a folder of this machine: for tests that need several hosts, or files of a login folder."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

from testinfra.backend.local import LocalBackend

if TYPE_CHECKING:
    from pathlib import Path


class ShellBackend(LocalBackend):  # type: ignore[misc]  # testinfra carries no types
    """A shell on our own machine that starts in a folder, as `ssh` starts in the login folder."""

    def __init__(self, home: Path) -> None:
        super().__init__("local")
        self._home = home

    def run(self, command: str, *args: str, **_: Any) -> Any:
        done = subprocess.run(
            ["/bin/sh", "-c", self.quote(command, *args)],
            cwd=self._home,
            capture_output=True,
            check=False,
            env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "HOME": str(self._home)},
            stdin=subprocess.DEVNULL,
            timeout=120,
        )
        return self.result(done.returncode, command.encode(), done.stdout, done.stderr)
