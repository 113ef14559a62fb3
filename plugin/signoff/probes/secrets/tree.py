"""Secrets in files deployed on a host, found without copying the files: the host filters lines, we judge them."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch
from posixpath import normpath
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.secrets.rules import HINTS, Finding, judge_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_LIMIT = 120.0
"""Seconds for one pass over the tree."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TreeScan:
    """One folder of one host. `files` counts everything below it that was in scope."""

    root: str
    files: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class FileMode:
    """Who may read a file: permission bits, and the owner's name."""

    path: str
    mode: int
    owner: str


def scan(host: Any, root: str, *, exclude: Collection[str] = ()) -> TreeScan:
    """Return the secrets in the text files below a folder.

    Args:
        host: A testinfra host.
        root: The folder; relative paths start at the login folder. `.git` below it is left out.
        exclude: Paths, or patterns as in the shell, of files that may hold secrets.

    Raises:
        NotVerifiedError: the folder or a file in it cannot be read, or holds no file.
    """
    listing = host.check_output("find -H %s -name .git -prune -o -type f -print0", root)
    files = [path for path in listing.split("\0") if path and not _excluded(path, exclude)]
    if not files:
        raise NotVerifiedError(f"{root}: no file to scan; name the folder that the source is deployed to")
    return TreeScan(root=root, files=len(files), findings=tuple(_findings(_telling_lines(host, root), exclude)))


def file_mode(host: Any, path: str) -> FileMode:
    """Return the permissions of a file, of the file itself if the path is a link.

    Raises:
        NotVerifiedError: there is no such file, or it cannot be looked at.
    """
    bits, _, owner = host.check_output("stat -L -c '%%a %%U' %s", path).partition(" ")
    return FileMode(path=path, mode=int(bits, 8), owner=owner)


def _telling_lines(host: Any, root: str) -> str:
    wanted = " ".join(f"-e '{hint}'" for hint in HINTS)
    # -I leaves binary files out; any file that cannot be read ends grep with 2, which is refused.
    command = f"grep -rnIiFZ --exclude-dir=.git {wanted} -- %s"
    return str(host.run_expect([0, 1], command, root, limit=_LIMIT).stdout)


def _findings(output: str, exclude: Collection[str]) -> Iterator[Finding]:
    for row in output.split("\n"):
        path, separator, rest = row.partition("\0")
        number, _, text = rest.partition(":")
        if not separator or not number.isdigit() or _excluded(path, exclude):
            continue
        if finding := judge_line(text, file=normpath(path), line=int(number)):
            yield finding


def _excluded(path: str, exclude: Collection[str]) -> bool:
    return any(fnmatch(normpath(path), normpath(pattern)) for pattern in exclude)
