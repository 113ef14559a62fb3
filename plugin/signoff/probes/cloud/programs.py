"""The provider's own program where the checks run: asked for JSON, in commands that only read."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from signoff.errors import AuthenticationError, CouldNotCheckError, GuardError, NotVerifiedError, TimedOutError
from signoff.importers._json import Node
from signoff.meter import METER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from signoff.probes.cloud.documents import Query

_READING: Mapping[str, frozenset[tuple[str, ...]]] = {
    "google": frozenset(
        {
            ("billing", "budgets", "list"),
            ("compute", "firewall-rules", "list"),
            ("compute", "instance-groups", "managed", "list"),
            ("compute", "instance-groups", "managed", "list-errors"),
            ("compute", "instances", "list"),
            ("compute", "networks", "list"),
            ("compute", "project-info", "describe"),
            ("compute", "regions", "describe"),
            ("redis", "instances", "list"),
            ("sql", "instances", "list"),
        }
    ),
    "azure": frozenset(
        {
            ("account", "show"),
            ("consumption", "budget", "list"),
            ("monitor", "activity-log", "list"),
            ("monitor", "autoscale", "list"),
            ("network", "list-usages"),
            ("network", "nsg", "list"),
            ("network", "vnet", "list"),
            ("postgres", "flexible-server", "list"),
            ("rest", "--method", "get"),
            ("vm", "list"),
            ("vm", "list-usage"),
            ("vmss", "list"),
            ("vmss", "list-instances"),
        }
    ),
    "kubernetes": frozenset({("get",)}),
}
"""Commands that may be run, each by its whole beginning; whatever is not here is refused."""
_OPTIONS = frozenset(
    {
        "--all-namespaces",
        "--billing-account",
        "--location",
        "--max-events",
        "--name",
        "--offset",
        "--region",
        "--resource-group",
        "--status",
        "--url",
        "--zone",
    }
)
_SHOWN = 300
_SIGNED_OUT = ("login", "credential", "Unauthorized", "reauth", "expired")
_DENIED = ("denied", "forbidden", "Forbidden", "permission", "AuthorizationFailed")


def google_line(account: str, configuration: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what stands before and behind a question to gcloud."""
    chosen = ("--configuration", configuration) if configuration else ()
    return (), ("--project", account, "--format", "json", "--quiet", *chosen)


def azure_line(account: str, _context: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what stands before and behind a question to az."""
    return (), ("--subscription", account, "--output", "json", "--only-show-errors")


def kubernetes_line(_account: str, context: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what stands before and behind a question to kubectl; the cluster itself says which one it is."""
    return (("--context", context) if context else ()), ("--output", "json", "--request-timeout", "30s")


PROGRAMS: Mapping[str, tuple[str, Callable[[str, str], tuple[tuple[str, ...], tuple[str, ...]]]]] = {
    "google": ("gcloud", google_line),
    "azure": ("az", azure_line),
    "kubernetes": ("kubectl", kubernetes_line),
}


def command(provider: str, account: str, query: Query, context: str = "") -> list[str]:
    """Return the whole command of a question, without the path of the program.

    Raises:
        GuardError: it is not known to read only.
    """
    name, around = PROGRAMS[provider]
    require_reading(provider, query.arguments)
    before, behind = around(account, context)
    if query.arguments[0] == "rest":
        behind = tuple(word for word in behind if word not in {"--subscription", account})
    return [name, *before, *query.arguments, *behind]


def require_reading(provider: str, arguments: Sequence[str]) -> None:
    """Return if the command is one of those that only read, with options that choose what is read.

    Raises:
        GuardError: it is not.
    """
    for known in _READING[provider]:
        rest = arguments[len(known) :]
        if tuple(arguments[: len(known)]) == known and all(
            word in _OPTIONS or not word.startswith("-") for word in rest
        ):
            return
    raise GuardError(f"{' '.join(arguments)!r} is not a command that only reads")


class Program:
    """Answers of the program, one process for each question."""

    def __init__(self, provider: str, *, account: str, path: str = "", context: str = "", timeout: float = 60) -> None:
        """Find the program.

        Raises:
            NotVerifiedError: it is not installed.
        """
        name, _ = PROGRAMS[provider]
        found = shutil.which(path or name)
        if found is None:
            raise NotVerifiedError(f"{path or name} is not installed where the checks run; install it, or use exports")
        self._provider, self._account, self._context = provider, account, context
        self._path, self._timeout = found, timeout

    def read(self, query: Query) -> Node:
        """Return the answer.

        Raises:
            NotVerifiedError: this account may not ask, or the answer is no JSON.
            AuthenticationError: nobody is signed in.
            TimedOutError, CouldNotCheckError: no answer.
        """
        METER.spend("programs")
        _, *arguments = command(self._provider, self._account, query, self._context)
        try:
            done = subprocess.run(  # noqa: S603 - the inventory's program, a guarded command, no shell
                [self._path, *arguments],
                capture_output=True,
                check=False,
                env={**os.environ, "CLOUDSDK_CORE_DISABLE_PROMPTS": "1", "AZURE_CORE_NO_COLOR": "1"},
                stdin=subprocess.DEVNULL,
                timeout=self._timeout,
            )
        except subprocess.TimeoutExpired as error:
            raise TimedOutError(f"{' '.join(query.arguments)}: no answer within {self._timeout:g} s") from error
        if done.returncode:
            raise _refusal(query, done.stderr.decode("utf-8", "replace").strip())
        return Node.parse(done.stdout, kind=query.file)


def _refusal(query: Query, said: str) -> Exception:
    text = f"{' '.join(query.arguments)}: {said[-_SHOWN:] or 'failed without a word'}"
    if any(word in said for word in _DENIED):
        return NotVerifiedError(f"{text}; grant the account of the checks to read this")
    if any(word in said for word in _SIGNED_OUT):
        return AuthenticationError(text)
    return CouldNotCheckError(text)
