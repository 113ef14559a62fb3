"""Orders: lines, stock and payment change together or not at all. Amounts are whole won."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from . import payments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .database import Connection, Database, Row


class OrderRefusedError(Exception):
    """The order cannot be placed; the message is for the customer."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """So many of one product."""

    product_id: int
    quantity: int


class Orders:
    """What was ordered and paid."""

    def __init__(self, database: Database, *, payment_api_key: str) -> None:
        self._database = database
        self._payment_api_key = payment_api_key

    async def of_customer(self, customer_id: int, *, limit: int) -> list[Row]:
        """Return the customer's newest orders, without their lines."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                "SELECT id, status, total_krw, created_at FROM orders"
                " WHERE customer_id = %s ORDER BY created_at DESC, id DESC LIMIT %s",
                (customer_id, limit),
            )
            return [_told(order) for order in await cursor.fetchall()]

    async def order(self, order_id: int) -> Row | None:
        """Return one order with its lines and the id of whose it is; None if there is none."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                "SELECT id, customer_id, status, total_krw, created_at FROM orders WHERE id = %s",
                (order_id,),
            )
            order = await cursor.fetchone()
            if order is None:
                return None
            cursor = await connection.execute(
                "SELECT product_id, quantity, price_krw FROM order_lines WHERE order_id = %s ORDER BY line_no",
                (order_id,),
            )
            return {**_told(order), "lines": await cursor.fetchall()}

    async def place(self, customer_id: int, lines: Sequence[Line]) -> int:
        """Take the products from stock, write order, lines and payment in one transaction, and return the order's id.

        Raises:
            OrderRefusedError: a product does not exist or is sold out; nothing was changed.
        """
        async with self._database.transaction() as connection:
            prices = [await _take(connection, line) for line in lines]
            total = sum(price * line.quantity for price, line in zip(prices, lines, strict=True))
            cursor = await connection.execute(
                "INSERT INTO orders (customer_id, status, total_krw) VALUES (%s, 'paid', %s) RETURNING id",
                (customer_id, total),
            )
            order_id = int((await cursor.fetchone() or {})["id"])
            await connection.cursor().executemany(
                "INSERT INTO order_lines (order_id, line_no, product_id, quantity, price_krw)"
                " VALUES (%s, %s, %s, %s, %s)",
                [
                    (order_id, number, line.product_id, line.quantity, price)
                    for number, (line, price) in enumerate(zip(lines, prices, strict=True), start=1)
                ],
            )
            reference = payments.reference(self._payment_api_key, order_id=order_id, amount_krw=total)
            await connection.execute(
                "INSERT INTO payments (order_id, amount_krw, reference) VALUES (%s, %s, %s)",
                (order_id, total, reference),
            )
        return order_id

    async def report(self) -> Row:
        """Return how much was sold, for administrators."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                "SELECT count(*) AS orders, count(DISTINCT customer_id) AS customers,"
                " coalesce(sum(total_krw), 0)::bigint AS revenue_krw FROM orders WHERE status = 'paid'"
            )
            return await cursor.fetchone() or {}


def _told(order: Row) -> Row:
    return {**order, "created_at": order["created_at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}


async def _take(connection: Connection, line: Line) -> int:
    cursor = await connection.execute(
        "UPDATE products SET stock = stock - %s WHERE id = %s AND stock >= %s RETURNING price_krw",
        (line.quantity, line.product_id, line.quantity),
    )
    row = await cursor.fetchone()
    if row is None:
        raise OrderRefusedError(f"product {line.product_id} is not available in this quantity")
    return int(row["price_krw"])
