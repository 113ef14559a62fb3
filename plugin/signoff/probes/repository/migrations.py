"""Facts about the database migrations in a repository: versions, order, heads, digests and ways back."""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from signoff.probes.repository.git import Repository

Tool = Literal["plain", "alembic", "flyway", "django"]

_PLAIN = re.compile(r"^(?P<version>\d+)_.+?(?P<down>\.down)?(\.up)?\.sql$")
_FLYWAY = re.compile(r"^(?P<kind>[VU])(?P<version>[\d._]+)__.+\.sql$")
_SQL_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    """One step of the schema as written in the repository."""

    version: str
    path: str
    is_reversible: bool
    """A way back exists and does something."""
    parents: tuple[str, ...] = ()
    branch: str = ""
    """Steps of different branches (applications of a Django project) have heads of their own."""
    replaces: tuple[str, ...] = ()
    """Older steps that this one stands for."""
    checksums: frozenset[str] = frozenset()
    """Of the file, in every form that a tool records; empty: the tool records none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Migrations:
    """All steps in the repository at one commit."""

    migrations: tuple[Migration, ...]
    duplicates: tuple[str, ...]
    """Versions that two files claim."""

    @property
    def heads(self) -> tuple[str, ...]:
        """Versions that no other step builds on."""
        parents = {parent for migration in self.migrations for parent in migration.parents}
        return tuple(migration.version for migration in self.migrations if migration.version not in parents)

    @property
    def forks(self) -> tuple[str, ...]:
        """Heads of the branches that have more than one: work of several people that was never merged."""
        heads = set(self.heads)
        found: dict[str, list[str]] = {}
        for one in self.migrations:
            if one.version in heads:
                found.setdefault(one.branch, []).append(one.version)
        return tuple(version for versions in found.values() if len(versions) > 1 for version in versions)

    @property
    def branches(self) -> frozenset[str]:
        """The branches that there are."""
        return frozenset(migration.branch for migration in self.migrations)

    @property
    def irreversible(self) -> tuple[str, ...]:
        """Paths of the steps without a way back."""
        return tuple(migration.path for migration in self.migrations if not migration.is_reversible)


def read(repository: Repository, commit: str, directory: str, tool: Tool) -> Migrations:
    """Return the migrations of the commit, oldest first.

    Raises:
        NotVerifiedError: no migration in the directory, or one that cannot be read.
    """
    from signoff.probes.repository import python_migrations  # noqa: PLC0415 - it is built on this module's facts

    paths = repository.files(commit, directory)
    if tool in {"alembic", "django"}:
        sources = ((path, repository.read(commit, path)) for path in paths if path.endswith(".py"))
        reader = python_migrations.alembic if tool == "alembic" else python_migrations.django
        found = list(reader(sources))
    else:
        pattern = _PLAIN if tool == "plain" else _FLYWAY
        found = list(_numbered(repository, commit, paths, pattern))
    if not found:
        raise NotVerifiedError(
            f"{repository.path}: no {tool} migration in {directory} at {commit[:12]}; correct the path"
        )
    versions = [migration.version for migration in found]
    repeated = tuple(sorted({version for version in versions if versions.count(version) > 1}))
    return Migrations(migrations=tuple(found), duplicates=repeated)


def sql_files(repository: Repository, commit: str, directory: str) -> dict[str, str]:
    """Return the scripts of the directory that lead up, name to content, oldest first.

    Raises:
        NotVerifiedError: there is none.
    """
    names = {path: PurePosixPath(path).name for path in repository.files(commit, directory) if path.endswith(".sql")}
    ups = [path for path, name in names.items() if not name.endswith(".down.sql") and not re.match(r"U[\d._]+__", name)]
    if not ups:
        raise NotVerifiedError(
            f"{repository.path}: no SQL in {directory} at {commit[:12]}; correct migrations.lint.path"
        )
    ordered = sorted(ups, key=lambda path: (_sortable(version_in(names[path]) or "0"), path))
    return {path: repository.read(commit, path).decode("utf-8", "replace") for path in ordered}


def version_in(name: str) -> str:
    """Return the version that a script's name begins with; empty: none."""
    found = re.match(r"[VR]?(?P<version>\d+(?:[._]\d+)*)_", name)
    return number_of(found["version"]) if found else ""


def is_at_least(version: str, least: str) -> bool:
    """Return whether a version that is made of numbers is not older than another."""
    return not least or _sortable(number_of(version)) >= _sortable(number_of(least))


def _numbered(
    repository: Repository, commit: str, paths: Iterable[str], pattern: re.Pattern[str]
) -> Iterator[Migration]:
    matches = [(match, path) for path in paths if (match := pattern.match(PurePosixPath(path).name))]
    ups = [(number_of(m["version"]), path) for m, path in matches if not _is_down(m)]
    downs = {number_of(m["version"]): path for m, path in matches if _is_down(m)}
    previous: tuple[str, ...] = ()
    for version, path in sorted(ups, key=lambda up: _sortable(up[0])):
        down = downs.get(version)
        reversible = down is not None and _says_something(repository.read(commit, down))
        checksums = _checksums(repository.read(commit, path))
        yield Migration(version=version, path=path, is_reversible=reversible, parents=previous, checksums=checksums)
        previous = (version,)


def _checksums(script: bytes) -> frozenset[str]:
    digests = {hashlib.new(name, script, usedforsecurity=False).hexdigest() for name in ("sha256", "sha1", "md5")}
    # Flyway: CRC-32 of the lines without their ends and without a byte order mark, as a signed number.
    checksum = 0
    for line in script.decode("utf-8-sig", "replace").splitlines():
        checksum = zlib.crc32(line.encode(), checksum)
    return frozenset({*digests, str(checksum - 2**32 if checksum >= 2**31 else checksum)})


def _is_down(match: re.Match[str]) -> bool:
    groups = match.groupdict()
    return bool(groups.get("down")) or groups.get("kind") == "U"


def _says_something(script: bytes) -> bool:
    text = _SQL_COMMENT.sub(" ", script.decode("utf-8", "replace"))
    return bool(re.sub(r"\b(begin|commit|select\s+1)\b|[;\s]", "", text, flags=re.IGNORECASE))


def number_of(version: str) -> str:
    """Return the version in one form for files and databases: without leading zeros, dots between the parts."""
    return ".".join(part.lstrip("0") or "0" for part in re.split(r"[._]", version.strip("._")))


def _sortable(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
