"""Read one YAML file by the YAML 1.2 core rules, remembering where everything stands.

Norway stays a country (`no` is text), `2026-11-22` stays text, and a key that stands twice is a mistake. Every
problem is found in one pass and carries its line and column; nothing is guessed.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from signoff.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

Path_ = tuple[str | int, ...]
"""Keys and list indexes from the document's root to a value."""

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
VAULT_HINT = "write ${NAME}, or move the inventory into a folder hosts/: ansible-inventory reads that one"
_CORE_TAGS = "tag:yaml.org,2002:"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_DEPTH = 100
MAX_NODES = 200_000
"""Values of one file, with each use of an alias counted; more is a mistake or an attack."""
_NULL = "tag:yaml.org,2002:null"
_BOOL = "tag:yaml.org,2002:bool"
_INT = "tag:yaml.org,2002:int"
_FLOAT = "tag:yaml.org,2002:float"
_CORE = (
    (_NULL, re.compile(r"(?:null|Null|NULL|~|)\Z")),
    (_BOOL, re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")),
    (_INT, re.compile(r"(?:[-+]?[0-9]{1,400}|0o[0-7]{1,400}|0x[0-9a-fA-F]{1,400})\Z")),
    (
        _FLOAT,
        re.compile(
            r"(?=.*[.eE])(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class _Place:
    line: int
    column: int


@dataclass(slots=True)
class Document:
    """A parsed file: plain data, and the place of every key and value."""

    file: str
    data: Any = None
    problems: list[Problem] = field(default_factory=list)
    _places: dict[Path_, _Place] = field(default_factory=dict)

    def problem(self, path: Path_, message: str, hint: str = "") -> Problem:
        """Return a problem at the place of `path`, or of its nearest parent that is in the file."""
        known = path
        while known and known not in self._places:
            known = known[:-1]
        place = self._places.get(known, _Place(1, 1))
        dotted = ".".join(str(step) for step in path)
        return Problem(file=self.file, line=place.line, column=place.column, path=dotted, message=message, hint=hint)

    def place(self, path: Path_) -> str:
        """Return `file:line` of the path, or of its nearest parent that is in the file."""
        found = self.problem(path, "")
        return f"{found.file}:{found.line}"

    def enter(self, path: Path_) -> None:
        """Note that there is something at the path, of a source that has no lines."""
        self._places.setdefault(path, _Place(1, 1))

    def knows(self, path: Path_) -> bool:
        """Return whether the path stands in the file."""
        return path in self._places

    def add(self, path: Path_, message: str, hint: str = "") -> None:
        """Note a problem, once; the loader raises all of them together."""
        problem = self.problem(path, message, hint)
        if problem not in self.problems:
            self.problems.append(problem)


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return a hint that names the nearest known word, or all of them when there are few."""
    names = sorted(known)
    near = difflib.get_close_matches(str(word), names, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known: {', '.join(names)}" if 0 < len(names) <= 12 else ""  # noqa: PLR2004 - what fits on a line


def read_yaml(path: Path, lookup: Callable[[str], str | None] | None = None) -> Document:
    """Return the document in the file, with `${NAME}` replaced through `lookup`.

    Mistakes are collected in `Document.problems`; the caller raises them together with its own.
    """
    document = Document(file=display_name(path))
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        document.add((), "the file does not exist", f"create {path.name}, or name another inventory")
        return document
    except (OSError, UnicodeDecodeError) as error:
        document.add((), f"cannot be read: {type(error).__name__}", "the file must be readable UTF-8 text")
        return document
    try:
        _refuse_depth(text)
        node = yaml.compose(text, Loader=_LOADER)
        document.data = None if node is None else _Builder(document, lookup).build(node, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        document.problems.append(
            Problem(file=document.file, line=place[0], column=place[1], path="", message=f"not YAML: {error.problem}"),
        )
    except yaml.YAMLError as error:
        document.add((), f"not YAML: {error}")
    except _TooLargeError:
        document.add((), "is nested too deeply, or its aliases stand for too much", "write it flat")
    return document


def raise_problems(documents: Sequence[Document]) -> None:
    """Raise one `ConfigError` with the problems of all documents, if there are any."""
    problems = [problem for document in documents for problem in document.problems]
    if problems:
        raise ConfigError(problems)


class _TooLargeError(Exception):
    """The document stands for more values, or more levels, than any real one has."""


def _refuse_depth(text: str) -> None:
    """Raise for a document that nests so deeply that composing it would end the process."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise _TooLargeError


class _Builder:
    """Turns yaml nodes into plain data, noting places and mistakes."""

    def __init__(self, document: Document, lookup: Callable[[str], str | None] | None) -> None:
        self._document = document
        self._lookup = lookup
        self._open: list[yaml.Node] = []
        self._nodes = 0

    def build(self, node: yaml.Node, path: Path_) -> Any:
        self._document._places.setdefault(path, _Place(node.start_mark.line + 1, node.start_mark.column + 1))  # noqa: SLF001
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise _TooLargeError
        if not node.tag.startswith(_CORE_TAGS):
            hint = VAULT_HINT if node.tag == "!vault" else "write the value itself, or ${NAME}"
            self._document.add(path, "has a tag, which is not read here", hint)
            return None
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if any(parent is node for parent in self._open):
            self._document.add(path, "an alias that contains itself", "write the value out")
            return None
        self._open.append(node)
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path)
            return [self.build(child, (*path, index)) for index, child in enumerate(node.value)]
        finally:
            self._open.pop()

    def _mapping(self, node: yaml.MappingNode, path: Path_) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = self._scalar(key_node, path) if isinstance(key_node, yaml.ScalarNode) else None
            if key is None or isinstance(key, (bool, float)):
                self._document.add(path, "a key that is not text", "put the key in quotes")
                continue
            place = _Place(key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if key == "<<" and not key_node.style:
                self._document._places[(*path, key)] = place  # noqa: SLF001
                self._document.add((*path, key), "merge keys are not part of YAML 1.2", "write the keys out")
                continue
            if key in result:
                first = self._document._places[(*path, key)]  # noqa: SLF001
                self._document.problems.append(
                    Problem(
                        file=self._document.file,
                        line=place.line,
                        column=place.column,
                        path=".".join(map(str, (*path, key))),
                        message=f"stands twice (first in line {first.line})",
                        hint="remove one of them",
                    ),
                )
                continue
            self._document._places[(*path, key)] = place  # noqa: SLF001
            result[key] = self.build(value_node, (*path, key))
        return result

    def _scalar(self, node: yaml.ScalarNode, path: Path_) -> Any:
        text: str = node.value
        if node.style:  # quoted or block: always text
            return self._expand(text, path)
        for tag, pattern in _CORE:
            if pattern.match(text):
                return _construct(tag, text)
        return self._expand(text, path)

    def _expand(self, text: str, path: Path_) -> str:
        if self._lookup is None or "${" not in text:
            return text
        lookup = self._lookup

        def replace(match: re.Match[str]) -> str:
            name = match[1]
            if not _NAME.match(name):
                self._document.add(path, "a reference that is no name", "write ${NAME}")
                return ""
            value = lookup(name)
            if value is None:
                self._document.add(path, f"${{{name}}} is not set", f"set {name} in the environment or in .env")
                return ""
            return value

        return _REFERENCE.sub(replace, text)


def _construct(tag: str, text: str) -> Any:
    if tag == _NULL:
        return None
    if tag == _BOOL:
        return text.lower() == "true"
    if tag == _INT:
        return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
    return float(re.sub(r"\.(inf|nan)\Z", r"\1", text, flags=re.IGNORECASE))


def display_name(path: Path) -> str:
    """Return the path as a person in the current folder would type it."""
    from pathlib import Path as _Path  # noqa: PLC0415 - only a type elsewhere in this module

    try:
        return str(path.resolve().relative_to(_Path.cwd()))
    except (ValueError, OSError):
        return str(path)
