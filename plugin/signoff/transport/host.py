"""testinfra's Host, in which "could not look" is never taken for an answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import testinfra.modules
from testinfra.host import Host

from signoff.errors import GuardError, NotVerifiedError

if TYPE_CHECKING:
    from testinfra.backend.base import CommandResult

_NOT_RUN = {126: "may not be executed", 127: "is not installed"}
_COULD_NOT_LOOK = re.compile(
    r"permission denied|operation not permitted|must be root|are you root"
    r"|not been booted with systemd|failed to connect to (system scope )?bus|unrecognized service",
    re.IGNORECASE,
)
_MUST_SUCCEED = frozenset({"ss", "netstat", "sockstat"})
"""Tools whose failure testinfra ignores: their silence would read as "nothing listens"."""
_LOOKUPS = ("command -v ", "which ")
"""Questions about the presence of a tool: here 127 is the answer."""


class CheckedHost(Host):  # type: ignore[misc]  # testinfra ships no type information
    """A host whose modules raise `NotVerifiedError` where testinfra asserts, guesses, or answers a plain False.

    `run` returns every exit status as it is: a test that runs its own command judges it by itself.
    """

    def run_expect(self, expected: list[int], command: str, *args: str, **kwargs: Any) -> CommandResult:
        """Run the command.

        Raises:
            NotVerifiedError: the exit status is none of `expected`.
        """
        result = self.run(command, *args, **kwargs)
        if result.rc not in expected:
            raise NotVerifiedError(_why(self, result))
        return result

    def check_output(self, command: str, *args: str, **kwargs: Any) -> str:
        """Return the output of a command that must succeed, without the last newline.

        Raises:
            NotVerifiedError: it did not exit with 0.
        """
        output: str = self.run_expect([0], command, *args, **kwargs).stdout
        return output.rstrip("\r\n")

    def __getattr__(self, name: str) -> Any:
        """Return the testinfra module, bound to a host that tells "no" from "could not look"."""
        if name == "sudo":
            raise GuardError("sudo opens a whole root shell; run the one allowed command by `sudo -n` instead")
        if name not in testinfra.modules.modules:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        bound_to = self if name == "system_info" else _HostForModules(self.backend)
        module = testinfra.modules.get_module_class(name).get_module(bound_to)
        setattr(self, name, module)
        return module


class _HostForModules(CheckedHost):
    """What modules run their commands on. `system_info` is not among them: it tries tools until one is there."""

    def run(self, command: str, *args: str, **kwargs: Any) -> CommandResult:
        result = super().run(command, *args, **kwargs)
        if result.rc != 0 and not command.startswith(_LOOKUPS) and self._could_not_look(result):
            raise NotVerifiedError(_why(self, result))
        return result

    def run_expect(self, expected: list[int], command: str, *args: str, **kwargs: Any) -> CommandResult:
        # A status that the module expects is an answer, "not installed" included: it has another way to find out.
        if _NOT_RUN.keys() & set(expected):
            return CheckedHost(self.backend).run_expect(expected, command, *args, **kwargs)
        return super().run_expect(expected, command, *args, **kwargs)

    def _could_not_look(self, result: CommandResult) -> bool:
        if result.rc in _NOT_RUN or _COULD_NOT_LOOK.search(result.stderr):
            return True
        words = result.command.decode().split()
        tool = words[0].rpartition("/")[2]
        if tool == "dpkg-query":
            return "no packages found" not in result.stderr
        if tool == "test":
            # `test` says nothing about why; `ls` does. The path is quoted already.
            return bool(_COULD_NOT_LOOK.search(super().run(f"ls -d -- {' '.join(words[2:])}").stderr))
        return tool in _MUST_SUCCEED


def _why(host: Host, result: CommandResult) -> str:
    command = result.command.decode(errors="replace")
    what = _NOT_RUN.get(result.rc, f"ended with exit status {result.rc}")
    stderr = result.stderr.strip().splitlines()
    said = f": {stderr[0][:200]}" if stderr else ""
    return (
        f"{host.backend.hostname}: `{command[:120]}` {what}{said}; install the tool or grant the account what it needs"
    )
