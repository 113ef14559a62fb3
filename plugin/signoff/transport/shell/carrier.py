"""What carries a shell: the local process to start, and how long to wait for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from signoff.errors import SignoffError


@dataclass(frozen=True, kw_only=True, slots=True)
class Carrier:
    """One way to a shell."""

    name: str
    """The host, for messages."""
    argv: Sequence[str]
    """The local process, such as `ssh …` or `/bin/sh -s`."""
    explain: Callable[[int | None, str], SignoffError]
    """Turns exit status and last words of a process whose shell never spoke into a typed error."""
    connect_limit: float
    """Seconds until the shell must have spoken."""
    grace: float
    """Seconds that an answer may be late before the host counts as gone."""
