"""How long the keys of one pattern live in a Redis-compatible server, counted and never named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import redis

from signoff.errors import AuthenticationError, NotVerifiedError, TimedOutError, UnreachableError
from signoff.probes.redis.server import open_client

if TYPE_CHECKING:
    from collections.abc import Iterator

_BATCH = 500
_MAX_SCANS = 2_000
_FOREVER, _GONE = -1, -2


@dataclass(frozen=True, kw_only=True, slots=True)
class Lifetimes:
    """A sample of the keys; names of sessions open them, so that none is kept."""

    looked_at: int
    endless: int
    """Keys that never end by themselves."""
    longest: timedelta
    """Of those that do."""


def lifetimes(where: Any, pattern: str, *, sample: int = 1_000) -> Lifetimes:
    """Return how long keys still live, by SCAN and TTL alone.

    Args:
        where: An inventory entry of kind redis.
        pattern: As Redis matches it, such as `session:*`.
        sample: Most keys that are looked at.

    Raises:
        NotVerifiedError: no such key, or the account may not ask; says what to grant.
        AuthenticationError, UnreachableError, TimedOutError: no way in, or no answer.
    """
    shown = f"{where.host} port {where.port}"
    client = open_client(
        host=where.host,
        port=where.port,
        username=where.user,
        password=where.password.get_secret_value() if where.password else None,
        tls=where.tls,
        ca_file=where.ca_file or None,
    )
    with client:
        try:
            rests = [rest for key in _keys(client, pattern, sample) if (rest := _rest(client, key)) != _GONE]
        except redis.AuthenticationError as error:
            raise AuthenticationError(f"{shown}: {error}") from error
        except redis.TimeoutError as error:
            raise TimedOutError(f"{shown}: no answer in time") from error
        except redis.ConnectionError as error:
            raise UnreachableError(f"{shown}: {error}") from error
        except redis.ResponseError as error:
            # Its text names the key that was asked for.
            said = str(error).partition(" ")[0]
            raise NotVerifiedError(f"{shown}: refused ({said}); grant the account +scan +ttl %R~{pattern}") from None
    if not rests:
        raise NotVerifiedError(f"{shown}: no key {pattern}; sign in first, or correct the pattern")
    return Lifetimes(
        looked_at=len(rests),
        endless=rests.count(_FOREVER),
        longest=timedelta(seconds=max((rest for rest in rests if rest >= 0), default=0)),
    )


def _keys(client: redis.Redis, pattern: str, sample: int) -> Iterator[bytes]:
    cursor: Any = 0
    seen: set[bytes] = set()
    for _ in range(_MAX_SCANS):
        answer: Any = client.scan(cursor=cursor, match=pattern, count=_BATCH)
        cursor, found = answer
        for key in found:
            if key not in seen and len(seen) < sample:
                seen.add(key)
                yield key
        if not cursor or len(seen) >= sample:
            return


def _rest(client: redis.Redis, key: bytes) -> int:
    rest: Any = client.ttl(key)
    return int(rest)
