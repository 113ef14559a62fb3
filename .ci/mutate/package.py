"""The package that is broken: its modules, its running functions, and how a change is made to them in place."""

from __future__ import annotations

import ast
import importlib
import sys
import types
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mutants import Mutant

PLUGIN = Path(__file__).resolve().parents[2] / "plugin"
PACKAGE = "signoff.decision"
TESTS = "tests/decision"


def sources(folder: Path) -> dict[str, Path]:
    """Return the package's modules by their names within it: `fold`, `lint.people`."""
    root = folder / PACKAGE.replace(".", "/")
    paths = sorted(path for path in root.rglob("*.py") if path.name != "__init__.py")
    return {".".join(path.relative_to(root).with_suffix("").parts): path for path in paths}


def say_when_entered(entered: set[str]) -> dict[types.FunctionType, types.CodeType]:
    """Make every function of the package add its name to the set; return what their code was."""
    before = {}
    for module, path in sources(Path(importlib.import_module(PACKAGE).__path__[0]).parents[1]).items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = []
        for scope, body in [
            ("", tree.body),
            *((f"{c.name}.", c.body) for c in tree.body if isinstance(c, ast.ClassDef)),
        ]:
            for function in body:
                if isinstance(function, ast.FunctionDef):
                    names.append(f"{scope}{function.name}")
                    function.body.insert(0, ast.parse(f"_entered.add('{module}.{names[-1]}')").body[0])
        real, fresh = _executed(f"{PACKAGE}.{module}", tree)
        vars(real)["_entered"] = entered
        for name in names:
            old = _function(real, name)
            before[old] = old.__code__
            old.__code__ = _function(fresh, name).__code__
    return before


def apply(mutant: Mutant) -> None:
    """Make the change to the modules that are loaded."""
    real, fresh = _executed(f"{PACKAGE}.{mutant.module}", mutant.tree)
    if not mutant.function:
        _rebind(mutant, real)
        for name, function in vars(real).items():
            if isinstance(function, types.FunctionType) and function.__module__ == real.__name__:
                _take_defaults(function, vars(fresh)[name])
        return
    old, new = _function(real, mutant.function), _function(fresh, mutant.function)
    old.__code__ = new.__code__
    if mutant.in_default:
        old.__defaults__, old.__kwdefaults__ = new.__defaults__, new.__kwdefaults__


def _take_defaults(old: types.FunctionType, new: types.FunctionType) -> None:
    """Take over the defaults that a constant gives; classes and functions stay the module's own."""
    plain = (int, float, str, timedelta, frozenset)
    if old.__kwdefaults__:
        changed = {name: new.__kwdefaults__[name] for name in old.__kwdefaults__}
        old.__kwdefaults__.update({name: value for name, value in changed.items() if isinstance(value, plain)})
    if old.__defaults__:
        both = zip(old.__defaults__, new.__defaults__ or (), strict=True)
        old.__defaults__ = tuple(its if isinstance(its, plain) else was for was, its in both)


def _rebind(mutant: Mutant, real: types.ModuleType) -> None:
    """Give a constant of the module its other value, there and wherever it was imported."""
    original = ast.parse(Path(str(real.__file__)).read_text(encoding="utf-8"))
    for old, new in zip(original.body, mutant.tree.body, strict=True):
        if isinstance(new, ast.Assign | ast.AnnAssign) and ast.unparse(old) != ast.unparse(new):
            names = dict(vars(real))
            exec(compile(ast.Module([new], []), str(real.__file__), "exec"), names)  # noqa: S102 - our own source
            for name, value in list(vars(real).items()):
                if names[name] is not value:
                    for module in list(sys.modules.values()):
                        if vars(module).get(name) is value:
                            setattr(module, name, names[name])


def _executed(name: str, tree: ast.Module) -> tuple[types.ModuleType, types.ModuleType]:
    """Return the module, and another one made of the tree, from which its functions can take their code."""
    real = importlib.import_module(name)
    fresh = types.ModuleType(name)
    vars(fresh).update(__file__=real.__file__, _entered=set())
    code = compile(ast.fix_missing_locations(tree), str(real.__file__), "exec")
    exec(code, fresh.__dict__)  # noqa: S102 - our own source
    return real, fresh


def _function(module: types.ModuleType, name: str) -> types.FunctionType:
    found: Any = module
    for part in name.split("."):
        found = vars(found)[part]
    for wrapper in ("fget", "func", "__func__", "__wrapped__"):
        found = getattr(found, wrapper, found)
    if not isinstance(found, types.FunctionType):
        raise TypeError(f"{name} is no function but {found!r}")
    return found
