"""Whether a lock file was made from the project as it is now: every dependency locked, in a version that it allows."""

from __future__ import annotations

import hashlib
import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node
from signoff.importers.locks.locked import holds, parse_toml

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from signoff.importers.locks.locked import LockedPackage

_LEGACY = ("dependencies", "source", "extras", "dev-dependencies")
_RELEVANT = (*_LEGACY, "group")
_STANDARD = ("requires-python", "dependencies", "optional-dependencies")


def stale(
    name: str,
    lock: bytes,
    project: bytes,
    packages: Collection[LockedPackage],
    *,
    environment: Mapping[str, str],
) -> tuple[str, ...]:
    """Return every sign that the lock was not made from this project file, ready to be read by people.

    Args:
        name: Path of the lock file; its last part tells the format.
        lock: Its content.
        project: Content of pyproject.toml, or of package.json for npm.
        packages: What the lock wants.
        environment: Values of the environment markers.

    Raises:
        NotVerifiedError: one of the two is damaged, or the project names its dependencies in another way.
    """
    own = made_from(name, lock, project)
    kind = PurePosixPath(name).name
    poetry_alone = kind == "poetry.lock" and "dependencies" not in _project(project)
    if kind == "package-lock.json" or poetry_alone:
        return (own,) if own else ()
    return (*((own,) if own else ()), *departures(project, packages, environment=environment))


def dependencies(project: bytes) -> tuple[str, ...]:
    """Return the dependencies that the project itself names (PEP 621).

    Raises:
        NotVerifiedError: damaged, or it names none there.
    """
    found = _project(project).get("dependencies")
    if not isinstance(found, list):
        raise NotVerifiedError("pyproject.toml: no [project] dependencies; move the dependencies there")
    return tuple(map(str, found))


def _project(text: bytes) -> Mapping[str, Any]:
    table = parse_toml(text, "pyproject.toml").get("project", {})
    return table if isinstance(table, dict) else {}


def departures(
    project: bytes, packages: Collection[LockedPackage], *, environment: Mapping[str, str]
) -> tuple[str, ...]:
    """Return each dependency that the lock lacks, or holds in a version that the project does not allow."""
    locked: dict[str, list[str]] = {}
    for package in packages:
        locked.setdefault(package.name, []).append(package.version)
    return tuple(complaint for text in dependencies(project) for complaint in _complaints(text, locked, environment))


def _complaints(text: str, locked: Mapping[str, list[str]], environment: Mapping[str, str]) -> Iterator[str]:
    try:
        wanted = Requirement(text)
    except InvalidRequirement as error:
        raise NotVerifiedError(f"pyproject.toml: {text[:80]!r} is not a requirement; correct it") from error
    if not holds(str(wanted.marker or ""), environment, "pyproject.toml"):
        return
    versions = locked.get(canonicalize_name(wanted.name))
    if versions is None:
        yield f"{wanted.name} is not locked"
        return
    try:
        allowed = [not version or wanted.specifier.contains(version, prereleases=True) for version in versions]
    except InvalidVersion as error:
        raise NotVerifiedError(f"{wanted.name}: {error}; lock the dependencies again") from error
    if not all(allowed):
        yield f"{wanted.name} {'/'.join(versions)} is locked, the project asks for {wanted.specifier}"


def made_from(name: str, lock: bytes, project: bytes) -> str:
    """Return why the lock's own record says that it was made from another project file; empty: it does not say so.

    poetry.lock holds a digest of the project's relevant content, uv.lock its dependencies, package-lock.json those of
    package.json; pylock.toml and requirements hold nothing of the kind.
    """
    match PurePosixPath(name).name:
        case "poetry.lock":
            recorded = parse_toml(lock, "poetry.lock").get("metadata", {}).get("content-hash", "")
            document = parse_toml(project, "pyproject.toml")
            made = {content_hash(document, with_groups=with_groups) for with_groups in (True, False)}
            return "" if recorded in made else "its content-hash is of another pyproject.toml"
        case "uv.lock":
            return _uv(parse_toml(lock, "uv.lock"), parse_toml(project, "pyproject.toml"))
        case "package-lock.json":
            return _npm(Node.parse(lock, kind="package-lock.json"), Node.parse(project, kind="package.json"))
        case _:
            return ""


def content_hash(project: Mapping[str, Any], *, with_groups: bool = True) -> str:
    """Return the digest that Poetry 2 keeps in its lock file of what matters in pyproject.toml.

    Args:
        project: The whole document.
        with_groups: Whether [dependency-groups] count; before Poetry 2.2 they did not.
    """
    standard = {key: value for key in _STANDARD if (value := project.get("project", {}).get(key)) is not None}
    groups = project.get("dependency-groups", {}) if with_groups else {}
    poetry = project.get("tool", {}).get("poetry", {})
    own = {
        key: poetry.get(key)
        for key in _RELEVANT
        # Without standard tables the digest is that of older Poetry, in which absent keys count as null.
        if poetry.get(key) is not None or (key in _LEGACY and not standard and not groups)
    }
    relevant: dict[str, Any] = {
        **({"project": standard} if standard else {}),
        **({"dependency-groups": groups} if groups else {}),
    }
    relevant = {**relevant, "tool": {"poetry": own}} if relevant else own
    return hashlib.sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()


def _uv(lock: Mapping[str, Any], project: Mapping[str, Any]) -> str:
    name = canonicalize_name(str(project.get("project", {}).get("name", "")))
    own = [one for one in lock.get("package", ()) if canonicalize_name(str(one.get("name", ""))) == name]
    if not own:
        return "it is of another project"
    recorded = {
        (canonicalize_name(str(one.get("name", ""))), _specifier(str(one.get("specifier", ""))))
        for one in own[0].get("metadata", {}).get("requires-dist", ())
        if "extra ==" not in str(one.get("marker", ""))
    }
    texts = map(Requirement, project.get("project", {}).get("dependencies", ()))
    wanted = {(canonicalize_name(one.name), _specifier(str(one.specifier))) for one in texts}
    gone = sorted({name for name, _ in recorded ^ wanted})
    return f"it was made with other dependencies: {', '.join(gone)}" if gone else ""


def _specifier(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(",") if part.strip())


def _npm(lock: Node, project: Node) -> str:
    root = lock.at("packages").at("")
    for key in ("dependencies", "devDependencies", "optionalDependencies"):
        if (root.at(key).value or {}) != (project.at(key).value or {}):
            return f"its {key} are not those of package.json"
    return ""
