from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, LiteralString

import pytest
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.software_suite.checks.conftest import Environment
    from tests.software_suite.conftest import Clone, Server

UPS = {"migrations/0001_a.up.sql": "create table a ();", "migrations/0002_b.up.sql": "create table b ();"}
DOWNS = {"migrations/0001_a.down.sql": "drop table a;", "migrations/0002_b.down.sql": "drop table b;"}
MIGRATED: LiteralString = """
    CREATE TABLE schema_migrations (version text);
    INSERT INTO schema_migrations VALUES ('0001'), ('0002');
    GRANT SELECT ON schema_migrations TO reader;
"""
TABLES: LiteralString = """
    CREATE TABLE customer (id int PRIMARY KEY);
    CREATE TABLE purchase (id int PRIMARY KEY, customer_id int REFERENCES customer);
"""


class World:
    """An inventory of databases, each real and fresh, on the session's server."""

    def __init__(self, environment: Environment, server: Server) -> None:
        self.environment = environment
        self.server = server
        self.names: list[str] = []

    def database(self, name: str, script: LiteralString = "", **settings: Any) -> None:
        """Create a database and name it in the inventory."""
        with self.server.admin("postgres") as admin:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        self.names.append(name)
        for statement in filter(str.strip, script.split(";")):
            with self.server.admin(name) as admin:
                admin.execute(statement)
        self.named(name, name, **settings)

    def named(self, name: str, database: str, **settings: Any) -> None:
        """Name a database in the inventory."""
        self.environment.services[name] = {
            "kind": "postgresql",
            "host": "127.0.0.1",
            "port": self.server.port,
            "database": database,
            "user": "reader",
            "sslmode": "disable",
            **settings,
        }

    def drop(self) -> None:
        """Remove what was created."""
        with self.server.admin("postgres") as admin:
            for name in self.names:
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def world(environment: Environment, postgres: Server) -> Iterator[World]:
    world = World(environment, postgres)
    yield world
    world.drop()


def source(world: World, clone: Clone, files: dict[str, str], name: str = "source") -> str:
    world.environment.commit = clone.commit(files)
    world.environment.services[name] = {"kind": "repository", "path": str(clone.path)}
    return world.environment.commit


def test_schema_versions(world: World, clone: Clone) -> None:
    files = {path.replace("migrations", "twice"): text for path, text in UPS.items()}
    source(world, clone, UPS | DOWNS | files | {"twice/0002_other.up.sql": "create table c ();"})
    kept: dict[str, Any] = {"migrations": {"repository": "source"}}
    world.database("final", MIGRATED, **kept)
    world.database("behind", MIGRATED + "DELETE FROM schema_migrations WHERE version = '0002'", **kept)
    world.database("ahead", MIGRATED + "INSERT INTO schema_migrations VALUES ('0003')", **kept)
    world.database(
        "half-done",
        "CREATE TABLE schema_migrations (version bigint, dirty bool); INSERT INTO schema_migrations VALUES (2, true);"
        "GRANT SELECT ON schema_migrations TO reader",
        **kept,
    )
    world.database("closed", MIGRATED + "REVOKE ALL ON schema_migrations FROM reader", **kept)
    world.database("empty", **kept)
    world.named("twice", "final", migrations={"repository": "source", "path": "twice"})
    world.named("elsewhere", "final", migrations={"repository": "source", "path": "nowhere"})
    world.named("unnamed", "final")
    world.named("unknown", "no-such-database", **kept)
    world.named("stranger", "final", user="nobody-knows-me", **kept)

    seen = world.environment.run("tests/software/database", "-k", "schema")

    assert not seen.differences(
        "schema_is_at_its_final_version",
        {
            "final": "PASS",
            "behind": "FAIL: not applied: 2",
            "ahead": "FAIL: applied, but not in the release: 3",
            "half-done": "FAIL: failed: 2",
            "closed": "NOT_VERIFIED: GRANT SELECT ON schema_migrations TO reader",
            "empty": "NOT_VERIFIED: no table schema_migrations",
            "twice": "FAIL: two files for 2",
            "elsewhere": "NOT_VERIFIED: no plain migration in nowhere",
            "unnamed": "NOT_VERIFIED: no migrations named",
            "unknown": "ERROR: does not exist",
            "stranger": "ERROR: nobody-knows-me",
        },
    )


def test_indexes(world: World) -> None:
    young: dict[str, Any] = {"indexes": {"unused_after": "30d"}}
    old: dict[str, Any] = {"indexes": {"unused_after": "0s"}}
    world.database("good", TABLES + "CREATE INDEX ON purchase (customer_id)", **young)
    world.database("bare", TABLES, **young)
    world.database("bare-but-small", TABLES, indexes={"min_size_mib": 1})
    world.database("bare-but-known", TABLES, indexes={"ignore": ["purchase_customer_id_fkey"]})
    world.database(
        "twice", TABLES + "CREATE INDEX one ON purchase (customer_id); CREATE INDEX two ON purchase (customer_id)"
    )
    world.database("unused", TABLES + "CREATE INDEX idle ON purchase (customer_id)", **old)
    world.database(
        "unused-but-known",
        TABLES + "CREATE INDEX idle ON purchase (customer_id)",
        **old | {"indexes": {"unused_after": "0s", "ignore": ["idle"]}},
    )
    world.database("invalid", TABLES + "CREATE INDEX torn ON purchase (customer_id)")
    with world.server.admin("invalid") as admin:
        admin.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'torn'::regclass")
    world.database("keyless", "CREATE TABLE t (id int PRIMARY KEY)")
    world.database("empty")

    seen = world.environment.run("tests/software/database", "-k", "index")

    assert not seen.differences(
        "indexes_are_valid_distinct_and_used",
        dict.fromkeys(("good", "bare", "bare-but-small", "bare-but-known", "keyless", "unused-but-known"), "PASS")
        | {
            "twice": "FAIL: the same index twice: one = two",
            "unused": "FAIL: unused for 0 days: idle",
            "invalid": "FAIL: invalid: torn",
            "empty": "NOT_VERIFIED: no index in any user table",
        },
    )
    assert not seen.differences(
        "foreign_keys_have_an_index",
        dict.fromkeys(
            ("good", "bare-but-small", "bare-but-known", "twice", "unused", "unused-but-known", "keyless"), "PASS"
        )
        | {
            "bare": r"FAIL: no index under purchase\.purchase_customer_id_fkey",
            "invalid": "FAIL: no index under",
            "empty": "NOT_VERIFIED: no index in any user table",
        },
    )


def test_connections(world: World) -> None:
    # The server allows 20 connections and keeps 3: 17 are there to share.
    def pools(size: int, overflow: int = 0, **settings: Any) -> dict[str, Any]:
        pool = {"application": "shop", "instances": 2, "size": size, "overflow": overflow}
        return {"connections": {"pools": [pool], "reserve": 5, **settings}}

    world.database("good", **pools(6))
    world.named("overflowing", "good", **pools(5, overflow=2))
    world.named("crowded", "good", **pools(6, used_ratio=0.01))
    world.named("forgotten", "good", **pools(6, idle_in_transaction="0s"))
    world.named("unnamed", "good")
    world.named("unprivileged", "good", user="stranger", **pools(6))

    with world.server.admin("good") as forgetful, forgetful.transaction():
        forgetful.execute("SET application_name = 'forgetful'")
        time.sleep(0.01)
        seen = world.environment.run("tests/software/database", "-k", "connection")

    assert not seen.differences(
        "connection_pools_fit_the_server",
        {
            "good": "PASS",
            "overflowing": "FAIL: pools may open 14 connections, with 5 in reserve the server has 17",
            "crowded": "PASS",
            "forgotten": "PASS",
            "unnamed": "NOT_VERIFIED: no pools named",
            "unprivileged": "NOT_VERIFIED: GRANT pg_monitor TO stranger",
        },
    )
    assert not seen.differences(
        "connections_are_neither_exhausted_nor_forgotten",
        {
            "good": "PASS",
            "overflowing": "PASS",
            "crowded": r"FAIL: \d+% of the connections are open, limit is 1%",
            "forgotten": "FAIL: idle in a transaction: forgetful for",
            "unnamed": "PASS",
            "unprivileged": "NOT_VERIFIED: GRANT pg_monitor TO stranger",
        },
    )


def test_statements(world: World) -> None:
    def limits(**changes: Any) -> dict[str, Any]:
        patient = {"max_ms": 60_000, "mean_ms": 60_000, "share": 1.0}
        usual = patient | {"min_statistics_age": "0s", "min_calls": 1, "min_total_ms": 0}
        return {"statements": usual | changes}

    world.database("good", "CREATE EXTENSION pg_stat_statements; SELECT pg_sleep(0.1)", **limits())
    world.named("slow", "good", **limits(mean_ms=50))
    world.named("rare", "good", **limits(mean_ms=50, min_calls=1_000))
    world.named("stuck", "good", **limits(max_ms=50))
    world.named("young", "good", **limits(min_statistics_age="24h"))
    world.named("heavy", "good", **limits(share=0.01, share_from_mean_ms=50))
    world.named("light", "good", **limits(share=0.01, share_from_mean_ms=60_000))
    world.named("idle", "good", **limits(min_total_ms=3_600_000))
    world.named("nobody", "good", **limits(roles=["guarded"]))
    world.named("unprivileged", "good", user="stranger", **limits())
    world.database("unwatched", **limits())

    seen = world.environment.run("tests/software/database", "tests/performance/test_load.py", "-k", "statement")

    cannot_tell = {
        "young": "NOT_VERIFIED: was reset .* ago, at least 1 day",
        "nobody": "NOT_VERIFIED: no statement recorded yet",
        "unprivileged": "NOT_VERIFIED: GRANT pg_monitor TO stranger",
        "unwatched": "NOT_VERIFIED: CREATE EXTENSION pg_stat_statements",
    }
    assert not seen.differences(
        "no_statement_is_slow",
        dict.fromkeys(("good", "rare", "heavy", "light", "idle"), "PASS")
        | {
            "slow": r"FAIL: mean over 50 ms: .*SELECT pg_sleep\(\$1\)",
            "stuck": r"FAIL: once over 50 ms: .*SELECT pg_sleep\(\$1\)",
        }
        | cannot_tell,
    )
    assert not seen.differences(
        "no_statement_dominates_the_database",
        dict.fromkeys(("good", "slow", "rare", "stuck", "light"), "PASS")
        | {
            "heavy": r"FAIL: over 1% of the execution time: .*SELECT pg_sleep\(\$1\)",
            "idle": "NOT_VERIFIED: shares need 3600000 ms",
        }
        | cannot_tell,
    )


def test_migration_proofs(world: World, clone: Clone, tmp_path: Path) -> None:
    hollow = {path.replace("migrations", "hollow"): text for path, text in (UPS | DOWNS).items()}
    commit = source(world, clone, UPS | DOWNS | hollow | {"hollow/0002_b.down.sql": "-- nothing\n"})
    there_and_back = ("up 0001", "up 0002", "down 0002", "down 0001", "up 0001", "up 0002")

    def proof(name: str, *steps: str, failed: str = "", commit: str = commit, days: int = 1) -> None:
        finished = (datetime.now(UTC) - timedelta(days=days)).isoformat()
        told = [
            {"action": action, "version": version, "seconds": 1, "ok": f"{action} {version}" != failed}
            for action, version in (step.split() for step in steps)
        ]
        record = {"schema_version": 1, "commit": commit, "finished": finished, "steps": told}
        (tmp_path / f"{name}.json").write_text(json.dumps(record))
        path = "hollow" if name == "hollow" else "migrations"
        settings = {"repository": "source", "path": path, "proof": str(tmp_path / f"{name}.json")}
        world.named(name, "postgres", migrations=settings)

    proof("good", *there_and_back)
    proof("one-way", "up 0001", "up 0002")
    proof("broken", *there_and_back, failed="down 0001")
    proof("hollow", *there_and_back)
    proof("old", *there_and_back, days=31)
    proof("other", *there_and_back, commit="f" * 40)
    world.named("unproven", "postgres", migrations={"repository": "source"})
    world.named("unnamed", "postgres")

    seen = world.environment.run("tests/software/database", "-k", "proven")

    assert not seen.differences(
        "migrations_were_proven_both_ways",
        {
            "good": "PASS",
            "one-way": "FAIL: not tried up, down and up again: 1, 2",
            "broken": "FAIL: failed: down 1",
            "hollow": r"FAIL: no way back from hollow/0002_b\.up\.sql",
            "old": "NOT_VERIFIED: 31 days old, limit is 30",
            "other": "NOT_VERIFIED: is about commit ffffffffffff",
            "unproven": "NOT_VERIFIED: no proof named",
            "unnamed": "NOT_VERIFIED: no migrations named",
        },
    )
