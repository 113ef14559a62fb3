"""Backup files on a host: which there are, how old and large, and what their first bytes say they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEAD = 64
_ENCRYPTED: dict[str, tuple[bytes, ...]] = {
    "age": (b"age-encryption.org/v1", b"-----BEGIN AGE ENCRYPTED FILE-----"),
    "openssl": (b"Salted__",),
    "openpgp": (b"-----BEGIN PGP MESSAGE-----",),
    "luks": (b"LUKS\xba\xbe",),
}
_PLAIN: dict[str, tuple[bytes, ...]] = {
    "PostgreSQL dump": (b"PGDMP",),
    "SQL text": (b"--", b"SET ", b"CREATE ", b"/*"),
    "gzip": (b"\x1f\x8b",),
    "zstd": (b"\x28\xb5\x2f\xfd",),
    "bzip2": (b"BZh",),
    "xz": (b"\xfd7zXZ\0",),
    "zip": (b"PK\x03\x04",),
    "lz4": (b"\x04\x22\x4d\x18",),
}
_PGP_SESSION_KEY_TAGS = {1, 3}
"""OpenPGP packets with which every encrypted message starts (RFC 9580, 5.1 and 5.3)."""
_HEADER = 4
_ONE_OCTET = 192
"""Packet lengths below this are written in one octet (RFC 9580, 4.2.1)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupFile:
    """One backup; `modified` is UTC, `size` in bytes."""

    path: str
    modified: datetime
    size: int

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What a file is by its first bytes."""

    path: str
    format: str
    """Empty: not known."""
    encrypted: bool | None
    """None: the format is not known, which proves no encryption."""


def list_backups(host: Any, folder: str, pattern: str) -> tuple[BackupFile, ...]:
    """Return the files directly in the folder whose name matches the shell pattern, oldest first.

    Raises:
        NotVerifiedError: the folder cannot be read, or no file matches.
    """
    listing = host.check_output("find -H %s -maxdepth 1 -type f -name %s -printf '%%T@ %%s %%p\\n'", folder, pattern)
    rows = [line.split(" ", 2) for line in listing.splitlines()]
    files = [
        BackupFile(path=path, modified=datetime.fromtimestamp(float(stamp), UTC), size=int(size))
        for stamp, size, path in rows
    ]
    if not files:
        raise NotVerifiedError(f"{folder}: no file matches {pattern}; correct the folder or the pattern")
    return tuple(sorted(files, key=lambda file: (file.modified, file.path)))


def usual_size(files: Sequence[BackupFile]) -> float:
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
    encrypted = _match(head, _ENCRYPTED) or ("openpgp" if _is_pgp_message(head) else "")
    plain = _match(head, _PLAIN)
    return Content(path=path, format=encrypted or plain, encrypted=bool(encrypted) if encrypted or plain else None)


def sha256(host: Any, path: str, *, limit: float = 300.0) -> str:
    """Return the digest of the file as it lies there now; `limit` is in seconds.

    Raises:
        NotVerifiedError: it cannot be read.
        TimedOutError: it is too large for the limit.
    """
    return str(host.run_expect([0], "sha256sum -- %s", path, limit=limit).stdout.lstrip("\\").split(" ")[0])


def recorded_sha256(host: Any, manifest: str, name: str) -> str:
    """Return the digest that a manifest in the form of sha256sum holds for the file of that name.

    Raises:
        NotVerifiedError: the manifest cannot be read, or does not list the file.
    """
    for line in host.check_output("cat -- %s", manifest).splitlines():
        match = re.match(r"^([0-9a-fA-F]{64})(?:\s+\*?(?P<path>.+))?$", line.strip())
        if match and (match["path"] is None or match["path"].rpartition("/")[2] == name):
            return match[1].lower()
    raise NotVerifiedError(f"{manifest}: no sha256 of {name}; write one when the backup is taken")


def clock(host: Any) -> datetime:
    """Return the host's own time, by which its files are dated."""
    return datetime.fromtimestamp(float(host.check_output("date -u +%s")), UTC)


def _match(head: bytes, known: dict[str, tuple[bytes, ...]]) -> str:
    return next((name for name, starts in known.items() if head.startswith(starts)), "")


def _is_pgp_message(head: bytes) -> bool:
    first = head[0]
    if not first & 0x80 or len(head) < _HEADER:
        return False
    new = bool(first & 0x40)
    tag = first & 0x3F if new else (first >> 2) & 0x0F
    length = (1 if head[1] < _ONE_OCTET else 2) if new else (1, 2, 4, 0)[first & 3]
    # A tag alone is one random byte in thirty; the packet's version must fit too.
    return tag in _PGP_SESSION_KEY_TAGS and head[1 + length : 2 + length] in {b"\3", b"\4", b"\5", b"\6"}
