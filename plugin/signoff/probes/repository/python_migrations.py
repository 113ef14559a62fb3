"""Migrations written in Python, read without running them: Alembic's revisions and Django's migration classes."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.probes.repository.migrations import Migration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_DJANGO = re.compile(r"(?:^|/)(?P<app>[A-Za-z_]\w*)/migrations/(?P<name>[A-Za-z0-9]\w*)\.py$")
_ONE_WAY = {"RunPython": "reverse_code", "RunSQL": "reverse_sql"}
"""Operations that Django cannot turn around by itself, and the argument that tells how."""


def alembic(files: Iterable[tuple[str, bytes]]) -> Iterator[Migration]:
    """Return the revisions among the files.

    Raises:
        NotVerifiedError: a file is not Python.
    """
    for path, source in files:
        tree = _parse(path, source)
        values = dict(_assignments(tree.body))
        revision = values.get("revision")
        if not isinstance(revision, str):
            continue
        down = values.get("down_revision")
        parents = tuple(down) if isinstance(down, tuple | list) else (down,) if isinstance(down, str) else ()
        # What merges two branches and does nothing else has nothing to take back.
        reversible = _acts(tree, "downgrade") or (len(parents) > 1 and not _acts(tree, "upgrade"))
        yield Migration(version=revision, path=path, is_reversible=reversible, parents=parents)


def django(files: Iterable[tuple[str, bytes]]) -> Sequence[Migration]:
    """Return the migrations among the files; of those that a squashed one replaces, only that one.

    The folder above `migrations` is taken for the application's label.

    Raises:
        NotVerifiedError: a file is not Python.
    """
    found = [one for path, source in files if (one := _django_migration(path, source))]
    squashed = {old: one.version for one in found for old in one.replaces}
    kept = [one for one in found if one.version not in squashed]
    return [
        replace(one, parents=tuple(parent for old in one.parents if (parent := squashed.get(old, old)) != one.version))
        for one in kept
    ]


def _django_migration(path: str, source: bytes) -> Migration | None:
    place = _DJANGO.search(path)
    if place is None:
        return None
    classes = [
        node for node in _parse(path, source).body if isinstance(node, ast.ClassDef) and node.name == "Migration"
    ]
    if not classes:
        return None
    app, nodes = place["app"], dict(_values(classes[0].body))
    parents = [step for step in _steps(nodes.get("dependencies")) if step.startswith(f"{app}.")]
    return Migration(
        version=f"{app}.{place['name']}",
        path=path,
        is_reversible=not any(_is_one_way(node) for node in ast.walk(classes[0])),
        parents=tuple(parents),
        branch=app,
        replaces=tuple(_steps(nodes.get("replaces"))),
    )


def _steps(node: ast.expr | None) -> Iterator[str]:
    for element in node.elts if isinstance(node, ast.List | ast.Tuple) else ():
        try:
            app, name = ast.literal_eval(element)
        except (ValueError, TypeError):
            continue  # such as migrations.swappable_dependency(…): another application's
        yield f"{app}.{name}"


def _is_one_way(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name not in _ONE_WAY:
        return False
    back = node.args[1] if len(node.args) > 1 else None
    named = next((keyword.value for keyword in node.keywords if keyword.arg == _ONE_WAY[name]), back)
    return named is None or (isinstance(named, ast.Constant) and named.value is None)


def _parse(path: str, source: bytes) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise NotVerifiedError(f"{path}: not Python: {error}; repair the migration") from error


def _values(body: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    for node in body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and value is not None:
            yield target.id, value


def _assignments(body: Iterable[ast.stmt]) -> Iterator[tuple[str, object]]:
    for name, value in _values(body):
        try:
            yield name, ast.literal_eval(value)
        except ValueError:
            continue


def _acts(tree: ast.Module, name: str) -> bool:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return any(not isinstance(line, ast.Pass | ast.Raise) and not _is_docstring(line) for line in node.body)
    return False


def _is_docstring(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)
