"""One host as its administrator sees it: files, commands, services; before its boot and after."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from estate import containers
from estate.layout import EstateError, write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from estate.layout import Layout
    from estate.topology import Place

_TIMEOUT = 180.0
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}
"""Variables of commands on hosts."""


@dataclass(frozen=True, slots=True)
class Host:
    """One host of the estate. Everything raises `EstateError` with host, command and output in its message."""

    place: Place
    layout: Layout

    @property
    def name(self) -> str:
        """Its short name, such as `app1`."""
        return self.place.name

    @property
    def address(self) -> str:
        """Its only address."""
        return self.place.address

    @property
    def is_booted(self) -> bool:
        """Whether its systemd runs."""
        return containers.leader(self.layout, self.name) is not None

    @property
    def root(self) -> Path:
        """Its file system as this machine sees it, with its own /run and /tmp once it is booted."""
        return containers.root(self.layout, self.name)

    def path(self, inside: str) -> Path:
        """Return where this machine sees a file of the host.

        Raises:
            EstateError: it leads out of the host, by an absolute link, say; use `run` for such a file.
        """
        outside = self.root
        for part in PurePosixPath(inside).parts[1:]:
            if outside.is_symlink() and outside != self.root and outside.readlink().is_absolute():
                raise EstateError(f"{self.name}: {inside} lies behind an absolute link; name the file that it leads to")
            outside /= part
        return outside

    def exists(self, path: str) -> bool:
        """Return whether there is such a file, folder or link."""
        return os.path.lexists(self.path(path))

    def read(self, path: str) -> str:
        """Return the content of a text file (a link is read inside of the host)."""
        outside = self.path(path)
        if outside.is_symlink():
            return self.run("cat", path)
        try:
            return outside.read_text(encoding="utf-8")
        except OSError as error:
            raise EstateError(f"{self.name}: cannot read {path}: {error.strerror}") from error

    def write(self, path: str, content: str | bytes, *, mode: int = 0o644, owner: str = "root:root") -> None:
        """Replace a file in one step, with its missing parent folders; `owner` is `user:group` by the host's names."""
        outside = self.path(path)
        outside.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(outside, content, mode=mode)
        self._own(outside, owner)

    def make_folder(self, path: str, *, mode: int = 0o755, owner: str = "root:root") -> None:
        """Make a folder with its missing parents, or change its mode and owner."""
        outside = self.path(path)
        outside.mkdir(parents=True, exist_ok=True)
        outside.chmod(mode)
        self._own(outside, owner)

    def remove(self, path: str) -> None:
        """Remove a file, link or folder if it is there."""
        outside = self.path(path)
        if outside.is_dir() and not outside.is_symlink():
            shutil.rmtree(outside)
        else:
            outside.unlink(missing_ok=True)

    def link(self, path: str, target: str) -> None:
        """Make a symbolic link (replacing one), `target` as the host sees it."""
        outside = self.path(path)
        outside.parent.mkdir(parents=True, exist_ok=True)
        outside.unlink(missing_ok=True)
        outside.symlink_to(target)

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace a passage that is there exactly once; mode and owner stay.

        Raises:
            EstateError: it is not there, or more than once.
        """
        outside = self.path(path)
        text = self.read(path)
        if text.count(old) != 1:
            raise EstateError(f"{self.name}: {path} has the passage to change {text.count(old)} times: {old!r}")
        before = outside.stat()
        write_atomically(outside, text.replace(old, new), mode=before.st_mode & 0o7777)
        os.chown(outside, before.st_uid, before.st_gid)

    def command(self, *command: str, user: str = "root") -> list[str]:
        """Return the command line that runs a command there; one argument alone is a line for `/bin/sh -c`."""
        line = ["/bin/sh", "-c", command[0]] if len(command) == 1 else list(command)
        if user != "root":
            line = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--reset-env", *line]
        return [*containers.enter(self.layout, self.name), *line]

    def run(
        self,
        *command: str,
        user: str = "root",
        stdin: str | None = None,
        timeout: float = _TIMEOUT,
    ) -> str:
        """Run a program to its end and return what it printed; one argument alone is a line for `/bin/sh -c`.

        Raises:
            EstateError: it failed, or took longer than `timeout` seconds.
        """
        ran = self.ask(*command, user=user, stdin=stdin, timeout=timeout)
        if ran.returncode:
            said = (ran.stderr or ran.stdout).strip()
            raise EstateError(f"{self.name}: `{' '.join(command)}` failed with {ran.returncode}: {said}")
        return ran.stdout

    def ask(
        self,
        *command: str,
        user: str = "root",
        stdin: str | None = None,
        timeout: float = _TIMEOUT,
    ) -> subprocess.CompletedProcess[str]:
        """Like `run`, but a failure is an answer: returncode, stdout, stderr."""
        try:
            return subprocess.run(
                self.command(*command, user=user),
                input="" if stdin is None else stdin,
                capture_output=True,
                text=True,
                errors="replace",
                env=ENVIRONMENT,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise EstateError(f"{self.name}: `{' '.join(command)}` took longer than {timeout:g} s") from error

    def enable(self, *units: str) -> None:
        """Have units start with the host (before the boot: that is what starts them)."""
        self.run("systemctl", "--quiet", "enable", *units)

    def disable(self, *units: str) -> None:
        """Have units no longer start with the host; what runs keeps running."""
        self.run("systemctl", "--quiet", "disable", *units)

    def start_service(self, *units: str) -> None:
        """Start units and wait for systemd's word."""
        self.run("systemctl", "start", *units)

    def stop_service(self, *units: str) -> None:
        """Stop units and wait for systemd's word."""
        self.run("systemctl", "stop", *units)

    def restart_service(self, *units: str) -> None:
        """Restart units; earlier failures do not count against their start limits."""
        self.run("systemctl", "reset-failed", *units)
        self.run("systemctl", "restart", *units)

    def reload_service(self, *units: str) -> None:
        """Have running units read their configuration again."""
        self.run("systemctl", "reload", *units)

    def is_active(self, unit: str) -> bool:
        """Return whether systemd calls the unit active."""
        return self.ask("systemctl", "is-active", "--quiet", unit).returncode == 0

    def _own(self, outside: Path, owner: str) -> None:
        user, _, group = owner.partition(":")
        os.chown(outside, self._number("passwd", user), self._number("group", group or user))

    def _number(self, database: str, name: str) -> int:
        if name == "root":
            return 0
        for line in (self.root / "etc" / database).read_text(encoding="utf-8").splitlines():
            fields = line.split(":")
            if fields[0] == name:
                return int(fields[2])
        raise EstateError(f"{self.name}: /etc/{database} knows no {name!r}")
