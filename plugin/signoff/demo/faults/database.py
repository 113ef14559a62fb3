"""Faults of the database: its schema, its indexes, and what its tables say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.demo import postgres
from signoff.demo.faults.model import Fault
from signoff.model import Text

if TYPE_CHECKING:
    from signoff.demo.layout import Layout

_ORDER = 17
_DIFFERENCE_KRW = 1_000
_INDEX = "orders_of_customer"
_VERSION = "0005"


def _migrate_by_hand(layout: Layout) -> None:
    with postgres.connect_admin(layout) as connection, connection.transaction():
        connection.execute("ALTER TABLE products ADD COLUMN discount_percent integer")
        connection.execute(
            "INSERT INTO schema_migrations (version, name, sha256) VALUES (%s, 'discounts', repeat('0', 64))",
            (_VERSION,),
        )


def _migrate_back(layout: Layout, _: Any) -> None:
    with postgres.connect_admin(layout) as connection, connection.transaction():
        connection.execute("DELETE FROM schema_migrations WHERE version = %s", (_VERSION,))
        connection.execute("ALTER TABLE products DROP COLUMN discount_percent")


def _create_duplicate(layout: Layout) -> None:
    with postgres.connect_admin(layout) as connection:
        connection.execute(f"CREATE INDEX {_INDEX} ON orders (customer_id, created_at DESC, id DESC)")


def _drop_duplicate(layout: Layout, _: Any) -> None:
    with postgres.connect_admin(layout) as connection:
        connection.execute(f"DROP INDEX {_INDEX}")


def _underpay(layout: Layout) -> None:
    _change_payment(layout, -_DIFFERENCE_KRW)


def _settle(layout: Layout, _: Any) -> None:
    _change_payment(layout, _DIFFERENCE_KRW)


def _change_payment(layout: Layout, amount: int) -> None:
    with postgres.connect_admin(layout) as connection:
        connection.execute("UPDATE payments SET amount_krw = amount_krw + %s WHERE order_id = %s", (amount, _ORDER))


FAULTS = (
    Fault(
        name="schema-ahead",
        title=Text(
            ko="릴리스에 없는 마이그레이션이 운영 DB에 수동으로 적용되었습니다",
            en="A migration that the release does not have was applied by hand",
        ),
        items=("SW-DB-1",),
        break_=_migrate_by_hand,
        mend=_migrate_back,
    ),
    Fault(
        name="duplicate-index",
        title=Text(ko="orders 테이블에 중복 인덱스가 있습니다", en="The table orders has the same index twice"),
        items=("SW-DB-2",),
        break_=_create_duplicate,
        mend=_drop_duplicate,
    ),
    Fault(
        name="orders-do-not-reconcile",
        title=Text(
            ko="주문 17의 결제 금액이 주문 합계와 다릅니다",
            en="The payment of order 17 differs from the order's total",
        ),
        items=("INT-SYS-4",),
        break_=_underpay,
        mend=_settle,
    ),
)
