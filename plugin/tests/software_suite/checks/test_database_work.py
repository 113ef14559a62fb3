"""What a database does with indexes, connections, statements and space."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, LiteralString

if TYPE_CHECKING:
    from tests.software_suite.checks.conftest import World

TABLES: LiteralString = """
    CREATE TABLE customer (id int PRIMARY KEY);
    CREATE TABLE purchase (id int PRIMARY KEY, customer_id int REFERENCES customer, placed date);
"""


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

    seen = world.environment.run("tests/software/database", "tests/performance/load", "-k", "statement")

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
