"""The changes that can be made to a module, one at a time."""

from __future__ import annotations

import ast
import copy
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list"}
_REMOVED = (ast.Expr, ast.AugAssign, ast.Continue, ast.Break, ast.Raise)


@dataclass(frozen=True)
class Mutant:
    """One change."""

    module: str
    line: int
    function: str
    """Qualified name; empty for what stands outside of functions."""
    what: str
    tree: ast.Module
    in_default: bool

    @property
    def name(self) -> str:
        """Place and change, for people."""
        return f"{self.module}:{self.line} {self.function or '(module)'}: {self.what}"

    @property
    def key(self) -> str:
        """Digest of the changed function, or of the whole module if the change is outside of functions."""
        node: Any = self.tree
        for part in self.function.split(".") if self.function else ():
            node = next(child for child in node.body if getattr(child, "name", "") == part)
        return hashlib.sha256(f"{self.module} {self.function} {ast.unparse(node)}".encode()).hexdigest()


# --- changes ------------------------------------------------------------------------------------------------------


def mutants(module: str, source: str) -> Iterator[Mutant]:
    """Yield every change to the module, each once."""
    tree = ast.parse(source)
    known = set()
    for number, (node, function, in_default) in enumerate(_places(tree)):
        for index, (what, _) in enumerate(_changes(node)):
            changed = copy.deepcopy(tree)
            other = _places(changed)[number][0]
            _, replace = _changes(other)[index]
            replace()
            text = ast.unparse(ast.fix_missing_locations(changed))
            if text not in known:
                known.add(text)
                yield Mutant(module, _line(node), function, what, ast.parse(text), in_default)


def _line(node: ast.AST) -> int:
    return node.target.lineno if isinstance(node, ast.comprehension) else getattr(node, "lineno", 0)


def _places(tree: ast.Module) -> list[tuple[ast.AST, str, bool]]:  # noqa: C901 - one walk
    """Return each node that may be changed, its function's qualified name, and whether it is an argument's default."""
    found: list[tuple[ast.AST, str, bool]] = []

    def visit(node: ast.AST, function: str, scope: str, *, in_default: bool) -> None:
        name = f"{scope}{node.name}" if isinstance(node, ast.FunctionDef) else ""
        found.append((node, function or name, in_default))
        if isinstance(node, ast.FunctionDef):
            for child in node.body:
                visit(child, function or name, f"{name}.", in_default=in_default)
            for default in (*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)):
                visit(default, function or name, scope, in_default=True)
            return
        skipped = _uninteresting(node)
        for child in ast.iter_child_nodes(node):
            if child not in skipped:
                inner = f"{scope}{node.name}." if isinstance(node, ast.ClassDef) else scope
                visit(child, function, inner, in_default=in_default)

    for statement in tree.body:
        if not _is_for_the_type_checker(statement):
            visit(statement, "", "", in_default=False)
    return found


def _uninteresting(node: ast.AST) -> list[ast.AST]:
    """Return what only a type checker, the class statement itself, or people look at."""
    if isinstance(node, ast.AnnAssign):
        return [node.annotation]
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases]
    if isinstance(node, ast.JoinedStr):
        return [part for part in node.values if isinstance(part, ast.Constant)]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Text":
        return [keyword for keyword in node.keywords if isinstance(keyword.value, ast.Constant)]
    other_name = isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript)
    if isinstance(node, ast.Assign | ast.Expr) and (other_name or (isinstance(node, ast.stmt) and _is_docstring(node))):
        return [node.value]
    return []


def _is_for_the_type_checker(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return True
    return (
        isinstance(statement, ast.If) and isinstance(statement.test, ast.Name) and statement.test.id == "TYPE_CHECKING"
    )


def _changes(node: ast.AST) -> list[tuple[str, Callable[[], None]]]:  # noqa: C901, PLR0912 - one branch per kind of node
    """Return the changes of one node: what each does in words, and what does it."""
    found: list[tuple[str, Callable[[], None]]] = []

    def put(what: str, owner: Any, field: str, value: Any) -> None:
        found.append((what, lambda: setattr(owner, field, value)))

    if isinstance(node, ast.If | ast.IfExp | ast.While):
        for value in (True, False) if not isinstance(node, ast.While) else (False,):
            put(f"{ast.unparse(node.test)} -> {value}", node, "test", ast.Constant(value))
    if isinstance(node, ast.comprehension):
        for index, test in enumerate(node.ifs):
            for value in (True, False):
                left = [*node.ifs[:index], ast.Constant(value), *node.ifs[index + 1 :]]
                put(f"if {ast.unparse(test)} -> {value}", node, "ifs", left)
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            for other in _COMPARISONS[type(operator)]:
                left_ops = [*node.ops[:index], other(), *node.ops[index + 1 :]]
                put(f"{ast.unparse(node)}: {type(operator).__name__} -> {other.__name__}", node, "ops", left_ops)
    if isinstance(node, ast.BoolOp):
        swapped = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        put(f"{ast.unparse(node)}: {type(node.op).__name__} swapped", node, "op", swapped)
        for index, value in enumerate(node.values):
            rest = [*node.values[:index], *node.values[index + 1 :]]
            if len(rest) > 1:
                put(f"{ast.unparse(node)}: without {ast.unparse(value)}", node, "values", rest)
            else:
                neutral = ast.Constant(isinstance(node.op, ast.And))
                put(f"{ast.unparse(node)}: without {ast.unparse(value)}", node, "values", [neutral, *rest])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        # Twice "not" keeps the type.
        put(f"{ast.unparse(node)}: without not", node, "operand", ast.UnaryOp(ast.Not(), node.operand))
    if isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in _OPERATORS:
        operator_type = _OPERATORS[type(node.op)]
        put(f"{ast.unparse(node)}: {type(node.op).__name__} -> {operator_type.__name__}", node, "op", operator_type())
    if isinstance(node, ast.Constant):
        for value in _other_values(node.value):
            put(f"{node.value!r} -> {value!r}", node, "value", value)
    if isinstance(node, ast.Return) and node.value is not None and ast.unparse(node.value) != "None":
        put(f"{ast.unparse(node)} -> None", node, "value", ast.Constant(None))
    if isinstance(node, ast.Call):
        found += _call_changes(node)
    for field in ("body", "orelse", "finalbody"):
        block = getattr(node, field, None)
        if isinstance(block, list) and not isinstance(node, ast.Module | ast.ClassDef):
            for index, statement in enumerate(block):
                if isinstance(statement, _REMOVED) and not _is_docstring(statement):
                    kept = [*block[:index], ast.Pass(), *block[index + 1 :]]
                    put(f"without {ast.unparse(statement)}", node, field, kept)
    return found


def _call_changes(node: ast.Call) -> list[tuple[str, Callable[[], None]]]:
    found: list[tuple[str, Callable[[], None]]] = []

    def put(what: str, field: str, value: Any) -> None:
        found.append((f"{ast.unparse(node)}: {what}", lambda: setattr(node, field, value)))

    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name in _CALLS and not (name == "sorted" and node.keywords):
        put(f"{name} -> {_CALLS[name]}", "func", ast.Name(_CALLS[name], ast.Load()))
    for index, keyword in enumerate(node.keywords):
        if keyword.arg is not None:
            put(f"without {keyword.arg}", "keywords", [*node.keywords[:index], *node.keywords[index + 1 :]])
    return found


def _other_values(value: object) -> tuple[object, ...]:
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int | float):
        return (value + 1, value - 1)
    if isinstance(value, str) and not any(letter.isspace() for letter in value):
        return (f"{value}XX",) if value else ("XX",)
    return ()


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
