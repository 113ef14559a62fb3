"""Whether a program's shared libraries all resolve, as its own system's loader sees it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

from signoff.errors import NotVerifiedError

_STATIC = ("not a dynamic executable", "statically linked", "not a valid dynamic program")
_ABSENT, _NO_PROGRAM = 44, 45
_MISSING_MUSL = "error loading shared library "


@dataclass(frozen=True, kw_only=True, slots=True)
class ProgramFact:
    """One program and what its loader finds."""

    path: str
    exists: bool
    libraries: int
    """Shared libraries that resolve; 0 for a statically linked program."""
    missing: tuple[str, ...]


def read_programs(host: Any, paths: tuple[str, ...]) -> tuple[ProgramFact, ...]:
    """Return what ldd says about each program; relative paths start at the login folder.

    Raises:
        NotVerifiedError: no ldd on the host, or it failed for another reason than a missing library.
    """
    if not host.exists("ldd"):
        raise NotVerifiedError("ldd is not installed; check the libraries of this system by a test of its own")
    return tuple(_read(host, path) for path in paths)


def _read(host: Any, path: str) -> ProgramFact:
    quoted = shlex.quote(path)
    magic = f"head -c 4 {quoted} | od -An -tx1 | tr -d ' '"
    result = host.run(
        f'test -e {quoted} || exit {_ABSENT}; test "$({magic})" = 7f454c46 || exit {_NO_PROGRAM}; ldd {quoted} 2>&1'
    )
    if result.rc == _ABSENT:
        return ProgramFact(path=path, exists=False, libraries=0, missing=())
    if result.rc == _NO_PROGRAM:
        raise NotVerifiedError(f"{path} is no binary program that can be read; name the interpreter that runs it")
    text = result.stdout
    if any(phrase in text for phrase in _STATIC):
        return ProgramFact(path=path, exists=True, libraries=0, missing=())
    lines = [line.strip() for line in text.splitlines()]
    missing = [line.split(" ", 1)[0] for line in lines if line.endswith("=> not found")]
    missing += [line.split(": ")[0][len(_MISSING_MUSL) :] for line in lines if line.lower().startswith(_MISSING_MUSL)]
    found = sum("=>" in line and "not found" not in line for line in lines)
    if not found and not missing:
        raise NotVerifiedError(f"ldd {path} said nothing that can be read: {text.strip()[:200]}")
    return ProgramFact(path=path, exists=True, libraries=found, missing=tuple(dict.fromkeys(missing)))
