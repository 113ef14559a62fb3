"""The schema's version as one MySQL or MariaDB database recorded it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.probes.repository.applied import DEFAULT_TABLES, Applied, read_applied

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.probes.mysql.database import Database
    from signoff.probes.repository.migrations import Tool


def read(database: Database, tool: Tool, table: str = "") -> Applied:
    """Return what the tool's own table recorded.

    Raises:
        NotVerifiedError: the table is absent, hidden from us, of another tool, or empty.
    """
    name = table or DEFAULT_TABLES[tool]
    schema, _, bare = name.rpartition(".")
    schema = schema or database.address.database
    columns = {str(row[0]).lower() for row in database.rows(_COLUMNS, [schema, bare])}
    grant = f"GRANT SELECT ON {schema}.{bare} TO {database.address.user}"
    if not columns:
        raise NotVerifiedError(
            f"{database.address}: no table {name}, or it is hidden; correct migrations.table or {grant}"
        )

    def select(wanted: Sequence[str]) -> Sequence[Sequence[str | None]]:
        fields = ", ".join(f"CAST({_quoted(column)} AS CHAR)" for column in wanted)
        # Names come from the inventory and from the server's own catalogue, quoted.
        return database.rows(f"SELECT {fields} FROM {_quoted(schema)}.{_quoted(bare)}", grant=grant)  # noqa: S608

    return read_applied(tool, f"{database.address}: {name}", columns, select)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``").replace("%", "%%") + "`"


_COLUMNS = "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
