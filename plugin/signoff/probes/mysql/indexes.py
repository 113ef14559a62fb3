"""Facts about the indexes of one MySQL or MariaDB database: switched off, duplicate, missing under keys, never used."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.postgres.indexes import ForeignKey, Index, Indexes

if TYPE_CHECKING:
    from signoff.probes.mysql.database import Database


def read(database: Database) -> Indexes:
    """Return the facts about all tables of the database.

    An index is valid unless it is kept up and hidden from the optimiser (IGNORED, INVISIBLE). Its size is that of all
    secondary indexes of its table: more is not told without further privileges.

    Raises:
        NotVerifiedError: tables may be hidden from us, nothing counts the use of indexes, or there is no index.
    """
    database.require_every_table()
    database.require_performance_schema()
    schema = database.address.database
    available = {str(row[0]).upper() for row in database.rows(_STATISTICS_COLUMNS)}
    hidden = "ignored = 'YES'" if "IGNORED" in available else "is_visible = 'NO'" if "IS_VISIBLE" in available else "0"
    shown = "coalesce(column_name, expression)" if "EXPRESSION" in available else "column_name"
    rows = database.rows(_INDEXES.format(shown=shown, hidden=hidden), [schema])
    if not rows:
        raise NotVerifiedError(f"{database.address}: no index in any table; is it the right database?")
    keys = database.rows(_KEYS, [schema])
    grant = f"GRANT SELECT ON performance_schema.* TO {database.address.user}"
    uses = {(table, name): int(count) for table, name, count in database.rows(_USES, [schema], grant=grant)}
    sizes = {table: (int(data or 0), int(index or 0)) for table, data, index in database.rows(_SIZES, [schema])}
    columns: dict[tuple[str, str], list[str]] = {}
    for table, name, column, *_ in rows:
        columns.setdefault((table, name), []).append(column)
    key_columns: dict[tuple[str, str], list[str]] = {}
    for table, name, column in keys:
        key_columns.setdefault((table, name), []).append(column)
    return Indexes(
        indexes=tuple(
            replace(one, size_bytes=sizes.get(one.table, (0, 0))[1])
            for one in _indexes(rows, columns, key_columns, uses)
        ),
        foreign_keys=tuple(
            ForeignKey(
                table=table,
                name=name,
                table_bytes=sizes.get(table, (0, 0))[0],
                has_index=_leads(columns, table, wanted),
            )
            for (table, name), wanted in key_columns.items()
        ),
        statistics_age=timedelta(seconds=int(database.status()["uptime"])),
    )


def _indexes(
    rows: list[tuple[Any, ...]],
    columns: dict[tuple[str, str], list[str]],
    keys: dict[tuple[str, str], list[str]],
    uses: dict[tuple[str, str], int],
) -> list[Index]:
    shapes: dict[tuple[str, str], list[str]] = {}
    facts: dict[tuple[str, str], tuple[bool, bool]] = {}
    for table, name, column, order, part, kind, non_unique, is_hidden in rows:
        shapes.setdefault((table, name), []).append(f"{column} {order} {part} {kind}")
        facts[table, name] = not int(is_hidden), not int(non_unique)
    return [
        Index(
            table=table,
            name=name,
            size_bytes=0,
            is_valid=facts[table, name][0],
            enforces=facts[table, name][1],
            scans=uses.get((table, name), 0),
            serves_key=any(
                set(columns[table, name][: len(wanted)]) == set(wanted)
                for (owner, _), wanted in keys.items()
                if owner == table
            ),
            shape=", ".join(shape),
        )
        for (table, name), shape in shapes.items()
    ]


def _leads(columns: dict[tuple[str, str], list[str]], table: str, wanted: list[str]) -> bool:
    return any(set(found[: len(wanted)]) == set(wanted) for (owner, _), found in columns.items() if owner == table)


_STATISTICS_COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = 'information_schema' AND table_name = 'STATISTICS'
"""
_INDEXES = """
SELECT table_name, index_name, {shown}, collation, sub_part, index_type, non_unique, {hidden}
FROM information_schema.statistics WHERE table_schema = %s ORDER BY table_name, index_name, seq_in_index
"""
_KEYS = """
SELECT table_name, constraint_name, column_name FROM information_schema.key_column_usage
WHERE table_schema = %s AND referenced_table_name IS NOT NULL ORDER BY 1, 2, ordinal_position
"""
_USES = """
SELECT object_name, index_name, count_star FROM performance_schema.table_io_waits_summary_by_index_usage
WHERE object_schema = %s AND index_name IS NOT NULL
"""
_SIZES = "SELECT table_name, data_length, index_length FROM information_schema.tables WHERE table_schema = %s"
