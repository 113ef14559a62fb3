"""Products: read through a cache that may be gone without anybody noticing but the log."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from .database import Database, Row

CACHE_SECONDS = 60

_log = logging.getLogger(__name__)


class Catalogue:
    """The products on sale. Prices are whole won."""

    def __init__(self, database: Database, cache: Redis) -> None:
        self._database = database
        self._cache = cache

    async def page(self, *, after: int, limit: int) -> list[Row]:
        """Return up to `limit` products whose id is greater than `after`, by id."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                "SELECT id, sku, name, price_krw, stock FROM products WHERE id > %s ORDER BY id LIMIT %s",
                (after, limit),
            )
            return await cursor.fetchall()

    async def product(self, product_id: int) -> Row | None:
        """Return one product, at most `CACHE_SECONDS` old; None if there is none."""
        key = f"product:{product_id}"
        cached = await self._cached(key)
        if cached is not None:
            return cached
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                "SELECT id, sku, name, price_krw, stock FROM products WHERE id = %s", (product_id,)
            )
            product = await cursor.fetchone()
        if product is not None:
            await self._remember(key, product)
        return product

    async def _cached(self, key: str) -> Row | None:
        try:
            text = await self._cache.get(key)
        except RedisError as error:
            _log.warning("cache cannot be read: %s", type(error).__name__)
            return None
        return json.loads(text) if text else None

    async def _remember(self, key: str, product: Row) -> None:
        try:
            await self._cache.set(key, json.dumps(product), ex=CACHE_SECONDS)
        except RedisError as error:
            _log.warning("cache cannot be written: %s", type(error).__name__)
