from __future__ import annotations

import hashlib
import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, LiteralString

from signoff.probes.postgres import structure
from signoff.probes.postgres.database import connect

if TYPE_CHECKING:
    from pathlib import Path

    from tests.software_suite.checks.conftest import World
    from tests.software_suite.conftest import Clone

UPS = {"migrations/0001_a.up.sql": "create table a ();", "migrations/0002_b.up.sql": "create table b ();"}
DOWNS = {"migrations/0001_a.down.sql": "drop table a;", "migrations/0002_b.down.sql": "drop table b;"}
MIGRATED: LiteralString = """
    CREATE TABLE schema_migrations (version text);
    INSERT INTO schema_migrations VALUES ('0001'), ('0002');
    GRANT SELECT ON schema_migrations TO reader;
"""
TABLES: LiteralString = """
    CREATE TABLE customer (id int PRIMARY KEY);
    CREATE TABLE purchase (id int PRIMARY KEY, customer_id int REFERENCES customer, placed date);
"""


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
    world.database(
        "doubtful",
        MIGRATED + "ALTER TABLE schema_migrations ADD CONSTRAINT long_enough CHECK (version > '') NOT VALID",
        **kept,
    )
    world.named("twice", "final", migrations={"repository": "source", "path": "twice"})
    world.named("elsewhere", "final", migrations={"repository": "source", "path": "nowhere"})
    world.named("unnamed", "final")
    world.named("unknown", "no-such-database", **kept)
    world.named("stranger", "final", user="nobody-knows-me", **kept)

    seen = world.environment.run("tests/software/database", "-k", "schema or constraints")

    assert not seen.differences(
        "schema_is_at_its_final_version",
        {
            "final": "PASS",
            "doubtful": "PASS",
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
    doubts = seen.of("constraints_hold_for_all_rows")
    assert doubts["doubtful"] == "FAIL: doubtful: older rows may break schema_migrations.long_enough"
    assert doubts["final"].startswith("NOT_VERIFIED")  # no constraint at all: nothing was looked at


def test_indexes(world: World) -> None:
    young: dict[str, Any] = {"indexes": {"unused_after": "30d"}}
    old: dict[str, Any] = {"indexes": {"unused_after": "0s", "unused_min_size_mib": 0}}
    world.database("good", TABLES + "CREATE INDEX ON purchase (customer_id)", **young)
    world.database("bare", TABLES, **young)
    world.database("bare-but-small", TABLES, indexes={"min_size_mib": 1})
    world.database("bare-but-known", TABLES, indexes={"ignore": ["purchase_customer_id_fkey"]})
    world.database(
        "twice", TABLES + "CREATE INDEX one ON purchase (customer_id); CREATE INDEX two ON purchase (customer_id)"
    )
    keyed = TABLES + "CREATE INDEX ON purchase (customer_id); CREATE INDEX idle ON purchase (placed)"
    world.database("unused", keyed, **old)
    world.named("unused-but-known", "unused", indexes={"unused_after": "0s", "ignore": ["idle"]})
    world.named("unused-but-small", "unused", indexes={"unused_after": "0s", "unused_min_size_mib": 1})
    world.database("invalid", TABLES + "CREATE INDEX torn ON purchase (customer_id)")
    with world.server.admin("invalid") as admin:
        admin.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'torn'::regclass")
    world.database("keyless", "CREATE TABLE t (id int PRIMARY KEY)")
    world.database("empty")

    unused = ("unused", "unused-but-known", "unused-but-small")

    seen = world.environment.run("tests/software/database", "-k", "index")

    assert not seen.differences(
        "indexes_are_valid_and_distinct",
        dict.fromkeys(("good", "bare", "bare-but-small", "bare-but-known", "keyless", *unused), "PASS")
        | {
            "twice": "FAIL: the same index twice: one = two",
            "invalid": "FAIL: invalid: torn",
            "empty": "NOT_VERIFIED: no index in any user table",
        },
    )
    young_ones = ("good", "bare", "bare-but-small", "bare-but-known", "twice", "invalid", "keyless")
    assert not seen.differences(
        "no_index_is_unused",
        dict.fromkeys(young_ones, "NOT_VERIFIED: counted for 0 days only, 30 are needed")
        | {
            "unused": "FAIL: unused for 0 days: idle",
            "unused-but-known": "PASS",
            "unused-but-small": "PASS",
            "empty": "NOT_VERIFIED: no index in any user table",
        },
    )
    assert not seen.differences(
        "foreign_keys_have_an_index",
        dict.fromkeys(("good", "bare-but-small", "bare-but-known", "twice", "keyless", *unused), "PASS")
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


def test_waste_and_plans(world: World) -> None:
    old: dict[str, Any] = {"statements": {"min_statistics_age": "0s"}}

    def query(statement: str, **limits: Any) -> dict[str, Any]:
        return old | {"key_queries": [{"name": "the one", "sql": statement, **limits}]}

    one = "SELECT * FROM customer WHERE id = 7"
    filled = (
        TABLES + "INSERT INTO customer SELECT generate_series(1, 2000); ANALYZE; GRANT SELECT ON customer TO reader"
    )
    world.database("good", filled, **query(one, scan_rows=100))
    world.named("scanning", "good", **query("SELECT * FROM customer WHERE id %% 2 = 0", scan_rows=100))
    world.named("small", "good", **query("SELECT * FROM customer", scan_rows=10_000))
    world.named("dear", "good", **query(one, max_cost=1))
    world.named("never-run", "good", **query("ANALYZE SELECT 1"))
    world.named("not-mine", "good", **query("SELECT * FROM purchase"))
    world.named("two", "good", **query("SELECT 1; SELECT 2"))
    world.named("young", "good", statements={"min_statistics_age": "24h"})
    world.named("cold", "good", **old | {"waste": {"cache_hit": 1.0, "cache_from_reads": 1}})
    world.database("spilling")
    with world.server.admin("spilling") as admin:
        admin.execute("SET work_mem = '64kB'")
        admin.execute("SELECT count(*) FROM (SELECT generate_series(1, 99999) AS n ORDER BY n DESC) AS t")
        admin.execute("SELECT pg_stat_force_next_flush()")
    world.named("spilling", "spilling", **old | {"waste": {"spilled_mib_per_hour": 0.1}})

    seen = world.environment.run("tests/software/database", "-k", "loses or planned")

    wasteless = ("good", "scanning", "small", "dear", "never-run", "not-mine", "two")
    assert not seen.differences(
        "database_loses_nothing_to_conflicts_and_to_disk",
        dict.fromkeys(wasteless, "PASS")
        | {
            "young": "NOT_VERIFIED: at least 1 day",
            "cold": "FAIL: reads from memory",
            "spilling": r"FAIL: sorts write \d.* MiB an hour to disk",
        },
    )
    assert not seen.differences(
        "key_queries_are_planned_well",
        {
            "good": "PASS",
            "small": "PASS",
            "scanning": r"FAIL: reads a whole table: the one \(customer\)",
            "dear": r"FAIL: over its cost: the one \(8\)",
            "never-run": "NOT_VERIFIED: syntax error",
            "not-mine": "NOT_VERIFIED: GRANT SELECT",
            "two": "NOT_VERIFIED: write one SELECT",
        }
        | dict.fromkeys(("young", "cold", "spilling"), "NOT_VERIFIED: no key_queries named"),
    )


def test_migrations_as_applied_and_as_written(world: World, clone: Clone, tmp_path: Path) -> None:
    unsafe = {"unsafe/0001_a.up.sql": "ALTER TABLE a ALTER COLUMN b TYPE bigint;", "unsafe/0001_a.down.sql": "X;"}
    patient = "SET lock_timeout = '1s'; SET statement_timeout = '5s'; COMMENT ON TABLE a IS 'clean';"
    clean = {"clean/0001_a.up.sql": patient, "clean/0001_a.down.sql": "COMMENT ON TABLE a IS '';"}
    revision = "revision = 'r1'\ndown_revision = None\ndef upgrade(): op.x()\ndef downgrade(): op.y()\n"
    commit = source(world, clone, UPS | DOWNS | unsafe | clean | {"alembic/r1.py": revision})
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in UPS.values()]
    recorded = (
        "CREATE TABLE schema_migrations (version text, sha256 text); GRANT SELECT ON schema_migrations TO reader;"
        f"INSERT INTO schema_migrations VALUES ('0001', '{digests[0]}'), ('0002', '{digests[1]}')"
    )
    by_alembic = "CREATE TABLE alembic_version (version_num text); GRANT SELECT ON alembic_version TO reader;"
    by_alembic += "INSERT INTO alembic_version VALUES ('r1'); CREATE TABLE a (b int)"

    def proof(name: str, seconds: float = 1, **more: Any) -> str:
        steps = [{"action": action, "version": "1", "seconds": seconds, "ok": True} for action in ("up", "down", "up")]
        record = {"schema_version": 1, "commit": commit, "finished": datetime.now(UTC).isoformat(), "steps": steps}
        (tmp_path / f"{name}.json").write_text(json.dumps(record | more))
        return str(tmp_path / f"{name}.json")

    def kept(**more: Any) -> dict[str, Any]:
        return {"migrations": {"repository": "source", "path": "clean", **more}}

    world.database("same", recorded, **kept(path="migrations", proof=proof("quick")))
    with connect(world.server.address("same")) as opened:
        assert set(structure.digests(opened)) == {"schema_migrations"}
    world.database("edited", recorded, **kept(path="migrations", proof=proof("slow", seconds=3600)))
    with world.server.admin("edited") as admin:
        admin.execute("UPDATE schema_migrations SET sha256 = repeat('0', 64) WHERE version = '0002'")
    world.database("unrecorded", MIGRATED, **kept(path="unsafe", proof=proof("no-tables")))
    world.database("as-proven", by_alembic, **kept(path="alembic", tool="alembic"))
    with connect(world.server.address("as-proven")) as opened:
        tables = {"a": structure.digests(opened)["a"]}
    alembic = {"path": "alembic", "tool": "alembic", "lint": {"path": "unsafe", "accepted": ["changing-column-type"]}}
    world.named("as-proven", "as-proven", **kept(**alembic, proof=proof("tables", tables=tables)))
    world.named("drifted", "as-proven", **kept(**alembic, proof=proof("other", tables={"a": "0" * 64, "b": "1" * 64})))
    world.named("clean", "same", **kept(proof=proof("clean")))
    world.named("too-new", "same", **kept(path="clean", lint={"since": "9"}))

    seen = world.environment.run("tests/software/database", "-k", "applied_migrations or safe or quick")

    applied = seen.of("applied_migrations_are_those_of_the_release")
    assert applied["same"] == "PASS"
    assert applied["edited"] == "FAIL: edited: edited after they were applied: 2"
    assert applied["as-proven"] == "PASS"
    assert applied["drifted"] == "FAIL: drifted: not what the migrations make: a, b"
    assert applied["unrecorded"].startswith("NOT_VERIFIED: unrecorded: plain recorded no checksums")
    safe = seen.of("migrations_are_safe_to_apply")
    assert safe["clean"] == "PASS", safe
    assert "changing-column-type" in safe["unrecorded"]
    assert safe["unrecorded"].startswith("FAIL")
    assert safe["too-new"].startswith("NOT_VERIFIED: too-new: no script from version 9 on")
    quick = seen.of("migrations_are_quick_enough")
    assert (quick["same"], quick["too-new"][:12]) == ("PASS", "NOT_VERIFIED")
    assert quick["edited"] == "FAIL: edited: going up took 3600 s on the copy, limit is 1800 s"
