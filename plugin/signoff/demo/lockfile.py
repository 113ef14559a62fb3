"""The shop's dependencies, as installed here: written down as Poetry does, and copied without a network.

Whoever runs the embedded environment has the shop's dependencies installed already, because it asks for them. So the
lock file names those versions, and a host's virtual environment is filled with those very files.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sysconfig
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from signoff.demo.layout import DemoError

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEADER = "# This file pins what the shop runs with. Do not edit it by hand.\n"


def render(pyproject: str) -> str:
    """Return `poetry.lock` for the project, with the installed version of everything it needs.

    Raises:
        DemoError: a dependency is not installed.
    """
    project = tomllib.loads(pyproject)["project"]
    packages = [_package(found, extras) for _, (found, extras) in sorted(_resolve(project["dependencies"]).items())]
    metadata = {
        "lock-version": "2.1",
        "python-versions": project["requires-python"],
        "content-hash": _content_hash(project),
    }
    return _HEADER + "".join(packages) + "\n[metadata]\n" + _table(metadata)


def resolve(requirements: Iterable[str]) -> dict[str, Distribution]:
    """Return what the requirements need, directly and indirectly, by normalized name.

    Raises:
        DemoError: one of them is not installed.
    """
    return {name: found for name, (found, _) in _resolve(requirements).items()}


def install(environment: Path) -> None:
    """Copy what `poetry.lock` names into a fresh virtual environment."""
    root = TEMPLATE_PYPROJECT.read_text(encoding="utf-8")
    target = Path(sysconfig.get_path("purelib", vars={"base": str(environment)}, scheme="venv"))
    for found in resolve(tomllib.loads(root)["project"]["dependencies"]).values():
        _copy(found, target)


TEMPLATE_PYPROJECT = Path(__file__).parent / "shop" / "repository" / "pyproject.toml"


def _resolve(requirements: Iterable[str]) -> dict[str, tuple[Distribution, set[str]]]:
    """Return also which extras of each distribution are asked for."""
    found: dict[str, tuple[Distribution, set[str]]] = {}
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        is_new = name not in found
        package, extras = found.setdefault(name, (_installed(requirement.name), set()))
        added = ({""} if is_new else set()) | (requirement.extras - extras)
        extras |= requirement.extras
        waiting += [needed for extra in added for needed in _requirements(package, extra)]
    return found


def _requirements(package: Distribution, extra: str) -> list[Requirement]:
    """Return what the package needs on this machine, or what one of its extras adds to that."""
    every = [Requirement(text) for text in package.requires or ()]
    plain = [one for one in every if one.marker is None or one.marker.evaluate({"extra": ""})]
    if not extra:
        return plain
    return [one for one in every if one not in plain and one.marker and one.marker.evaluate({"extra": extra})]


def _installed(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError:
        raise DemoError(f"{name} is not installed; run `pip install 'pytest-signoff[demo]'`") from None


def _copy(found: Distribution, target: Path) -> None:
    if not found.files:
        raise DemoError(f"{found.name} was installed without a list of its files; install it again with pip")
    for file in found.files:
        if ".." in file.parts:
            continue  # command-line scripts: they would start the interpreter that they were installed for
        source, copy = Path(str(found.locate_file(file))), target / file
        if source.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)  # with its time, or the compiled files beside it would count as stale


def _package(found: Distribution, extras: set[str]) -> str:
    values = {
        "name": canonicalize_name(found.name),
        "version": found.version,
        "description": _metadata(found, "Summary"),
        "optional": False,
        "python-versions": _metadata(found, "Requires-Python") or "*",
        "groups": ["main"],
        "files": [],
    }
    dependencies = {one.name: _dependency(one) for one in _requirements(found, "")}
    added = {extra: _requirements(found, extra) for extra in sorted(extras)}
    for extra, needed in added.items():
        dependencies |= {one.name: _dependency(one, extra) for one in needed}
    sections = {
        "dependencies": dependencies,
        "extras": {
            extra: [f"{one.name} ({one.specifier})" if one.specifier else one.name for one in needed]
            for extra, needed in added.items()
        },
    }
    tables = "".join(f"\n[package.{name}]\n{_table(table)}" for name, table in sections.items() if table)
    return f"\n[[package]]\n{_table(values)}{tables}"


def _metadata(found: Distribution, name: str) -> str:
    return str((found.metadata.get_all(name) or [""])[0])


def _dependency(requirement: Requirement, extra: str = "") -> Any:
    version = str(requirement.specifier) or "*"
    if extra:
        return {"version": version, "optional": True, "markers": f'extra == "{extra}"'}
    return {"version": version, "extras": sorted(requirement.extras)} if requirement.extras else version


def _content_hash(project: dict[str, Any]) -> str:
    relevant = {key: project[key] for key in ("requires-python", "dependencies") if key in project}
    content = {"project": relevant, "tool": {"poetry": {}}}  # as Poetry 2 takes it
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _table(values: dict[str, Any]) -> str:
    return "".join(f"{_key(key)} = {_value(value)}\n" for key, value in values.items())


def _key(text: str) -> str:
    return text if text.replace("-", "").replace("_", "").isalnum() else json.dumps(text)


def _value(value: Any) -> str:
    """Return the TOML form: JSON's is TOML's too, but for tables."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)
