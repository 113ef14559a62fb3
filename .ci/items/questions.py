"""What a check asks, read from its test: what must hold, in which words it says no, and when it cannot tell."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_GAP = "…"


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One check, in its own words; what is only known when it runs is `…`."""

    holds: tuple[str, ...]
    says_no: tuple[str, ...]
    cannot_tell: tuple[str, ...]


def read_questions(folder: Path) -> dict[str, Question]:
    """Return every check's question by its name."""
    found = {}
    for path in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found[node.name.removeprefix("test_")] = _question(node)
    return found


def _question(test: ast.FunctionDef) -> Question:
    nodes = list(ast.walk(test))
    calls = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    told = [
        word.value for call in calls if _name(call) == "evidence" for word in call.keywords if word.arg == "expected"
    ]
    asserts = [node.msg for node in nodes if isinstance(node, ast.Assert) and node.msg is not None]
    open_ = [call.args[0] for call in calls if _name(call) == "not_verified" and call.args]
    return Question(holds=_unique(told), says_no=_unique(asserts), cannot_tell=_unique(open_))


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _unique(nodes: list[ast.expr]) -> tuple[str, ...]:
    # Messages begin with whom they are about.
    texts = ["".join(_text(node)).removeprefix(f"{_GAP}: ") for node in nodes]
    return tuple(dict.fromkeys(text for text in texts if text != _GAP))


def _text(node: ast.expr) -> Iterator[str]:
    """Yield the literal parts of a text, and a gap for each value."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=values):
            for value in values:
                yield from _text(value)
        case ast.BinOp(left=left, right=right):
            yield from _text(left)
            yield from _text(right)
        case _:
            yield _GAP
