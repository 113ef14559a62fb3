"""Break the decision package on purpose, one small change at a time, and name every change that no test notices.

    python .ci/mutate                      every module of the package
    python .ci/mutate fold items           these modules
    python .ci/mutate fold --known FILE    leave out what FILE says was noticed before, where the code is the same
    python .ci/mutate --budget 1           give each change a second of tests: quick, and survivors may be false

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
import contextlib
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from mutants import mutants
from package import PACKAGE, PLUGIN, TESTS, sources
from runner import LIMIT, Runner


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
    there = sources(PLUGIN)
    modules = given.modules or list(there)
    if unknown := set(modules) - set(there):
        parser.error(f"no module {', '.join(sorted(unknown))} in {PACKAGE}")
    if given.count:
        for module in modules:
            print(module, sum(1 for _ in mutants(module, there[module].read_text(encoding="utf-8"))))
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
