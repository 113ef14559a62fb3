"""What the running check asks of production, counted where it leaves; what its plan does not allow never leaves."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Literal, get_args

from signoff.errors import GuardError

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["commands", "requests", "statements", "cache_commands", "lookups", "connections", "pages", "programs"]
"""Commands on hosts, HTTP requests and cloud APIs' calls, SQL statements, commands to a Redis-compatible server, DNS
queries, connections opened only to look, pages opened in a browser, and programs that ask in our place: clouds' own,
schemathesis."""
KINDS: tuple[Kind, ...] = get_args(Kind)


class Meter:
    """Counts for one check at a time; safe to use from all its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spent: Counter[Kind] = Counter()
        self._allowed: Mapping[str, int] | None = None
        self.refusal = ""
        """What the running check was not let ask; empty: nothing."""

    def start(self, allowed: Mapping[str, int] | None) -> None:
        """Begin a check: it may ask this often, and of what is not named nothing. None: no plan limits it."""
        with self._lock:
            self._spent = Counter()
            self._allowed = allowed
            self.refusal = ""

    def spend(self, kind: Kind) -> None:
        """Count one question that is about to leave.

        Raises:
            GuardError: the check's plan does not allow it.
        """
        with self._lock:
            if self._allowed is not None and self._spent[kind] >= self._allowed.get(kind, 0):
                self.refusal = (
                    f"the check would ask more than its plan: at most {self._allowed.get(kind, 0)}"
                    f" {kind.replace('_', ' ')}; ask less, or write more into at_most in the checklist"
                )
                raise GuardError(self.refusal)
            self._spent[kind] += 1

    def stop(self) -> dict[Kind, int]:
        """End the check and return how often it asked, by kind, without zeros."""
        with self._lock:
            self._allowed = None
            return {kind: self._spent[kind] for kind in KINDS if self._spent[kind]}


METER = Meter()
"""The process's own: pytest runs one check at a time in each."""
