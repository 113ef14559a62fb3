"""What a file is by its first bytes: encrypted, plain, or nothing that is known."""

from __future__ import annotations

import base64
import binascii

_TAR_MAGIC = slice(257, 262)
_ENCRYPTED: dict[str, tuple[bytes, ...]] = {
    "age": (b"age-encryption.org/v1", b"-----BEGIN AGE ENCRYPTED FILE-----"),
    "openssl": (b"Salted__", b"U2FsdGVkX1"),
    "luks": (b"LUKS\xba\xbe",),
}
_PLAIN: dict[str, tuple[bytes, ...]] = {
    "PostgreSQL dump": (b"PGDMP",),
    "SQL text": (b"-- ", b"--\n", b"SET ", b"CREATE ", b"/*"),
    "gzip": (b"\x1f\x8b",),
    "zstd": (b"\x28\xb5\x2f\xfd",),
    "bzip2": (b"BZh",),
    "xz": (b"\xfd7zXZ\0",),
    "zip": (b"PK\x03\x04",),
    "lz4": (b"\x04\x22\x4d\x18",),
    "Redis dump": (b"REDIS",),
    "SQLite database": (b"SQLite format 3\0",),
}
_ZIP_FLAGS = 6
"""Offset of the flags of a zip's first entry: the lowest bit says that it is encrypted, not how well."""
_CMS = (bytes.fromhex("06092a864886f70d010703"), bytes.fromhex("060b2a864886f70d0109100117"))
"""The object identifiers of CMS enveloped data (RFC 5652, 6.1; RFC 5083, 2.1), after the header of the sequence."""
_ARMOR = b"-----BEGIN PGP MESSAGE-----"
"""Messages that are only signed or packed bear it too (RFC 9580, 6.2): what is inside decides."""
_PGP_SESSION_KEY_TAGS = {1, 3}
"""OpenPGP packets with which every encrypted message starts (RFC 9580, 5.1 and 5.3)."""
_HEADER = 4
_ONE_OCTET = 192
"""Packet lengths below this are written in one octet (RFC 9580, 4.2.1)."""


def identify(head: bytes) -> tuple[str, bool | None]:
    """Return what a file is, and whether that is encrypted, by its first 512 bytes; its name plays no part.

    An empty name and None: not known, which proves no encryption.
    """
    if head.startswith(_ARMOR):
        head = _dearmored(head)
    if encrypted := _match(head, _ENCRYPTED) or ("openpgp" if _is_pgp_message(head) else "") or _cms(head):
        return encrypted, True
    plain = _match(head, _PLAIN) or ("tar" if head[_TAR_MAGIC] == b"ustar" else "")
    if plain == "zip" and len(head) > _ZIP_FLAGS and head[_ZIP_FLAGS] & 1:
        return "zip with a password", None
    return plain, False if plain else None


def _match(head: bytes, known: dict[str, tuple[bytes, ...]]) -> str:
    return next((name for name, starts in known.items() if head.startswith(starts)), "")


def _dearmored(head: bytes) -> bytes:
    """Return the first bytes of what an OpenPGP armor holds; nothing if it is none."""
    _, _, body = head.replace(b"\r\n", b"\n").partition(b"\n\n")
    line = body.partition(b"\n")[0]
    try:
        return base64.b64decode(line[: len(line) // 4 * 4], validate=True)
    except binascii.Error:
        return b""


def _is_pgp_message(head: bytes) -> bool:
    if len(head) < _HEADER or not head[0] & 0x80:
        return False
    first = head[0]
    new = bool(first & 0x40)
    tag = first & 0x3F if new else (first >> 2) & 0x0F
    length = (1 if head[1] < _ONE_OCTET else 2) if new else (1, 2, 4, 0)[first & 3]
    # A tag alone is one random byte in thirty; the packet's version must fit too.
    return tag in _PGP_SESSION_KEY_TAGS and head[1 + length : 2 + length] in {b"\3", b"\4", b"\5", b"\6"}


def _cms(head: bytes) -> str:
    return "cms" if head[:1] == b"\x30" and any(mark in head[:20] for mark in _CMS) else ""
