"""Everything that the endpoints of one instance share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from .accounts import Accounts
from .catalogue import Catalogue
from .database import Database
from .metrics import Metrics
from .orders import Orders
from .tracking import ErrorTracking

if TYPE_CHECKING:
    from .settings import Settings

REDIS_SECONDS = 2


@dataclass(frozen=True, kw_only=True)
class Services:
    """Built once at start; what it talks to is connected when first needed."""

    settings: Settings
    database: Database
    redis: Redis
    accounts: Accounts
    catalogue: Catalogue
    orders: Orders
    metrics: Metrics
    tracking: ErrorTracking

    async def dependencies(self) -> dict[str, str]:
        """Return `ok` or `unreachable` for everything that an answer may depend on."""
        return {"postgresql": await self._postgresql(), "redis": await self._redis()}

    async def close(self) -> None:
        """Close all connections."""
        await self.database.close()
        await self.redis.aclose()

    async def _postgresql(self) -> str:
        try:
            async with self.database.transaction() as connection:
                await connection.execute("SELECT 1 FROM schema_migrations LIMIT 1")
        except psycopg.Error:
            return "unreachable"
        return "ok"

    async def _redis(self) -> str:
        try:
            await self.redis.ping()
        except RedisError:
            return "unreachable"
        return "ok"


def build(settings: Settings) -> Services:
    """Return the services that the settings describe."""
    database = Database(settings.database_url, size=settings.database_pool_size)
    redis = Redis.from_url(
        settings.redis_url,
        decode_responses=True,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        retry=Retry(NoBackoff(), 1),
    )
    return Services(
        settings=settings,
        database=database,
        redis=redis,
        accounts=Accounts(
            database,
            redis,
            idle_seconds=settings.session_idle_seconds,
            lifetime_seconds=settings.session_lifetime_seconds,
        ),
        catalogue=Catalogue(database, redis),
        orders=Orders(database, payment_api_key=settings.payment_api_key),
        metrics=Metrics(database),
        tracking=ErrorTracking(settings.error_tracking_dsn, instance=settings.instance),
    )
