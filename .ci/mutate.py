"""Break the decision package on purpose, one small change at a time, and name every change that no test notices.

    python .ci/mutate.py                      every module of the package
    python .ci/mutate.py fold items           these modules
    python .ci/mutate.py fold --known FILE    leave out what FILE says was noticed before, where the code is the same
    python .ci/mutate.py --budget 1           give each change a second of tests: quick, and survivors may be false

Works on a copy of plugin/ in a temporary folder, in one process: pytest collects plugin/tests/decision once and runs
it unchanged, to learn which test enters which function and what it costs. Then each change is made in a forked child,
which runs the tests that enter the changed function (first those named after the module, last the slow ones) until one
fails. A constant of a module is replaced wherever it was imported, and what survives outside of functions is written
into the copy as well and tested by a pytest of its own.

Changed are operators, conditions, constants, machine words (texts for people are not), returned values, arguments that
have a default, and statements, which are left out. Exit status: 0 nothing survived, 1 something did, 2 no measurement.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import gc
import hashlib
import importlib
import itertools
import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import types
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PLUGIN = Path(__file__).resolve().parents[1] / "plugin"
PACKAGE = "signoff.decision"
TESTS = "tests/decision"
LIMIT = 600
"""Seconds of tests for one change: as good as all."""

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


# --- tests --------------------------------------------------------------------------------------------------------


class Runner:
    """A pytest plugin: learns what each test enters, then breaks one thing after the other."""

    def __init__(self, modules: list[str], folder: Path, known: Path | None, budget: float) -> None:
        self.modules, self.folder, self.known, self.budget = modules, folder, known, budget
        self.entered: dict[str, set[str]] = {}
        self.seconds: dict[str, float] = {}
        self.survivors: list[str] = []
        self.broken: list[str] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Take over from pytest once everything is collected."""
        items = self._learn(session.items)
        gc.collect()
        gc.freeze()
        known = {}
        if self.known and self.known.exists():
            known = dict(json.loads(line) for line in self.known.read_text(encoding="utf-8").splitlines())
        for module in self.modules:
            self._module(module, items, known)
        return True

    def _learn(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """Run every test once, with functions that say that they are entered; return those that pass."""
        now: set[str] = set()
        before = _say_when_entered(now)
        good = []
        for item in items:
            now.clear()
            began = time.process_time()
            passed = _passes(item)
            self.entered[item.nodeid], self.seconds[item.nodeid] = set(now), time.process_time() - began
            if passed:
                good.append(item)
            else:
                self.broken.append(item.nodeid)
        for function, code in before.items():
            function.__code__ = code
        print(f"{len(good)} tests, {sum(self.seconds.values()):.0f} s; left out as they fail unchanged: {self.broken}")
        return good

    def _module(self, module: str, items: list[pytest.Item], known: dict[str, str]) -> None:
        path = _sources(self.folder)[module]
        source = path.read_text(encoding="utf-8")
        began, killed, total = time.monotonic(), 0, 0
        for mutant in mutants(module, source):
            total += 1
            key = mutant.key
            if key not in known:
                noticed = self._try(mutant, items)
                if not noticed and not mutant.function:
                    noticed = self._try_whole(mutant, path, source)
                if noticed:
                    known[key] = f"{mutant.name} | {noticed}"
                    if self.known:
                        with self.known.open("a", encoding="utf-8") as lines:
                            lines.write(json.dumps([key, known[key]]) + "\n")
                else:
                    self.survivors.append(mutant.name)
                    print("SURVIVED", mutant.name, flush=True)
            killed += key in known
        print(f"{module}: {killed} of {total} noticed ({time.monotonic() - began:.0f} s)", flush=True)

    def _try(self, mutant: Mutant, items: list[pytest.Item]) -> str:
        """Return the test that notices the change, empty if none does."""
        place = f"{mutant.module}.{mutant.function}"
        tests = [item for item in items if not mutant.function or place in self.entered[item.nodeid]]
        own = tuple(f"test_{part}" for part in (mutant.module.replace(".", "_"), mutant.module.split(".")[0]))
        tests.sort(key=lambda item: (not any(n in item.nodeid for n in own), self.seconds[item.nodeid]))
        tests.sort(key=lambda item: self.seconds[item.nodeid] > 0.3)  # noqa: PLR2004 - properties come last
        spent = itertools.accumulate(self.seconds[item.nodeid] for item in tests)
        tests = [item for item, sum_ in zip(tests, spent, strict=True) if sum_ <= self.budget]
        seconds = 10 + 3 * int(sum(self.seconds[item.nodeid] for item in tests))
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            _child(mutant, tests, writer, seconds=seconds)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            if not select.select([pipe], [], [], 60 + 10 * seconds)[0]:
                os.kill(child, signal.SIGKILL)
            said = pipe.read()
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
            return ""
        return said or f"signal or status {status}"

    def _try_whole(self, mutant: Mutant, path: Path, source: str) -> str:
        path.write_text(ast.unparse(mutant.tree), encoding="utf-8")
        line = [sys.executable, "-m", "pytest", "-x", "-q", "--assert=plain", "-p", "no:xdist", TESTS]
        first = [str(test) for test in self.folder.glob(f"{TESTS}/test_{mutant.module.split('.')[0]}*.py")]
        try:
            for tests in ([*line[:-1], *first],) * bool(first) + (line,) * (self.budget >= LIMIT):
                environ = {**os.environ, "PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
                done = subprocess.run(  # noqa: S603
                    tests, cwd=self.folder, env=environ, capture_output=True, text=True, check=False, timeout=600
                )
                failed = [text for text in done.stdout.splitlines() if text.startswith(("FAILED", "ERROR"))]
                if done.returncode and not (failed and any(name in failed[0] for name in self.broken)):
                    return failed[0] if failed else f"status {done.returncode}"
        except subprocess.TimeoutExpired:
            return "too long"
        finally:
            path.write_text(source, encoding="utf-8")
        return ""


def _sources(folder: Path) -> dict[str, Path]:
    """Return the package's modules by their names within it: `fold`, `lint.people`."""
    root = folder / PACKAGE.replace(".", "/")
    paths = sorted(path for path in root.rglob("*.py") if path.name != "__init__.py")
    return {".".join(path.relative_to(root).with_suffix("").parts): path for path in paths}


def _say_when_entered(entered: set[str]) -> dict[types.FunctionType, types.CodeType]:
    """Make every function of the package add its name to the set; return what their code was."""
    before = {}
    for module, path in _sources(Path(importlib.import_module(PACKAGE).__path__[0]).parents[1]).items():
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


def _passes(item: pytest.Item) -> bool:
    from _pytest.runner import runtestprotocol  # noqa: PLC0415 - without the hooks that report to the terminal

    return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))


def _child(mutant: Mutant, tests: list[pytest.Item], writer: int, *, seconds: int) -> None:
    """Make the change and leave with 1 if a test notices it; never returns."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))  # an endless loop is noticed by it
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    try:
        _apply(mutant)
        for item in tests:
            if not _passes(item):
                os.write(writer, item.nodeid.encode())
                os._exit(1)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it was noticed
        os.write(writer, repr(error).encode())
        os._exit(1)
    os._exit(0)


def _apply(mutant: Mutant) -> None:
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


def main(arguments: list[str]) -> int:
    """Return 0 if every change was noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--known", type=Path, help="what was noticed before; read and written")
    parser.add_argument(
        "--budget", type=float, default=LIMIT, help="seconds of tests for one change (%(default)s: all)"
    )
    parser.add_argument("--count", action="store_true", help="only count the changes")
    given = parser.parse_args(arguments)
    sources = _sources(PLUGIN)
    modules = given.modules or list(sources)
    if unknown := set(modules) - set(sources):
        parser.error(f"no module {', '.join(sorted(unknown))} in {PACKAGE}")
    if given.count:
        for module in modules:
            print(module, sum(1 for _ in mutants(module, sources[module].read_text(encoding="utf-8"))))
        return 0
    known = given.known.resolve() if given.known else None
    with tempfile.TemporaryDirectory(prefix="mutate-") as scratch, contextlib.chdir(scratch):
        for name in ("signoff", "tests"):
            shutil.copytree(PLUGIN / name, name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(PLUGIN / "pytest.toml", "pytest.toml")
        sys.path.insert(0, scratch)
        settings.register_profile("mutate", phases=[Phase.explicit, Phase.generate], derandomize=True, database=None)
        settings.load_profile("mutate")
        runner = Runner(modules, Path(scratch), known, given.budget)
        quiet = ["-q", "-q", "--assert=plain", "--tb=native", "-p", "no:xdist", "-s"]
        status = pytest.main([*quiet, TESTS], plugins=[runner])
    if status != pytest.ExitCode.OK:
        return 2
    return 1 if runner.survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
