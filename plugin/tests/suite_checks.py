"""Runs single checks of the suite, with their own fixtures, in this process: what needs no whole run of pytest."""

from __future__ import annotations

import importlib.util
import inspect
import re
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signoff.config.checklist import load_checklist
from signoff.errors import CouldNotCheckError, NotVerifiedError
from signoff.meter import METER
from signoff.pytest_plugin.fixtures import BoundTarget, Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parents[2]


@cache
def module(path: str) -> Any:
    """Return one file of the suite, relative to the repository, as a module."""
    name = f"suite_{path.replace('/', '_').removesuffix('.py')}"
    spec = importlib.util.spec_from_file_location(name, ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[name] = loaded  # dataclasses look their module up
    spec.loader.exec_module(loaded)
    return loaded


@cache
def promises() -> Mapping[str, Mapping[str, int] | None]:
    """Return what each check of the suite may ask at most."""
    items = load_checklist(ROOT / "tests/checklist.yaml").items
    return {check.name: check.at_most for item in items for check in item.checks}


@dataclass(frozen=True)
class Conclusion:
    """What a check said: `PASS`, `FAIL`, `NOT_VERIFIED` or `ERROR`, as the engine would judge it."""

    state: str
    reason: str
    evidence: dict[str, Any] = field(default_factory=dict)


@cache
def files() -> dict[str, Path]:
    """Return the file of each check, relative to the repository."""
    return {
        name: path.relative_to(ROOT)
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def test_(\w+)\(", path.read_text(), re.MULTILINE)
    }


def conftests(path: Path) -> Iterator[str]:
    """Yield the files that fixtures of a file's checks stand in, the nearest first."""
    for folder in path.parents:
        if (ROOT / folder / "conftest.py").exists():
            yield str(folder / "conftest.py")


class SuiteChecks:
    """Checks of the suite, run one by one for a target; `given` are the fixtures that the engine gives in a run."""

    def __init__(self, **given: Any) -> None:
        self._given = given

    def one(self, check: str, settings: Any, kind: str = "", name: str = "target", **given: Any) -> Conclusion:
        """Run one check with the fixtures that it names, within its promise; `given` stand instead of the suite's."""
        kept: dict[str, Any] = {}
        target = BoundTarget(name=name, kind=kind or settings.kind, address="", settings=settings)
        values = {**self._given, "target": target, "evidence": Evidence(kept), **given}
        generators: list[Iterator[Any]] = []
        path = files()[check]
        function, near = getattr(module(str(path)), f"test_{check}"), tuple(conftests(path))
        METER.start(promises()[check])
        try:
            parameters = inspect.signature(function).parameters
            function(**{each: _resolve(each, near, values, generators) for each in parameters})
        except AssertionError as error:
            return Conclusion("FAIL", str(error).partition("\n")[0], kept)
        except NotVerifiedError as error:
            return Conclusion("NOT_VERIFIED", str(error), kept)
        except CouldNotCheckError as error:
            return Conclusion("ERROR", str(error), kept)
        finally:
            METER.stop()
            for generator in generators:
                next(generator, None)
        return (
            Conclusion("PASS", "", kept) if kept.get("inspected") else Conclusion("NOT_VERIFIED", "nothing seen", kept)
        )


def _resolve(name: str, near: tuple[str, ...], values: dict[str, Any], generators: list[Iterator[Any]]) -> Any:
    """Return a fixture's value, made by the nearest of the files that has it."""
    if name not in values:
        fixture = next(found for path in near if (found := getattr(module(path), name, None)) is not None)
        function = fixture._get_wrapped_function()
        parameters = inspect.signature(function).parameters
        made = function(**{each: _resolve(each, near, values, generators) for each in parameters})
        if inspect.isgenerator(made):
            generators.append(made)
            made = next(made)
        values[name] = made
    return values[name]
