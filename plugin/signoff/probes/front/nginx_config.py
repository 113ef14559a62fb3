"""nginx's configuration as a tree, with what it includes, as nginx itself would read it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from posixpath import dirname, join
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.hosts import files as host_files

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(
    r"""(?P<blank>\s+|\#[^\n]*)
    |(?P<mark>[{};])
    |(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<word>(?:\\.|\$\{[^}\s]*\}|[^\s{};"'])(?:\\.|\$\{[^}\s]*\}|[^\s{;])*)""",
    re.VERBOSE | re.DOTALL,
)
_MAX_FILES = 300
_MAX_DEPTH = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Directive:
    """One directive, with what its block holds; `block` is empty for one that ends in a semicolon."""

    name: str
    arguments: tuple[str, ...] = ()
    block: tuple[Directive, ...] = ()
    file: str = ""
    line: int = 0

    def each(self, name: str) -> Iterator[Directive]:
        """Yield the directives of that name directly inside."""
        return (one for one in self.block if one.name == name)

    def value(self, name: str) -> tuple[str, ...] | None:
        """Return the arguments of the last directive of that name directly inside; None without one."""
        found = [one.arguments for one in self.each(name)]
        return found[-1] if found else None

    @property
    def place(self) -> str:
        """Where it stands, as `file:line`."""
        return f"{self.file}:{self.line}"


def load(host: Any, path: str) -> Directive:
    """Return the whole configuration as the block of a directive without a name.

    Args:
        host: A testinfra host.
        path: The main file; relative includes start at its folder.

    Raises:
        NotVerifiedError: a file is missing, cannot be read, or is not nginx's language.
    """
    reader = _Reader(host, dirname(path))
    return Directive(name="", block=tuple(reader.included(path, depth=0)), file=path, line=1)


def parse(text: str, *, file: str = "") -> tuple[Directive, ...]:
    """Return the directives of one file, includes as they stand.

    Raises:
        NotVerifiedError: not nginx's language; says where.
    """
    return _Parser(text, file).directives(inside=False)


@dataclass(slots=True)
class _Reader:
    host: Any
    prefix: str
    files: int = field(default=0)

    def included(self, pattern: str, *, depth: int) -> Iterator[Directive]:
        if depth > _MAX_DEPTH:
            raise NotVerifiedError(f"{pattern}: included more than {_MAX_DEPTH} levels deep; does it include itself?")
        contents = host_files.read(self.host, [join(self.prefix, pattern)])
        self.files += len(contents)
        if self.files > _MAX_FILES:
            raise NotVerifiedError(f"{pattern}: more than {_MAX_FILES} files; name a smaller configuration")
        for name, text in contents.items():
            yield from self.resolved(parse(text, file=name), depth)

    def resolved(self, directives: tuple[Directive, ...], depth: int) -> Iterator[Directive]:
        for one in directives:
            if one.name == "include" and one.arguments:
                yield from self.included(one.arguments[0], depth=depth + 1)
            elif one.block:
                block = tuple(self.resolved(one.block, depth))
                yield Directive(name=one.name, arguments=one.arguments, block=block, file=one.file, line=one.line)
            else:
                yield one


class _Parser:
    def __init__(self, text: str, file: str) -> None:
        self._text, self._file, self._at = text, file, 0

    def directives(self, *, inside: bool) -> tuple[Directive, ...]:
        found: list[Directive] = []
        words: list[str] = []
        line = 0
        for kind, text, here in self._tokens():
            if kind != "mark":
                line = line if words else here
                words.append(text)
            elif text == "}":
                if not inside or words:
                    raise self._wrong(here)
                return tuple(found)
            elif not words:
                raise self._wrong(here)
            else:
                block = self.directives(inside=True) if text == "{" else ()
                found.append(
                    Directive(name=words[0], arguments=tuple(words[1:]), block=block, file=self._file, line=line)
                )
                words = []
        if inside or words:
            raise self._wrong(self._line())
        return tuple(found)

    def _tokens(self) -> Iterator[tuple[str, str, int]]:
        while self._at < len(self._text):
            match = _TOKEN.match(self._text, self._at)
            if match is None:
                raise self._wrong(self._line())
            here, self._at = self._line(), match.end()
            if match["quoted"]:
                yield "quoted", re.sub(r"\\(.)", r"\1", match["quoted"][1:-1], flags=re.DOTALL), here
            elif match.lastgroup != "blank":
                yield str(match.lastgroup), match[0], here

    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1

    def _wrong(self, line: int) -> NotVerifiedError:
        return NotVerifiedError(f"{self._file}:{line}: not understood as nginx configuration; try `nginx -t` there")
