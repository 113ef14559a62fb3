"""testinfra's Host, in which "could not look" is never taken for an answer."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import testinfra.modules
from testinfra.host import Host

from signoff.errors import NotVerifiedError
from signoff.transport.could_look import could_not_look, require_service_manager, why

if TYPE_CHECKING:
    from collections.abc import Iterable

    from testinfra.backend.base import CommandResult

_MISSING = frozenset({126, 127})


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
            raise why(self.backend.hostname, result)
        return result

    def check_output(self, command: str, *args: str, **kwargs: Any) -> str:
        """Return the output of a command that must succeed, without the last newline.

        Raises:
            NotVerifiedError: it did not exit with 0.
        """
        output: str = self.run_expect([0], command, *args, **kwargs).stdout
        return output.rstrip("\r\n")

    def find_command(self, command: str, extrapaths: Iterable[str] = ("/sbin", "/usr/sbin")) -> str:
        """Return the path of a tool.

        Raises:
            NotVerifiedError: it is not there.
        """
        try:
            return str(super().find_command(command, extrapaths))
        except ValueError as error:
            raise NotVerifiedError(f"{self.backend.hostname}: {error}; install it") from None

    def __getattr__(self, name: str) -> Any:
        """Return the testinfra module, bound to a host that tells "no" from "could not look"."""
        if name not in testinfra.modules.modules:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        if name == "service" and self.system_info.type == "linux":
            require_service_manager(self.backend.hostname, self.run)
        bound_to = self if name == "system_info" else self._for_modules
        module = testinfra.modules.get_module_class(name).get_module(bound_to)
        setattr(self, name, module)
        return module

    @cached_property
    def _for_modules(self) -> CheckedHost:
        # One for all modules, and with our own `system_info`: what the system is, is asked once, not by each of them.
        host = _HostForModules(self.backend)
        host.system_info = self.system_info
        return host


class _HostForModules(CheckedHost):
    """What modules run their commands on. `system_info` is not among them: it tries tools until one is there."""

    @cached_property
    def _for_modules(self) -> CheckedHost:
        return self

    def run(self, command: str, *args: str, **kwargs: Any) -> CommandResult:
        result = super().run(command, *args, **{"read_only": True} | kwargs)
        if could_not_look(result, super().run):
            raise why(self.backend.hostname, result)
        return result

    def run_expect(self, expected: list[int], command: str, *args: str, **kwargs: Any) -> CommandResult:
        # A status that the module expects is an answer, "not installed" included: it has another way to find out.
        if _MISSING & set(expected):
            return CheckedHost(self.backend).run_expect(expected, command, *args, **kwargs)
        return super().run_expect(expected, command, *args, **kwargs)
