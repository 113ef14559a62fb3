"""Tells an answer from "could not look": what testinfra's modules take for a plain no."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from testinfra.backend.base import CommandResult

_NOT_RUN = {126: "may not be executed", 127: "is not installed"}
_NO_RIGHT = re.compile(r"permission denied|operation not permitted|must be root|are you root", re.IGNORECASE)
_NO_MANAGER = re.compile(
    r"not been booted with systemd|failed to connect to (system scope )?bus|unrecognized service|host is down",
    re.IGNORECASE,
)
_LOOKUPS = ("command -v ", "which ")
"""Questions about the presence of a tool: here 127 is the answer."""
_MEANS_NO: Mapping[str, re.Pattern[str]] = {
    "dpkg-query": re.compile("no packages found"),
    "pacman": re.compile("was not found"),
    "apk": re.compile(r"\A\s*\Z"),
    "id": re.compile("no such user", re.IGNORECASE),
}
"""Tools that end with the same status for "no" and for a failure, and what they say on standard error for "no"."""
_STATUS_OF_NO: Mapping[str, frozenset[int]] = {
    "ss": frozenset(),
    "netstat": frozenset(),
    "sockstat": frozenset(),
    "getent": frozenset({2}),
}
"""Tools whose failure testinfra takes for "no", and the statuses by which they really say it."""
_MANAGERS = frozenset({"systemd", "init", "runit", "runit-init", "openrc-init", "upstart", "s6-svscan"})
_RUNNING = frozenset({"running", "degraded", "starting", "initializing", "maintenance", "stopping"})
MANAGER_PROBE = "if test -d /run/systemd/system; then systemctl is-system-running; else cat /proc/1/comm; fi"


def could_not_look(result: CommandResult, run: Callable[[str], CommandResult]) -> bool:
    """Whether the command of a module failed to look, rather than saw nothing; `run` asks the host once more."""
    command = result.command.decode(errors="replace")
    if result.rc == 0:
        return "|" in command and bool(result.stderr.strip())  # the status of a pipe is that of its last command
    if command.startswith(_LOOKUPS):
        return False
    if result.rc in _NOT_RUN or _NO_RIGHT.search(result.stderr) or _NO_MANAGER.search(result.stderr):
        return True
    words = _words(command)
    tool = words[0].rpartition("/")[2]
    if tool == "test" and len(words) > 2:  # noqa: PLR2004 - the operator and the path
        # `test` says nothing about why; `ls` does.
        return bool(_NO_RIGHT.search(run(f"ls -d -- {shlex.join(words[2:])}").stderr))
    if tool in _STATUS_OF_NO:
        return result.rc not in _STATUS_OF_NO[tool]
    return tool in _MEANS_NO and not _MEANS_NO[tool].search(result.stderr)


def require_service_manager(name: str, run: Callable[[str], CommandResult]) -> None:
    """Make sure that something on the Linux host can know about services.

    Raises:
        NotVerifiedError: nothing can: every service would look stopped.
    """
    result = run(MANAGER_PROBE)
    seen = result.stdout.strip()
    if seen in _RUNNING or seen in _MANAGERS:
        return
    said = result.stderr.strip()[:200] or "no answer"
    what = f"process 1 is {seen!r}" if seen not in {"", "offline"} else (seen or said)
    raise NotVerifiedError(
        f"{name}: no service manager answers there ({what}), so no service can be asked about;"
        " look for the process or its port, or ask what supervises it (host.supervisor)"
    )


def why(name: str, result: CommandResult) -> NotVerifiedError:
    """Return the reason with the next step: what to install, or what to grant."""
    command = result.command.decode(errors="replace")
    what = _NOT_RUN.get(result.rc, f"ended with exit status {result.rc}")
    lines = result.stderr.strip().splitlines()
    said = f": {lines[0][:200]}" if lines else ""
    return NotVerifiedError(f"{name}: `{command[:120]}` {what}{said}; {_next_step(command, result)}")


def _next_step(command: str, result: CommandResult) -> str:
    words = _words(command)
    if result.rc in _NOT_RUN and not _NO_RIGHT.search(result.stderr):
        return f"install {words[0]}, or put it on the account's PATH"
    if result.rc in _NOT_RUN or _NO_RIGHT.search(result.stderr):
        return (
            "give the account the right to look, or list the command as signoff: {sudo: […]}, allow it in sudoers,"
            f" and run `sudo -n {command[:120]}`"
        )
    return "run it on the host to see why"


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command) or [""]
    except ValueError:
        return command.split() or [""]
