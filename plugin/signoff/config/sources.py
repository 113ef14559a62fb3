"""Where each check is implemented, read from the test files without importing them."""

from __future__ import annotations

import ast
import hashlib
from typing import TYPE_CHECKING

from signoff.errors import ConfigError, Problem
from signoff.model import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MARKER = "checklist"


def find_sources(root: Path, folder: Path) -> Mapping[tuple[str, str], Source]:
    """Return (item, check) to its source for every `@pytest.mark.checklist(id=…)` test below the folder.

    The digest is over the function's text with its decorators: a comment elsewhere in the file does not make
    evidence stale, a changed question does.

    Raises:
        ConfigError: a file is not Python.
    """
    found: dict[tuple[str, str], Source] = {}
    for path in sorted(folder.rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(root).as_posix()
        try:
            tree = ast.parse(text)
        except SyntaxError as error:
            problem = Problem(
                file=name, line=error.lineno or 1, column=error.offset or 1, path="", message=f"not Python: {error.msg}"
            )
            raise ConfigError([problem]) from None
        lines = text.splitlines(keepends=True)
        for function, item in _marked(tree):
            first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
            segment = "".join(lines[first - 1 : function.end_lineno])
            check = function.name.removeprefix("test_")
            found[item, check] = Source(path=name, line=first, sha256=hashlib.sha256(segment.encode()).hexdigest())
    return found


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
