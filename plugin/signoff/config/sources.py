"""Where each check is implemented, read from the test files without importing them."""

from __future__ import annotations

import ast
import hashlib
import re
from typing import TYPE_CHECKING

from signoff.errors import ConfigError, Problem
from signoff.model import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MARKER = "checklist"
_MARKED = re.compile(
    r"\.checklist\(\s*id\s*=\s*[\"'](?P<item>[A-Z0-9-]+)[\"'][^\n]*\n(?:@[^\n]*\n)*def test_(?P<check>\w+)"
)


def find_sources(root: Path, folder: Path) -> Mapping[tuple[str, str], Source]:
    """Return (item, check) to its source for every `@pytest.mark.checklist(id=…)` test below the folder.

    The digest is over the function's text with its decorators: a comment elsewhere in the file does not make
    evidence stale, a changed question does.

    A file that is not Python still says which checks it holds: each of them becomes an error when it is run.

    Raises:
        ConfigError: a check is implemented twice.
    """
    found: dict[tuple[str, str], Source] = {}
    problems: list[Problem] = []
    for path in sorted(folder.rglob("test_*.py")):
        text = path.read_text(encoding="utf-8", errors="replace")
        name = path.relative_to(root).as_posix()
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            found |= _named(name, text)
            continue
        lines = text.splitlines(keepends=True)
        for function, item in _marked(tree):
            first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
            segment = "".join(lines[first - 1 : function.end_lineno])
            check = function.name.removeprefix("test_")
            if (item, check) in found:
                first_place = f"{found[item, check].path}:{found[item, check].line}"
                message, hint = f"{item} {check!r} is implemented twice", f"the other one is {first_place}"
                problems.append(Problem(file=name, line=first, column=1, path="", message=message, hint=hint))
            found[item, check] = Source(path=name, line=first, sha256=_sha256(segment))
    if problems:
        raise ConfigError(problems)
    return found


def _named(name: str, text: str) -> dict[tuple[str, str], Source]:
    """Return the checks that a file names, as far as can be told without its syntax."""
    return {
        (match["item"], match["check"]): Source(
            path=name, line=text.count("\n", 0, match.start()) + 1, sha256=_sha256(text)
        )
        for match in _MARKED.finditer(text)
    }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _marked(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            for decorator in node.decorator_list:
                item = _item_id(decorator)
                if item is not None:
                    yield node, item


def _item_id(decorator: ast.expr) -> str | None:
    if not (isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute)):
        return None
    if decorator.func.attr != MARKER:
        return None
    for keyword in decorator.keywords:
        if keyword.arg == "id" and isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str):
            return keyword.value.value
    return None
