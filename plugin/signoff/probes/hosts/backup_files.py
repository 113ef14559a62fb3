"""Backup files on a host: which there are, how old and large, and what their first bytes say they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.backups.formats import identify
from signoff.probes.backups.model import Backup

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEAD = 512
_ROW = re.compile(r"(?P<stamp>\d+\.\d+) (?P<size>\d+) (?P<path>.+)")
_DIGITS = {"sha256": 64, "md5": 32}


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What a file is by its first bytes."""

    path: str
    format: str
    """Empty: not known."""
    encrypted: bool | None
    """None: the format is not known, which proves no encryption."""


def list_backups(host: Any, folder: str, pattern: str) -> tuple[Backup, ...]:
    """Return the files directly in the folder whose name matches the shell pattern, oldest first.

    Raises:
        NotVerifiedError: the folder cannot be read, or no file matches.
    """
    found = find_backups(host, folder, pattern)
    if not found:
        raise NotVerifiedError(f"{folder}: no file matches {pattern}; correct the folder or the pattern")
    return found


def find_backups(host: Any, folder: str, pattern: str) -> tuple[Backup, ...]:
    """Return the same, or nothing if no file matches.

    Raises:
        NotVerifiedError: the folder cannot be read, or a name in it has a line break.
    """
    listing = host.check_output("find -H %s -maxdepth 1 -type f -name %s -printf '%%T@ %%s %%p\\n'", folder, pattern)
    rows = [_ROW.fullmatch(line) for line in listing.splitlines()]
    files = [
        Backup(path=row["path"], modified=datetime.fromtimestamp(float(row["stamp"]), UTC), size=int(row["size"]))
        for row in rows
        if row
    ]
    if len(files) != len(rows):
        raise NotVerifiedError(f"{folder}: a name that matches {pattern} has a line break; rename that file")
    return tuple(sorted(files, key=lambda file: (file.modified, file.path)))


def usual_size(files: Sequence[Backup]) -> float:
    """Return the median size in bytes: what the next backup will roughly have."""
    return median(file.size for file in files)


def inspect(host: Any, path: str) -> Content:
    """Return what the file's first bytes say.

    Raises:
        NotVerifiedError: it is empty, or cannot be read.
    """
    dump = host.check_output(f"head -c {_HEAD} -- %s | od -An -v -tx1", path)
    head = bytes.fromhex(dump.replace("\n", " "))
    if not head:
        raise NotVerifiedError(f"{path}: empty, or it cannot be read; grant the account read access to the backups")
    name, encrypted = identify(head)
    return Content(path=path, format=name, encrypted=encrypted)


def digest(host: Any, path: str, *, kind: str = "sha256", limit: float = 300.0) -> str:
    """Return the digest (`sha256` or `md5`) of the file as it lies there now; `limit` is in seconds.

    Raises:
        NotVerifiedError: it cannot be read.
        TimedOutError: it is too large for the limit.
    """
    return str(host.run_expect([0], f"{kind}sum -- %s", path, limit=limit).stdout.lstrip("\\").split(" ")[0])


def recorded_digest(host: Any, manifest: str, name: str, *, kind: str = "sha256") -> str:
    """Return the digest that a manifest in the form of sha256sum holds for the file of that name.

    Raises:
        NotVerifiedError: the manifest cannot be read, or does not list the file.
    """
    length = _DIGITS[kind]
    for line in host.check_output("cat -- %s", manifest).splitlines():
        match = re.match(rf"^\\?([0-9a-fA-F]{{{length}}})(?:\s+\*?(?P<path>.+))?$", line.strip())
        if match and (match["path"] is None or match["path"].rpartition("/")[2] == name):
            return match[1].lower()
    raise NotVerifiedError(f"{manifest}: no {kind} of {name}; write one when the backup is taken")


def listed(host: Any, path: str) -> tuple[str, ...]:
    """Return what a list of contents beside a backup names, one path a line, without slashes at their ends.

    Raises:
        NotVerifiedError: it cannot be read, or is empty.
    """
    names = tuple(
        line.strip().removeprefix("./").rstrip("/") for line in host.check_output("cat -- %s", path).splitlines()
    )
    if not any(names):
        raise NotVerifiedError(f"{path}: empty; write the list when the backup is taken")
    return names


def clock(host: Any) -> datetime:
    """Return the host's own time, by which its files are dated."""
    return datetime.fromtimestamp(float(host.check_output("date -u +%s")), UTC)
