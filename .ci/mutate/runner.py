"""A pytest plugin: learns which test enters which function, then breaks one thing after the other."""

from __future__ import annotations

import ast
import gc
import itertools
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from mutants import mutants
from package import TESTS, apply, say_when_entered, sources

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from mutants import Mutant

LIMIT = 600
"""Seconds of tests for one change: as good as all."""


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
        before = say_when_entered(now)
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
        path = sources(self.folder)[module]
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
        first = [str(test) for test in self.folder.glob(f"{TESTS}/**/test_{mutant.module.split('.')[0]}*.py")]
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
        apply(mutant)
        for item in tests:
            if not _passes(item):
                os.write(writer, item.nodeid.encode())
                os._exit(1)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it was noticed
        os.write(writer, repr(error).encode())
        os._exit(1)
    os._exit(0)
