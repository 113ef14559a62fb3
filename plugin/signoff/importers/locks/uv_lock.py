"""uv.lock: the packages that the project itself leads to, without its development groups."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from signoff.errors import NotVerifiedError
from signoff.importers.locks.locked import LockedPackage, holds, locked, parse_toml, tables

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    Table = Mapping[str, Any]

_KIND = "uv.lock"
_OWN = ("editable", "virtual", "directory")


def read(text: bytes, *, environment: Mapping[str, str], extras: Collection[str]) -> tuple[LockedPackage, ...]:
    """Return what is reached from the project by its dependencies and the extras; the project itself is left out.

    Raises:
        NotVerifiedError: damaged, no project in it, or a dependency that it does not hold.
    """
    packages: list[Table] = list(tables(parse_toml(text, _KIND), _KIND))
    roots = [table for table in packages if any(key in table.get("source", {}) for key in _OWN)]
    if not roots:
        raise NotVerifiedError(f"{_KIND}: no package is the project itself; lock it with `uv lock`")
    by_name: dict[str, list[Table]] = {}
    for table in packages:
        by_name.setdefault(canonicalize_name(table["name"]), []).append(table)

    queue: deque[tuple[Table, tuple[str, ...]]] = deque((root, tuple(extras)) for root in roots)
    seen: set[tuple[str, str, str]] = set()
    found: dict[LockedPackage, None] = {}
    while queue:
        table, chosen = queue.popleft()
        for dependency in _dependencies(table, chosen):
            if not holds(str(dependency.get("marker", "")), environment, _KIND, chosen):
                continue
            reached = _choose(by_name, dependency, environment)
            wanted = tuple(dependency.get("extra", ()))
            step = (reached["name"], str(reached.get("version", "")), ",".join(wanted))
            if step not in seen:
                seen.add(step)
                queue.append((reached, wanted))
            if reached not in roots:
                found[locked(reached["name"], str(reached.get("version", "")))] = None
    return tuple(found)


def _dependencies(table: Table, extras: Sequence[str]) -> Iterator[Table]:
    yield from table.get("dependencies", ())
    wanted = {canonicalize_name(extra) for extra in extras}
    for extra, dependencies in table.get("optional-dependencies", {}).items():
        if canonicalize_name(extra) in wanted:
            yield from dependencies


def _choose(by_name: Mapping[str, Sequence[Table]], dependency: Table, environment: Mapping[str, str]) -> Table:
    """Return the one package that the dependency means; forks of one name differ by version or by markers."""
    name, version = canonicalize_name(dependency["name"]), dependency.get("version")
    candidates = [table for table in by_name.get(name, ()) if version is None or table.get("version") == version]
    if len(candidates) > 1:
        candidates = [
            table
            for table in candidates
            if any(holds(marker, environment, _KIND) for marker in table.get("resolution-markers", [""]))
        ]
    if len(candidates) != 1:
        raise NotVerifiedError(f"{_KIND}: {len(candidates)} packages for {name}; lock the dependencies again")
    return candidates[0]
