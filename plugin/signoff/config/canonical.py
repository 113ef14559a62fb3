"""Digests of definitions as they stand in YAML, where numbers may have fractions."""

from __future__ import annotations

from typing import Any

from signoff import canonical


def digest(data: Any) -> str:
    """Return the sha256 of plain data, in hexadecimal; equal definitions have equal digests on every machine."""
    return canonical.digest(_plain(data))


def _plain(data: Any) -> Any:
    if isinstance(data, dict):
        return {str(key): _plain(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_plain(value) for value in data]
    return repr(data) if isinstance(data, float) else data
