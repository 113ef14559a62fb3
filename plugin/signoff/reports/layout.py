"""JSON laid out for people and diffs: containers indented down to a depth, everything deeper on one line each."""

from __future__ import annotations

import json
from typing import Any

JsonValue = Any
"""Only plain JSON types cross a file border."""


def dumps(value: JsonValue, depth: int) -> str:
    """Return the value as JSON with a final newline; lone surrogates are written as escapes, so it always encodes."""
    text = _laid_out(value, depth, "") + "\n"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _laid_out(value: JsonValue, depth: int, indent: str) -> str:
    if not depth or not value or not isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    deeper = indent + "  "
    if isinstance(value, dict):
        rows = [f"{json.dumps(key)}: {_laid_out(each, depth - 1, deeper)}" for key, each in value.items()]
    else:
        rows = [_laid_out(each, depth - 1, deeper) for each in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    body = ",".join(f"\n{deeper}{row}" for row in rows)
    return f"{opening}{body}\n{indent}{closing}"
