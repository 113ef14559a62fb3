"""SHA-256 digests of files as they lie on a host, computed there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Iterable

_DIGEST = re.compile(r"\\?([0-9a-f]{64}) [ *]")
_MISSING = "No such file"


def digests(host: Any, paths: Iterable[str]) -> dict[str, str]:
    """Return path to digest, empty for a file that is not there; relative paths start at the login folder.

    Raises:
        NotVerifiedError: a file cannot be read, or the host has no sha256sum.
    """
    return {path: _digest(host, path) for path in paths}


def _digest(host: Any, path: str) -> str:
    result = host.run("LC_ALL=C sha256sum -- %s", path)
    match = _DIGEST.match(result.stdout)
    if result.rc == 0 and match:
        return match[1]
    if _MISSING in result.stderr:
        return ""
    reason = (result.stderr.strip().splitlines() or [f"exit status {result.rc}"])[0]
    raise NotVerifiedError(f"{path}: {reason}; let the checking account read it")
