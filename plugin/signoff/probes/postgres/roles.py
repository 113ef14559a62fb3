"""Who may do what in a PostgreSQL server: who may sign in, who may do everything, and what is open to all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, LiteralString

if TYPE_CHECKING:
    from signoff.probes.postgres.database import Database

_ROLES: LiteralString = r"""
SELECT r.rolname AS name, r.rolsuper AS superuser, r.rolcanlogin AS login,
       array_remove(ARRAY[CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END, CASE WHEN r.rolcreatedb THEN 'CREATEDB' END,
                          CASE WHEN r.rolreplication THEN 'REPLICATION' END,
                          CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END], NULL)
       || ARRAY(SELECT g.rolname::text FROM pg_roles g WHERE pg_has_role(r.oid, g.oid, 'MEMBER') AND NOT r.rolsuper
                AND (g.rolsuper OR g.rolname IN ('pg_read_server_files', 'pg_write_server_files',
                                                 'pg_execute_server_program', 'pg_write_all_data'))
                AND g.oid <> r.oid ORDER BY 1) AS powers
FROM pg_roles r WHERE r.rolname !~ '^pg_' ORDER BY r.rolname
"""
_OPEN: LiteralString = """
SELECT 'database ' || current_database() AS name WHERE has_database_privilege('public', current_database(), 'CREATE')
UNION ALL
SELECT 'schema ' || nspname FROM pg_namespace
WHERE has_schema_privilege('public', oid, 'CREATE') AND nspname !~ '^pg_(toast_)?temp_'
ORDER BY 1
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """One role. `powers` are attributes and memberships that reach beyond the data it was granted."""

    name: str
    superuser: bool
    login: bool
    powers: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Privileges:
    """All roles of the server but PostgreSQL's own, and where everybody may create objects."""

    roles: tuple[Role, ...]
    open_to_all: tuple[str, ...]


def read(database: Database) -> Privileges:
    """Return the privileges as the catalogue has them; any account may read it.

    Raises:
        NotVerifiedError, TimedOutError, UnreachableError: as of `Database.select`.
    """
    return Privileges(
        roles=tuple(database.select(Role, _ROLES)),
        open_to_all=tuple(place.name for place in database.select(_Place, _OPEN)),
    )
