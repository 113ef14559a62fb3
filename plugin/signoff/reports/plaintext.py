"""Text from the outside world made safe and short enough to show: control characters, length, display width."""

from __future__ import annotations

import re
import unicodedata

_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]",
)
_BREAKS = re.compile(r"[ \t\n]+")
"""Where a line may be broken; a no-break space is none."""
_WIDE = {"W", "F"}


def printable(text: str) -> str:
    """Return the text with what could steer a terminal or reorder a line shown as an escape, hex and visible."""
    return _UNPRINTABLE.sub(_escaped, text.replace("\r\n", "\n"))


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004 - the last one-byte code


def clip(text: str, limit: int) -> str:
    """Return at most `limit` printable characters, ending in `…` and the number left out if it was longer."""
    safe = printable(text.strip())
    if len(safe) <= limit:
        return safe
    return f"{safe[:limit].rstrip()}… (+{len(safe) - limit:,})"


def one_line(text: str, limit: int) -> str:
    """Return the text on one line, clipped."""
    return clip(" ".join(text.split()), limit)


def columns(text: str) -> int:
    """Return how many terminal columns the text takes; Korean letters take two."""
    return sum(_columns_of(character) for character in text)


def _columns_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def pad(text: str, width: int) -> str:
    """Return the text filled with spaces to the width in columns."""
    return text + " " * max(0, width - columns(text))


def fold(text: str, width: int) -> list[str]:
    """Return the text in lines of at most `width` columns, broken at spaces where possible."""
    lines: list[str] = []
    line = ""
    for word in _BREAKS.split(text.strip()):
        joined = f"{line} {word}" if line else word
        if columns(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        *full, line = _chunks(word, width)
        lines.extend(full)
    return [*lines, line] if line else lines


def _chunks(word: str, width: int) -> list[str]:
    chunks = [""]
    used = 0
    for character in word:
        wide = _columns_of(character)
        if used + wide > width and chunks[-1]:
            chunks.append("")
            used = 0
        chunks[-1] += character
        used += wide
    return chunks
