"""SW-DB-* and RBK-PRC-2 against a real MariaDB: each as it should be, as it should not, and where nobody can tell."""

from __future__ import annotations

import json
import shutil
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conftest import MariaDb
    from tests.software_suite.checks.conftest import Environment
    from tests.software_suite.conftest import Clone

ROLLBACK = Path(__file__).resolve().parents[4] / "tests" / "rollback"
UP, DOWN = "create table a (id int);", "drop table a;"
FLYWAY = "CREATE TABLE flyway_schema_history (version varchar(50), checksum int, success tinyint(1))"
KEY = "FOREIGN KEY (customer_id) REFERENCES customer (id)"
TABLES = (
    "CREATE TABLE customer (id int PRIMARY KEY, email varchar(99))",
    f"CREATE TABLE purchase (id int PRIMARY KEY, customer_id int, placed date, {KEY})",
)


def checksum(script: str) -> int:
    """Return what Flyway records of a script of one line."""
    value = zlib.crc32(script.encode())
    return value - 2**32 if value >= 2**31 else value


def test_every_check_of_a_database(environment: Environment, mariadb: MariaDb, clone: Clone, tmp_path: Path) -> None:
    shutil.copytree(ROLLBACK, environment.folder / "tests" / "rollback", ignore=shutil.ignore_patterns("__pycache__"))
    commit = clone.commit({"db/V1__a.sql": UP, "db/U1__a.sql": DOWN})
    environment.commit = commit
    environment.services["source"] = {"kind": "repository", "path": str(clone.path)}
    steps = [{"action": action, "version": "1", "seconds": 1, "ok": True} for action in ("up", "down", "up")]
    proof = {"schema_version": 1, "commit": commit, "finished": datetime.now(UTC).isoformat(), "steps": steps}
    (tmp_path / "proof.json").write_text(json.dumps(proof))
    migrations = {"repository": "source", "path": "db", "tool": "flyway", "proof": str(tmp_path / "proof.json")}
    patient = {"mean_ms": 60_000, "max_ms": 60_000, "min_statistics_age": "0s", "max_evictions": 10**9, "min_calls": 1}

    def named(name: str, database: str = "", **more: Any) -> None:
        environment.services[name] = {
            "kind": "mysql",
            "host": "127.0.0.1",
            "port": mariadb.port,
            "database": database or name,
            "user": "reader",
            "password": mariadb.PASSWORD,
            "tls": False,
            "migrations": migrations,
            "connections": {"pools": [{"application": "shop", "instances": 2, "size": 4}]},
            "indexes": {"unused_after": "0s", "unused_min_size_mib": 0},
            "statements": patient,
            "waste": {"deadlocks_per_day": 100, "cache_hit": 0},
            "key_queries": [{"name": "one", "sql": "SELECT * FROM customer WHERE id = 7", "scan_rows": 0}],
        } | more

    rows = ", ".join(f"({number}, 'x')" for number in range(200))
    done = (FLYWAY, f"INSERT INTO flyway_schema_history VALUES ('1', {checksum(UP)}, 1)")
    mariadb.execute("good", *TABLES, *done, f"INSERT INTO customer VALUES {rows}", "SELECT count(*) FROM customer")
    mariadb.execute(
        "bad",
        *TABLES,
        FLYWAY,
        "INSERT INTO flyway_schema_history VALUES ('1', 7, 1), ('2', 8, 0)",
        "CREATE INDEX one ON purchase (placed)",
        "CREATE INDEX two ON purchase (placed)",
        "CREATE INDEX hidden ON customer (email)",
        "ALTER TABLE customer ALTER INDEX hidden IGNORED",
        f"INSERT INTO customer VALUES {rows}",
        "SELECT SLEEP(0.06)",
    )
    mariadb.execute("good", "GRANT INSERT ON good.purchase TO stranger@'127.0.0.1'")  # it may come in, and sees little
    named("good")
    named(
        "bad",
        connections={"pools": [{"application": "shop", "instances": 20, "size": 4}], "used_ratio": 0.001},
        statements=patient | {"mean_ms": 50},
        waste={"deadlocks_per_day": 0, "cache_hit": 1, "cache_from_reads": 1},
        key_queries=[{"name": "all", "sql": "SELECT * FROM customer WHERE email = 'x'", "scan_rows": 10}],
    )
    young = {"unused_after": "30d"}
    named("blind", "good", user="stranger")
    named("young", "good", indexes=young, statements=patient | {"min_statistics_age": "24h"})
    named("gone", "good", port=1)

    seen = environment.run("tests/software/database", "tests/rollback/test_procedure.py")

    refused = {"gone": "ERROR: refused", "blind": "NOT_VERIFIED: GRANT SELECT"}
    no_process = "NOT_VERIFIED: GRANT PROCESS"
    good = {"good": "PASS", "young": "PASS"} | refused
    expected: dict[str, dict[str, str]] = {
        "schema_is_at_its_final_version": good | {"bad": "FAIL: failed: 2"},
        "indexes_are_valid_and_distinct": good | {"bad": "FAIL: invalid: hidden"},
        "no_index_is_unused": good | {"bad": "FAIL: unused for 0 days: one, two", "young": "NOT_VERIFIED: 0 days only"},
        "foreign_keys_have_an_index": good | {"bad": "PASS"},  # InnoDB makes one by itself
        "connection_pools_fit_the_server": good | {"bad": "FAIL: 80 connections", "blind": no_process},
        "connections_are_neither_exhausted_nor_forgotten": good | {"bad": "FAIL: are open", "blind": no_process},
        "no_statement_is_slow": good | {"bad": "FAIL: over 50 ms: .*SELECT", "young": "NOT_VERIFIED: at least 1 day"},
        "database_loses_nothing_to_conflicts_and_to_disk": good
        | {"bad": "FAIL: reads from memory", "young": "NOT_VERIFIED: at least 1 day", "blind": "PASS"},
        "key_queries_are_planned_well": good | {"bad": r"FAIL: reads a whole table: all \(customer\)"},
        "applied_migrations_are_those_of_the_release": good | {"bad": "FAIL: edited after they were applied: 1"},
    }
    for check, cells in expected.items():
        assert not seen.differences(check, cells), check
    for check in ("migrations_were_proven_both_ways", "every_way_back_was_tried", "ways_back_are_quick_enough"):
        assert set(seen.of(check).values()) == {"PASS"}, check
