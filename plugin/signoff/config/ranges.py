"""Host names as an inventory writes them: ranges such as `web[01:20]`, and a port behind a colon."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_RANGE = re.compile(r"\[(?P<first>[A-Za-z0-9]{1,9}):(?P<last>[A-Za-z0-9]{1,9})(?::(?P<step>[0-9]{1,9}))?\]")
_PORT = re.compile(r"(?P<name>(?:[^:\[\]]|\[[^\]]*\])+):(?P<port>[0-9]{1,5})\Z")
MAX_RANGE = 10_000
"""Hosts that one entry may stand for; more is a typing error."""


@dataclass(frozen=True, slots=True)
class _Steps:
    """What stands in the place of one range; counted before any of it is written out."""

    values: range | str
    width: int

    def texts(self) -> Iterator[str]:
        """Yield each of them, with leading zeros."""
        return (str(value).zfill(self.width) for value in self.values)


class RangeError(ValueError):
    """The text is no range; the message says why, and after a semicolon what to write."""


def split_port(pattern: str) -> tuple[str, int | None]:
    """Return the name and the port of `web1:2222`; an IPv6 address has colons of its own and no port."""
    match = _PORT.match(pattern)
    return (match["name"], int(match["port"])) if match else (pattern, None)


def expand(pattern: str) -> tuple[str, ...]:
    """Return the names that the pattern stands for, ends included, in order; a plain name stands for itself.

    Raises:
        RangeError: brackets that are no range, or a range of more than `MAX_RANGE` names.
    """
    fixed, ranges, end = [], [], 0
    for match in _RANGE.finditer(pattern):
        fixed.append(pattern[end : match.start()])
        ranges.append(_steps(match))
        end = match.end()
    rest = pattern[end:]
    if any(mark in part for part in (*fixed, rest) for mark in "[]"):
        raise RangeError("not a host range; write web[01:20] or db[a:c]")
    if prod(len(each.values) for each in ranges) > MAX_RANGE:
        raise RangeError(f"a range of more than {MAX_RANGE} hosts; split it")
    parts = [[f"{text}{each}" for each in steps.texts()] for text, steps in zip(fixed, ranges, strict=True)]
    return tuple("".join(chosen) + rest for chosen in product(*parts))


def _steps(match: re.Match[str]) -> _Steps:
    first, last, step = match["first"], match["last"], int(match["step"] or 1)
    letters = string.ascii_letters
    if not step:
        raise RangeError("a range without steps; write a step of at least 1")
    if first.isdecimal() and last.isdecimal() and int(first) <= int(last):
        padded = len(first) > 1 and first.startswith("0")
        if padded and len(first) != len(last):
            raise RangeError("a range with ends of different length; write as many digits on both sides")
        return _Steps(range(int(first), int(last) + 1, step), len(first) if padded else 0)
    if {first, last} <= set(letters) and letters.index(first) <= letters.index(last):
        return _Steps(letters[letters.index(first) : letters.index(last) + 1 : step], 0)
    raise RangeError("not a host range; write web[01:20] or db[a:c], first before last")
