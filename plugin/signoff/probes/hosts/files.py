"""Configuration files of a host with what they include: read by name or pattern, several with one command."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Sequence

_BEFORE_NAME, _AFTER_NAME = "\x1e", "\x1f"
_PLAIN = re.compile(r"[\w./*?\[\]-]")
_GLOB = re.compile(r"[*?\[]")


def read(host: Any, patterns: Sequence[str]) -> dict[str, str]:
    """Return content by path, in the order in which the shell lists them.

    Args:
        host: A testinfra host.
        patterns: Paths, or patterns as in the shell; a pattern may match nothing, a path must be there.

    Raises:
        NotVerifiedError: a file is missing or cannot be read.
    """
    program = f"""for file in {" ".join(map(in_shell, patterns))}; do
    if [ -f "$file" ]; then printf '\\036%s\\037' "$file"; cat -- "$file" || exit 3; fi
done"""
    output = str(host.run_expect([0], program).stdout)
    parts = (part.partition(_AFTER_NAME) for part in output.split(_BEFORE_NAME)[1:])
    files = {name: content for name, _, content in parts}
    for path in patterns:
        if path not in files and not is_pattern(path):
            raise NotVerifiedError(f"{path}: no such file on the host; correct its path, or let this account read it")
    return files


def is_pattern(path: str) -> bool:
    """Whether the path stands for any number of files."""
    return _GLOB.search(path) is not None


def in_shell(pattern: str) -> str:
    """Return the pattern so that the shell expands it and nothing else in it means anything."""
    return "".join(each if _PLAIN.fullmatch(each) else f"\\{each}" for each in pattern.replace("\n", ""))
