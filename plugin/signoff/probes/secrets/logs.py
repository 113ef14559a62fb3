"""Keys in the addresses of logged requests, where everybody who may read logs can pick them up."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

from signoff.errors import NotVerifiedError

_PARAMETERS = r"[?&](api[_-]?key|access[_-]?token|auth[_-]?token|token|secret|password)=[^&\" ]"
_MAX_PLACES = 5
_LIMIT = 120.0
"""Seconds for one pass over the logs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LogScan:
    """One pass over the logs; `places` are the first hits as `file:line`, without what stands there."""

    lines: int
    hits: int
    places: tuple[str, ...]


def scan(host: Any, path: str) -> LogScan:
    """Return how many logged addresses carry a key, by one command.

    Args:
        host: A testinfra host that keeps the logs.
        path: Of one host's log, with `{host}` where its name stands; all of them are read.

    Raises:
        NotVerifiedError: a log cannot be read, or they are all empty.
    """
    files = "*".join(shlex.quote(part) if part else "" for part in path.split("{host}"))
    program = (
        f'tolower($0) ~ /{_PARAMETERS}/ {{ n++; if (n <= {_MAX_PLACES}) print FILENAME ":" FNR }} '
        'END { printf "%d %d\\n", NR, n }'
    )
    output = str(host.run_expect([0], f"awk {shlex.quote(program)} {files}", limit=_LIMIT).stdout)
    *places, totals = output.splitlines()
    lines, hits = map(int, totals.split())
    if not lines:
        raise NotVerifiedError(f"{path}: no line in the logs; check that requests are logged there")
    return LogScan(lines=lines, hits=hits, places=tuple(places))
