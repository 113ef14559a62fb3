"""requirements.txt with hashes, as `pip-compile --generate-hashes` and `uv pip compile` write it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement

from signoff.errors import NotVerifiedError
from signoff.importers.locks.locked import LockedPackage, holds, locked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_KIND = "requirements"
_INDEX_OPTIONS = ("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--only-binary", "--no-binary")
_COMMENT = re.compile(r"(^|\s)#.*$")
_HASH = re.compile(r"\s--hash[= ]\S+")


def read(text: bytes, *, environment: Mapping[str, str], extras: Collection[str]) -> tuple[LockedPackage, ...]:
    """Return the requirements that the environment calls for; extras were chosen when the file was compiled.

    Raises:
        NotVerifiedError: a line that is not pinned by `==` and a hash, or that refers to another file.
    """
    del extras
    found = []
    for number, line in _logical_lines(text):
        if line.startswith("-"):
            if line.split("=")[0].split()[0] in _INDEX_OPTIONS:
                continue
            raise NotVerifiedError(
                f"{_KIND}: line {number}: {line.split()[0]} is not a pinned package; compile one file"
            )
        requirement, hashes = _HASH.sub("", line), _HASH.findall(line)
        package = _pinned(requirement, number)
        if not hashes:
            raise NotVerifiedError(f"{_KIND}: line {number}: {package.name} has no hash; compile it with hashes")
        if holds(str(package.marker or ""), environment, _KIND):
            found.append(locked(package.name, next(iter(package.specifier)).version))
    return tuple(found)


def _logical_lines(text: bytes) -> Iterator[tuple[int, str]]:
    whole, first = "", 0
    for number, line in enumerate(text.decode("utf-8", "replace").splitlines(), 1):
        content = _COMMENT.sub("", line).strip()
        first = first if whole else number
        whole = f"{whole} {content}".strip()
        if whole.endswith("\\"):
            whole = whole[:-1].strip()
            continue
        if whole:
            yield first, whole
        whole = ""
    if whole:
        raise NotVerifiedError(f"{_KIND}: line {first}: ends in a backslash; it may be truncated")


def _pinned(line: str, number: int) -> Requirement:
    try:
        requirement = Requirement(line.strip())
    except InvalidRequirement as error:
        raise NotVerifiedError(f"{_KIND}: line {number}: not a requirement; compile the file again") from error
    specifiers = list(requirement.specifier)
    if len(specifiers) != 1 or specifiers[0].operator not in {"==", "==="} or specifiers[0].version.endswith("*"):
        raise NotVerifiedError(f"{_KIND}: line {number}: {requirement.name} is not pinned by ==; compile the file")
    return requirement
