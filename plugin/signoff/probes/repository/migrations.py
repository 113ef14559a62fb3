"""Facts about the database migrations in a repository: versions, order, heads, and ways back."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from signoff.probes.repository.git import Repository

Tool = Literal["plain", "alembic", "flyway"]

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Migrations:
    """All steps in the repository at one commit."""

    migrations: tuple[Migration, ...]
    duplicates: tuple[str, ...]
    """Versions that two files claim."""

    @property
    def heads(self) -> tuple[str, ...]:
        """Versions that no other step builds on; more than one means that branches were never merged."""
        parents = {parent for migration in self.migrations for parent in migration.parents}
        return tuple(migration.version for migration in self.migrations if migration.version not in parents)

    @property
    def irreversible(self) -> tuple[str, ...]:
        """Paths of the steps without a way back."""
        return tuple(migration.path for migration in self.migrations if not migration.is_reversible)


def read(repository: Repository, commit: str, directory: str, tool: Tool) -> Migrations:
    """Return the migrations of the commit, oldest first.

    Raises:
        NotVerifiedError: no migration in the directory.
    """
    paths = repository.files(commit, directory)
    if tool == "alembic":
        found = list(_alembic((path, repository.read(commit, path)) for path in paths if path.endswith(".py")))
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
        yield Migration(version=version, path=path, is_reversible=reversible, parents=previous)
        previous = (version,)


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


def _alembic(files: Iterable[tuple[str, bytes]]) -> Iterator[Migration]:
    for path, source in files:
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError) as error:
            raise NotVerifiedError(f"{path}: not Python: {error}; repair the migration") from error
        values = dict(_assignments(tree))
        revision = values.get("revision")
        if not isinstance(revision, str):
            continue
        down = values.get("down_revision")
        parents = tuple(down) if isinstance(down, tuple | list) else (down,) if isinstance(down, str) else ()
        yield Migration(version=revision, path=path, is_reversible=_has_downgrade(tree), parents=parents)


def _assignments(tree: ast.Module) -> Iterator[tuple[str, object]]:
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and value is not None:
            try:
                yield target.id, ast.literal_eval(value)
            except ValueError:
                continue


def _has_downgrade(tree: ast.Module) -> bool:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "downgrade":
            return any(not isinstance(line, ast.Pass | ast.Raise) and not _is_docstring(line) for line in node.body)
    return False


def _is_docstring(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)
