"""Which of HAProxy's rules refuse a client that asks too often, from its configuration file."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_SECTIONS = frozenset(
    ["backend", "cache", "defaults", "frontend", "global", "http-errors", "listen", "peers", "program", "resolvers"]
)
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "": 1e-3}
_COUNTED = re.compile(r"(?P<what>http_req|http_err|conn|sess)_rate\((?P<number>\d+)(?P<unit>us|ms|s|m|h|d|)\)")
_ASKED = re.compile(
    r"(?:sc\d?|src)_(?P<what>http_req|http_err|conn|sess)_rate(?P<arguments>\([^)]*\))?"
    r"\s+(?:-m\s+int\s+)?(?P<operator>gt|ge)\s+(?P<most>\d+)"
)
_BY_PATH = re.compile(r"(?P<how>path(?:_beg)?)\s+(?P<values>[^{}]+)")
_REFUSALS = frozenset({"deny", "reject", "tarpit", "silent-drop"})
_PLAIN = ("127.", "localhost:", "[::1]", "unix@", "/", "abns@")
_GROUP = re.compile(r"\{([^{}]*)\}|(!?[\w.-]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Section:
    kind: str
    name: str
    lines: tuple[tuple[str, ...], ...]

    def starting(self, *words: str) -> Iterator[tuple[str, ...]]:
        return (line[len(words) :] for line in self.lines if line[: len(words)] == words)


def doors(text: str, *, file: str = "") -> list[tuple[str, Callable[[str], float | None]]]:
    """Return every frontend that others can reach, with the function from path to requests per second.

    Raises:
        NotVerifiedError: a line cannot be understood.
    """
    sections = _sections(text, file)
    tables = {section.name: period for section in sections if (period := _periods(section))}
    return [
        (f"{section.kind} {section.name}", partial(_limit, section, tables))
        for section in sections
        if section.kind in {"frontend", "listen"}
        and any(line and not line[0].startswith(_PLAIN) for line in section.starting("bind"))
    ]


def _sections(text: str, file: str) -> list[_Section]:
    found: list[tuple[str, str, list[tuple[str, ...]]]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            words = tuple(shlex.split(line, comments=True))
        except ValueError as error:
            raise NotVerifiedError(f"{file}:{number}: {error}; try `haproxy -c -f` there") from error
        if words and words[0] in _SECTIONS:
            found.append((words[0], words[1] if len(words) > 1 else "", []))
        elif words and found:
            found[-1][2].append(words)
    return [_Section(kind=kind, name=name, lines=tuple(lines)) for kind, name, lines in found]


def _periods(section: _Section) -> dict[str, float]:
    """Return over how many seconds each rate of the section's table counts."""
    text = " ".join(" ".join(line) for line in section.starting("stick-table"))
    return {one["what"]: int(one["number"]) * _SECONDS[one["unit"]] for one in _COUNTED.finditer(text)}


def _limit(section: _Section, tables: Mapping[str, Mapping[str, float]], path: str) -> float | None:
    tracked = [line for kind in ("http-request", "tcp-request") for line in section.starting(kind) if _tracks(line)]
    if not tracked:
        return None
    names = [line[line.index("table") + 1] for line in tracked if "table" in line[:-1]] or [section.name]
    periods = {what: period for name in names for what, period in tables.get(name, {}).items()}
    acls = _acls(section)
    rates = [
        int(asked["most"]) / periods[asked["what"]]
        for condition in _refusals(section)
        for asked in _ASKED.finditer(_spelled_out(condition, acls))
        if asked["what"] in periods and _applies(_spelled_out(condition, acls), path)
    ]
    return min(rates, default=None)


def _tracks(line: Sequence[str]) -> bool:
    return any(word.startswith("track-sc") for word in line[:2])


def _refusals(section: _Section) -> Iterator[tuple[str, ...]]:
    for kind in ("http-request", "tcp-request"):
        for line in section.starting(kind):
            if _REFUSALS & set(line[:2]) and "if" in line:
                yield line[line.index("if") + 1 :]


def _acls(section: _Section) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for line in section.starting("acl"):
        if line:
            found.setdefault(line[0], []).append(" ".join(line[1:]))
    # Several lines of one name are alternatives; one of them is enough to know what it is about.
    return {name: " ".join(texts) for name, texts in found.items()}


def _spelled_out(condition: Sequence[str], acls: Mapping[str, str]) -> str:
    words = _GROUP.finditer(" ".join(condition))
    return " ".join(f"{{ {match[1] or acls.get(match[2], match[2])} }}" for match in words)


def _applies(condition: str, path: str) -> bool:
    asked = list(_BY_PATH.finditer(condition))
    return not asked or any(_is_meant(one["how"], one["values"].split(), path) for one in asked)


def _is_meant(how: str, values: Sequence[str], path: str) -> bool:
    plain = [value for value in values if not value.startswith("-")]
    return any(path.startswith(value) if how == "path_beg" else path == value for value in plain)
