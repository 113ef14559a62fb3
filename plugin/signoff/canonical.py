"""Canonical JSON after RFC 8785, without floats: the one form in which records are hashed and signed."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_SAFE_INTEGER = 2**53 - 1


def canonical(value: object) -> bytes:
    """Return the UTF-8 bytes of the value: keys sorted, no space, shortest escapes.

    Raises:
        TypeError: for a float, an integer beyond ±(2^53-1), or a key that is not text: readers would disagree on them.
    """
    return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def digest(value: object) -> str:
    """Return the sha256 of the canonical form, in hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _ordered(value: object) -> object:
    if type(value) is str:  # nearly everything is
        return value
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in _sorted(value)}
    if isinstance(value, (list, tuple)):
        return [_ordered(member) for member in value]
    if isinstance(value, int) and abs(value) > _SAFE_INTEGER:
        raise TypeError(f"integer too large for JSON readers: {value}")
    if value is not None and not isinstance(value, (str, int)):
        raise TypeError(f"no canonical form: {type(value).__name__}")
    return value


def _sorted(keys: Collection[object]) -> list[str]:
    """Return the keys as RFC 8785 sorts them: by UTF-16, which differs from Python's own order beyond ASCII only."""
    texts = [key for key in keys if isinstance(key, str)]
    if len(texts) < len(keys):
        raise TypeError("not a text key")
    return sorted(texts) if "".join(texts).isascii() else sorted(texts, key=lambda key: key.encode("utf-16-be"))
