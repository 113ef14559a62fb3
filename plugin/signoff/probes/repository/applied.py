"""What a database recorded of its migrations, whichever server it is: which were applied, failed, or differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.probes.repository.migrations import number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from signoff.probes.repository.migrations import Migration, Migrations, Tool

    Select = Callable[[Sequence[str]], Sequence[Sequence[str | None]]]

DEFAULT_TABLES: Mapping[Tool, str] = {
    "plain": "schema_migrations",
    "alembic": "alembic_version",
    "flyway": "flyway_schema_history",
    "django": "django_migrations",
}
_CHECKSUMS = ("sha256", "checksum", "sha1", "md5", "hash")
"""Columns in which tools record what they applied, the strongest first."""
_TRUE = frozenset({"true", "t", "1", "\x01"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """What the database recorded."""

    versions: frozenset[str]
    failed: tuple[str, ...]
    lists_all: bool
    """Every step has its row; else only the newest is recorded."""
    checksums: Mapping[str, str] = field(default_factory=dict)
    """Of the script that was applied, by version; empty: the tool records none."""

    def pending(self, migrations: Migrations) -> tuple[str, ...]:
        """Return the versions in the repository that the database has not seen."""
        wanted = [one for one in migrations.migrations if self.lists_all or one.version in migrations.heads]
        return tuple(one.version for one in wanted if not self._has(one))

    def unknown(self, migrations: Migrations) -> tuple[str, ...]:
        """Return the versions in the database that the repository does not hold."""
        known = {version for one in migrations.migrations for version in (one.version, *one.replaces)}
        return tuple(
            sorted(
                version
                for version in self.versions - known
                # Applications of a Django project that come from packages are recorded in the same table.
                if migrations.branches == {""} or version.partition(".")[0] in migrations.branches
            )
        )

    def changed(self, migrations: Migrations) -> tuple[str, ...]:
        """Return the versions whose script in the repository is not the one that was applied."""
        scripts = {one.version: one.checksums for one in migrations.migrations}
        return tuple(
            version
            for version, digest in self.checksums.items()
            if scripts.get(version) and digest not in scripts[version]
        )

    def _has(self, migration: Migration) -> bool:
        replaced = migration.replaces
        return migration.version in self.versions or (bool(replaced) and self.versions.issuperset(replaced))


def read_applied(tool: Tool, table: str, columns: Collection[str], select: Select) -> Applied:
    """Return what the tool's own table says.

    Args:
        tool: Who wrote the table.
        table: Its name, for messages.
        columns: The columns that it has.
        select: Returns all rows of some columns, as text.

    Raises:
        NotVerifiedError: it is no such table, or it is empty.
    """
    version, success = _columns(tool, columns)
    missing = [name for name in (*version, success) if name and name not in columns]
    if missing:
        raise NotVerifiedError(f"{table}: no column {missing[0]}; correct migrations.tool or migrations.table")
    checksum = next((name for name in _CHECKSUMS if tool in {"plain", "flyway"} and name in columns), "")
    wanted = [*version, *filter(None, (success, checksum))]
    rows = [row for row in select(wanted) if row[0] is not None]  # Flyway's repeatable scripts have no version
    if not rows:
        raise NotVerifiedError(f"{table} is empty; was this database ever migrated?")
    good: set[str] = set()
    failed: list[str] = []
    digests: dict[str, str] = {}
    for row in rows:
        values = dict(zip(wanted, row, strict=True))
        name = ".".join(values[part] or "" for part in version)
        name = name if tool in {"alembic", "django"} else number_of(name)
        if not success or (str(values[success]).lower() in _TRUE) != (success == "dirty"):
            good.add(name)
        else:
            failed.append(name)
        if checksum and values[checksum]:
            digests[name] = str(values[checksum]).lower()
    # Alembic and golang-migrate (which says in `dirty` whether a step was left half done) keep the newest alone.
    lists_all = tool != "alembic" and success != "dirty"
    return Applied(versions=frozenset(good), failed=tuple(failed), lists_all=lists_all, checksums=digests)


def _columns(tool: Tool, columns: Collection[str]) -> tuple[tuple[str, ...], str]:
    if tool == "alembic":
        return ("version_num",), ""
    if tool == "django":
        return ("app", "name"), ""
    if tool == "flyway":
        return ("version",), "success"
    return ("version",), "dirty" if "dirty" in columns else ""
