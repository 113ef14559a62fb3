"""The shop's first data: the same products, customers and orders in every copy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from psycopg import sql

from signoff.demo.shop.repository.shop import payments
from signoff.demo.shop.repository.shop.passwords import hash_password

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from psycopg import Connection

    from signoff.demo.layout import Layout

PRODUCTS, CUSTOMERS, ORDERS = 200, 50, 500
ACCOUNTS = (
    ("alice@example.test", "Alice", "customer", "customer"),
    ("bob@example.test", "Bob", "customer", "other"),
    ("admin@example.test", "Admin", "admin", "admin"),
)
"""Who can log in: address, name, role, name of the password. They are the first customers, and order 1 is Alice's."""

_LAST_IDS = {"products": PRODUCTS, "customers": len(ACCOUNTS) + CUSTOMERS, "orders": ORDERS, "payments": ORDERS}
_THINGS = ("Lantern", "Candle", "Wreath", "Star", "Bell", "Ribbon", "Garland", "Stocking", "Sledge", "Snow globe")
_LOOKS = ("red", "green", "golden", "silver", "white", "wooden", "woollen", "paper", "glass", "tin")
_BETWEEN_ORDERS = timedelta(hours=12)


def fill(connection: Connection[Any], layout: Layout) -> None:
    """Fill the empty tables in one transaction. Stock, totals and payments agree with each other."""
    random = Random(20_260_101)  # noqa: S311 - reproducible data, no secret
    products = [
        (number, f"SKU-{number:05}", _product_name(number), random.randrange(1_000, 90_000, 500), 1_000)
        for number in range(1, PRODUCTS + 1)
    ]
    last = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    orders, lines, paid = [], [], []
    for number in range(1, ORDERS + 1):
        chosen = [(product, random.randint(1, 3)) for product in random.sample(products, random.randint(1, 4))]
        total = sum(product[3] * quantity for product, quantity in chosen)
        at = last - (ORDERS - number) * _BETWEEN_ORDERS
        orders.append((number, _customer_of(number), "paid", total, at))
        lines += [
            (number, position, product[0], quantity, product[3])
            for position, (product, quantity) in enumerate(chosen, start=1)
        ]
        reference = payments.reference(layout.password("payment_api_key"), order_id=number, amount_krw=total)
        paid.append((number, number, total, reference, at))
    with connection.transaction():
        _copy(connection, "products", ("id", "sku", "name", "price_krw", "stock"), products)
        _copy(connection, "customers", ("id", "email", "name", "role", "password_hash"), _customers(layout))
        _copy(connection, "orders", ("id", "customer_id", "status", "total_krw", "created_at"), orders)
        _copy(connection, "order_lines", ("order_id", "line_no", "product_id", "quantity", "price_krw"), lines)
        _copy(connection, "payments", ("id", "order_id", "amount_krw", "reference", "paid_at"), paid)
        for table, highest in _LAST_IDS.items():
            connection.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", (table, highest))


def _product_name(number: int) -> str:
    look, thing = _LOOKS[number % 10], _THINGS[number // 10 % 10]
    return f"{thing}, {look}, no. {number}"


def _customers(layout: Layout) -> list[tuple[Any, ...]]:
    named = [
        (number, email, name, role, hash_password(layout.password(password)))
        for number, (email, name, role, password) in enumerate(ACCOUNTS, start=1)
    ]
    first = len(named) + 1
    others = [
        (number, f"customer{number}@example.test", f"Customer {number}", "customer", None)
        for number in range(first, first + CUSTOMERS)
    ]
    return [*named, *others]


def _customer_of(order: int) -> int:
    """Return whose order it is: everybody in turn but the administrator."""
    buyers: list[int] = [1, 2, *range(len(ACCOUNTS) + 1, len(ACCOUNTS) + 1 + CUSTOMERS)]
    return buyers[(order - 1) % len(buyers)]


def _copy(connection: Connection[Any], table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
