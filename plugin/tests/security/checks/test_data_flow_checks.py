"""INT-SYS-4 between real stores: PostgreSQL with its standby, MariaDB and a Redis-compatible server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SOURCE = """
    CREATE TABLE flow_orders (id int PRIMARY KEY, total numeric(10, 2), at timestamptz DEFAULT now());
    INSERT INTO flow_orders SELECT n, n * 1.5 FROM generate_series(1, 40) n;
    CREATE TABLE flow_hidden (id int);
    INSERT INTO flow_hidden VALUES (1), (2);
    ALTER TABLE flow_hidden ENABLE ROW LEVEL SECURITY;
    CREATE POLICY one ON flow_hidden USING (id = 1);
    GRANT SELECT ON flow_orders, flow_hidden TO reader;
"""


def test_stores(  # noqa: PLR0913, PLR0917 - that many stores
    environment: Any,
    states_of: Any,
    postgres: Any,
    mariadb: Any,
    start_valkey: Callable[[Path, str], int],
    tmp_path: Path,
) -> None:
    with postgres.admin() as admin:
        admin.execute("DROP TABLE IF EXISTS flow_orders, flow_hidden")
        admin.execute(SOURCE)
    postgres.follow()
    delivered = ", ".join(f"({number}, {number * 1.5}, now())" for number in range(1, 40))
    mariadb.execute(
        "warehouse",
        "DROP TABLE IF EXISTS deliveries",
        "CREATE TABLE deliveries (order_id int, total decimal(12, 4), at timestamp)",
        f"INSERT INTO deliveries VALUES {delivered}, (99, 7, now())",
    )
    port = start_valkey(tmp_path, "port {port}\ndir {folder}\nsave ''\nuser default on nopass +@all ~*\n")
    database = {"kind": "postgresql", "host": "127.0.0.1", "database": "postgres", "user": "reader"}
    environment.services |= {
        "shop": database | {"port": postgres.port, "sslmode": "disable"},
        "shop-copy": {"kind": "standby", "primary": "shop", "host": "127.0.0.1", "port": postgres.standby_port},
        "gone": database | {"port": 1, "sslmode": "disable"},
        "gone-copy": {"kind": "standby", "primary": "shop-without-copy", "host": "127.0.0.1", "port": 1},
        "shop-without-copy": database | {"port": postgres.port, "sslmode": "disable"},
        "warehouse": {"kind": "mysql", "host": "127.0.0.1", "port": mariadb.port, "database": "warehouse"}
        | {"user": "reader", "password": mariadb.PASSWORD, "tls": False},
        "cache": {"kind": "redis", "host": "127.0.0.1", "port": port, "purpose": "queue"},
    }

    def ask(store: str, sql: str) -> dict[str, str]:
        return {"database": store, "sql": sql}

    orders = ask("shop", "SELECT count(*) FROM flow_orders")
    deliveries = ask("warehouse", "SELECT count(*) FROM deliveries")
    mail, post = ({"database": "cache", "redis": f"LLEN {name}"} for name in ("mail", "post"))
    few = ask("warehouse", "SELECT count(*) FROM deliveries WHERE order_id < 39")
    asked_there = ask("shop", "SELECT count(*) FROM flow_orders WHERE pg_is_in_recovery()")
    asked_here = ask("shop-without-copy", "SELECT count(*) FROM flow_orders WHERE NOT pg_is_in_recovery()")
    pairs: tuple[tuple[str, Any, Any, dict[str, Any]], ...] = (
        ("equal", orders, deliveries, {}),
        ("short", orders, few, {}),
        ("tolerated", orders, few, {"tolerance_ratio": 0.1}),
        ("asked-of-the-standby", asked_there, asked_here, {}),
        ("worked-off", mail, post, {"allow_zero": True}),
        ("no-command", orders, {"database": "cache", "redis": "FLUSHALL"}, {}),
        ("no-number", orders, {"database": "cache", "redis": "GET nothing"}, {}),
        ("hidden-rows", orders, ask("shop", "SELECT count(*) FROM flow_hidden"), {}),
        ("writes", orders, ask("warehouse", "INSERT INTO deliveries VALUES (1, 1, now())"), {}),
        ("unknown-store", orders, ask("nowhere", "SELECT 1"), {}),
    )
    for name, left, right, limits in pairs:
        environment.services[name] = {"kind": "reconciliation", "left": left, "right": right} | limits
    known = ask("shop", "SELECT id FROM flow_orders")
    for name, keys, more in (
        ("orphan", "SELECT order_id FROM deliveries", {}),
        ("orphan-in-flight", "SELECT order_id FROM deliveries", {"orphans": 1}),
        ("no-orphan", "SELECT order_id FROM deliveries WHERE order_id < 99", {}),
        ("no-key", "SELECT order_id FROM deliveries WHERE order_id > 99", {}),
        ("other-width", "SELECT order_id, total FROM deliveries", {}),
    ):
        environment.services[name] = {"kind": "orphan_keys", "keys": ask("warehouse", keys), "known": known} | more
    for name, sql in (
        ("same", "SELECT order_id, total FROM deliveries WHERE order_id < 30"),
        ("not-the-same", "SELECT order_id, total + 1 FROM deliveries WHERE order_id < 30"),
        ("too-many", "SELECT seq, 1 FROM seq_1_to_10001"),
    ):
        left = ask("shop", "SELECT id, total FROM flow_orders WHERE id < 30")
        environment.services[name] = {"kind": "same_rows", "left": left, "right": ask("warehouse", sql)}
    for name, store, sql, limit in (
        ("fresh", "warehouse", "SELECT max(at) FROM deliveries", "1h"),
        ("old", "shop", "SELECT max(at) - interval '2 hours' FROM flow_orders", "1h"),
        ("no-instant", "shop", "SELECT max(id) FROM flow_orders", "1h"),
        ("never", "shop", "SELECT max(at) FROM flow_orders WHERE id < 0", "1h"),
        ("unreachable", "gone", "SELECT now()", "1h"),
    ):
        environment.services[name] = {"kind": "freshness", "newest": ask(store, sql), "max_age": limit}

    states = environment.run("integration/data_flow")

    assert states_of(states, "figures_of_both_sides_agree") == {
        "equal": "PASS",
        "short": "FAIL",
        "tolerated": "PASS",
        "asked-of-the-standby": "PASS",
        "worked-off": "PASS",
        "no-command": "NOT_VERIFIED",
        "no-number": "NOT_VERIFIED",
        "hidden-rows": "NOT_VERIFIED",
        "writes": "NOT_VERIFIED",
        "unknown-store": "NOT_VERIFIED",
    }
    assert "BYPASSRLS" in environment.reasons["figures_of_both_sides_agree[hidden-rows]"]
    assert states_of(states, "no_key_is_without_its_source") == {
        "orphan": "FAIL",
        "orphan-in-flight": "PASS",
        "no-orphan": "PASS",
        "no-key": "NOT_VERIFIED",
        "other-width": "NOT_VERIFIED",
    }
    assert states_of(states, "rows_are_the_same_in_both_stores") == {
        "same": "PASS",
        "not-the-same": "FAIL",
        "too-many": "NOT_VERIFIED",
    }
    assert states_of(states, "data_keeps_coming") == {
        "fresh": "PASS",
        "old": "FAIL",
        "no-instant": "NOT_VERIFIED",
        "never": "NOT_VERIFIED",
        "unreachable": "ERROR",
    }
