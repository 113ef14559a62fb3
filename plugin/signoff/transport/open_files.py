"""Room for open files: a connection holds three, and many systems start with a limit of 1,024 that may be raised."""

from __future__ import annotations

import resource
from contextlib import suppress

_PER_CONNECTION = 4
_SPARE = 512
"""For everything else that the process has open."""


def make_room(connections: int) -> None:
    """Raise this process's soft limit as far as so many connections need it, and as the hard limit allows.

    Where that is not enough, the connections that find no room end with an error that says so.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections * _PER_CONNECTION + _SPARE
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):  # a kernel may allow less than its own "unlimited"
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
