"""Faults of the database at work: what it keeps, how it is used, and what its migrations did to it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import psycopg

from signoff.demo import evidence, postgres
from signoff.demo.faults.model import Fault
from signoff.demo.layout import DemoError
from signoff.model import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg import Connection

    from signoff.demo.layout import Layout

_FORGOTTEN = "forgotten-session"
_PROOF = "migrations.json"
_HOLD = """
import os, select, sys, psycopg
address = sys.stdin.readline().strip()
if os.fork():
    os._exit(0)
with psycopg.connect(address, application_name=sys.argv[1]) as connection:
    connection.execute("SELECT count(*) FROM products")
    select.select([connection.fileno()], [], [], 3600)
"""
"""Opens a transaction, and does nothing more until the server ends the session."""
_IDLE = """
SELECT count(*) FROM pg_stat_activity
WHERE application_name = %s AND state = 'idle in transaction' AND now() - state_change > interval '3.2 s'
"""
"""Longer than the inventory allows."""


def _statements(*statements: str) -> Callable[..., None]:
    """Return what runs these statements as the superuser, each by itself; for breaking and for mending."""

    def run(layout: Layout, _: Any = None) -> None:
        with postgres.connect_admin(layout) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    return run


def _forget_transaction(layout: Layout) -> None:
    quiet = subprocess.DEVNULL
    line = [sys.executable, "-c", _HOLD, _FORGOTTEN]
    address = postgres.url(layout, "shop_app")
    subprocess.run(
        line, input=address, text=True, stdout=quiet, stderr=quiet, check=True, start_new_session=True, timeout=120
    )
    deadline = time.monotonic() + 120
    with postgres.connect_admin(layout) as connection:
        while (connection.execute(_IDLE, (_FORGOTTEN,)).fetchone() or (0,))[0] == 0:
            if time.monotonic() > deadline:
                raise DemoError("the transaction that was to be forgotten was never open")
            time.sleep(0.1)


def _end_forgotten(layout: Layout, _: Any) -> None:
    with postgres.connect_admin(layout) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = %s", (_FORGOTTEN,)
        )


def _deadlock(layout: Layout) -> None:
    """Let two sessions wait for each other, until the server ends one."""
    both_hold_one = threading.Barrier(2, timeout=120)

    def change(connection: Connection[Any], first: int, second: int) -> None:
        with contextlib.suppress(psycopg.errors.DeadlockDetected), connection.transaction():
            connection.execute("SET LOCAL deadlock_timeout = '50ms'")
            for number in (first, second):
                connection.execute("UPDATE products SET stock = stock WHERE id = %s", (number,))
                if number == first:
                    both_hold_one.wait()

    with postgres.connect_admin(layout) as one, postgres.connect_admin(layout) as other:
        thread = threading.Thread(target=change, args=(other, 2, 1))
        thread.start()
        change(one, 1, 2)
        thread.join()


def _spill(layout: Layout) -> None:
    with postgres.connect_admin(layout) as connection:
        connection.execute("SET work_mem = '64kB'")
        connection.execute("SELECT count(*) FROM (SELECT generate_series(1, 1500000) AS n ORDER BY n DESC) AS sorted")


def _break_index(layout: Layout) -> None:
    """Build a unique index over what is not unique: the server gives up and leaves it there, invalid."""
    with postgres.connect_admin(layout) as connection, contextlib.suppress(psycopg.errors.UniqueViolation):
        connection.execute("CREATE UNIQUE INDEX CONCURRENTLY orders_status_once ON orders (status)")


def _edit_proof(action: str, key: str, value: Any) -> Callable[[Layout], Any]:
    """Return what writes something else about the first step of its kind, and returns what stood there."""

    def break_(layout: Layout) -> Any:
        record, step = _step(layout, action)
        before, step[key] = step[key], value
        evidence.write_record(layout, _PROOF, record)
        return before

    return break_


def _restore_proof(action: str, key: str) -> Callable[[Layout, Any], None]:
    def mend(layout: Layout, before: Any) -> None:
        record, step = _step(layout, action)
        step[key] = before
        evidence.write_record(layout, _PROOF, record)

    return mend


def _step(layout: Layout, action: str) -> tuple[dict[str, Any], dict[str, Any]]:
    record: dict[str, Any] = json.loads((evidence.directory(layout) / _PROOF).read_text(encoding="utf-8"))
    return record, next(step for step in record["steps"] if step["action"] == action)


FAULTS = (
    Fault(
        name="constraint-not-validated",
        title=Text(
            ko="제약 조건이 NOT VALID로 추가된 뒤 검증되지 않았습니다",
            en="A constraint was added as NOT VALID and never validated",
        ),
        items=("SW-DB-1",),
        break_=_statements("ALTER TABLE orders ADD CONSTRAINT orders_of_this_century CHECK (id > 0) NOT VALID"),
        mend=_statements("ALTER TABLE orders DROP CONSTRAINT orders_of_this_century"),
    ),
    Fault(
        name="index-build-failed",
        title=Text(ko="동시 생성에 실패한 인덱스가 무효 상태로 남았습니다", en="A failed build left an invalid index"),
        items=("SW-DB-2",),
        break_=_break_index,
        mend=_statements("DROP INDEX orders_status_once"),
    ),
    Fault(
        name="foreign-key-without-index",
        title=Text(ko="외래 키에 인덱스가 없습니다", en="A foreign key has lost its index"),
        items=("SW-DB-2",),
        break_=_statements("DROP INDEX order_lines_product"),
        mend=_statements("CREATE INDEX order_lines_product ON order_lines (product_id)"),
    ),
    Fault(
        name="index-never-read",
        title=Text(ko="아무도 읽지 않는 인덱스를 유지합니다", en="An index is kept up that nothing reads"),
        items=("SW-DB-2",),
        break_=_statements("CREATE INDEX orders_by_total ON orders (total_krw)"),
        mend=_statements("DROP INDEX orders_by_total"),
    ),
    Fault(
        name="transaction-forgotten",
        title=Text(
            ko="트랜잭션을 연 채 방치한 세션이 있습니다", en="A session holds a transaction open and does nothing"
        ),
        items=("SW-DB-3",),
        break_=_forget_transaction,
        mend=_end_forgotten,
    ),
    Fault(
        name="deadlock",
        title=Text(ko="두 세션이 교착 상태에 빠졌습니다", en="Two sessions waited for each other"),
        items=("SW-DB-4",),
        break_=_deadlock,
        mend=_statements("SELECT pg_stat_reset()"),
    ),
    Fault(
        name="sorts-spill-to-disk",
        title=Text(ko="정렬이 메모리를 넘어 디스크를 사용합니다", en="Sorts do not fit into memory and go to disk"),
        items=("SW-DB-4",),
        break_=_spill,
        mend=_statements("SELECT pg_stat_reset()"),
    ),
    Fault(
        name="index-scans-switched-off",
        title=Text(
            ko="점검 뒤 인덱스 스캔 설정이 꺼진 채 남았습니다",
            en="Index scans were left switched off after somebody's experiment",
        ),
        items=("SW-DB-4",),
        break_=_statements(
            "ALTER DATABASE shop SET enable_indexscan = off",
            "ALTER DATABASE shop SET enable_indexonlyscan = off",
            "ALTER DATABASE shop SET enable_bitmapscan = off",
        ),
        mend=_statements(
            "ALTER DATABASE shop RESET enable_indexscan",
            "ALTER DATABASE shop RESET enable_indexonlyscan",
            "ALTER DATABASE shop RESET enable_bitmapscan",
        ),
    ),
    Fault(
        name="migration-edited-afterwards",
        title=Text(
            ko="적용된 마이그레이션이 릴리스의 스크립트와 다릅니다",
            en="A migration was applied from a script other than the release's",
        ),
        items=("SW-DB-5",),
        break_=_statements("UPDATE schema_migrations SET sha256 = reverse(sha256) WHERE version = '0002'"),
        mend=_statements("UPDATE schema_migrations SET sha256 = reverse(sha256) WHERE version = '0002'"),
    ),
    Fault(
        name="way-back-fails",
        title=Text(ko="복제본에서 되돌리기가 실패했습니다", en="The way back failed on the copy"),
        items=("SW-DB-5", "RBK-PRC-2"),
        break_=_edit_proof("down", "ok", value=False),
        mend=_restore_proof("down", "ok"),
    ),
    Fault(
        name="way-back-takes-an-hour",
        title=Text(ko="되돌리기에 한 시간이 걸립니다", en="The way back takes an hour"),
        items=("RBK-PRC-2",),
        break_=_edit_proof("down", "seconds", 3_600),
        mend=_restore_proof("down", "seconds"),
    ),
    Fault(
        name="migration-takes-hours",
        title=Text(ko="마이그레이션 적용에 두 시간이 걸립니다", en="Applying the migrations takes two hours"),
        items=("SW-DB-5",),
        break_=_edit_proof("up", "seconds", 7_200),
        mend=_restore_proof("up", "seconds"),
    ),
    Fault(
        name="payment-without-order",
        title=Text(ko="주문이 없는 결제가 있습니다", en="A payment is for an order that does not exist"),
        items=("INT-SYS-4",),
        break_=_statements(
            "SET session_replication_role = replica",  # as a tool that loads data without its constraints does
            "INSERT INTO payments (order_id, amount_krw, reference) VALUES (-17, 1, 'orphan')",
        ),
        mend=_statements("DELETE FROM payments WHERE order_id = -17"),
    ),
    Fault(
        name="orders-stopped-coming",
        title=Text(ko="한 달 넘게 새 주문이 들어오지 않았습니다", en="No order has come for more than a month"),
        items=("INT-SYS-4",),
        break_=_statements("UPDATE orders SET created_at = created_at - interval '40 days'"),
        mend=_statements("UPDATE orders SET created_at = created_at + interval '40 days'"),
    ),
)
