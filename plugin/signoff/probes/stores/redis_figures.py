"""One number out of a Redis-compatible server, by a command that counts and changes nothing."""

from __future__ import annotations

import math
from typing import Any

import redis

from signoff.errors import AuthenticationError, NotVerifiedError, TimedOutError, UnreachableError
from signoff.probes.redis.server import open_client

_OF_A_KEY = frozenset({"LLEN", "SCARD", "ZCARD", "HLEN", "XLEN", "GET"})


def figure(where: Any, command: str) -> float:
    """Return the number that the command gives.

    Args:
        where: An inventory entry of kind redis.
        command: DBSIZE, or LLEN, SCARD, ZCARD, HLEN, XLEN or GET and a key.

    Raises:
        NotVerifiedError: another command, no such key, no number, or the account may not ask; says what to grant.
        AuthenticationError, UnreachableError, TimedOutError: no way in, or no answer.
    """
    shown = f"{where.host} port {where.port}"
    name, _, key = command.partition(" ")
    if (name in _OF_A_KEY) != bool(key) or name not in {"DBSIZE", *_OF_A_KEY}:
        raise NotVerifiedError(
            f"{shown}: {name} is none of DBSIZE, {', '.join(sorted(_OF_A_KEY))} with one key; write one"
        )
    password = where.password.get_secret_value() if where.password else None
    client: Any = open_client(
        host=where.host,
        port=where.port,
        username=where.user,
        password=password,
        tls=where.tls,
        ca_file=where.ca_file or None,
    )
    with client:
        try:
            # A missing list counts as empty; whether it should be there is the inventory's allow_zero.
            answer = client.execute_command(*command.split(" ", 1))
        except redis.AuthenticationError as error:
            raise AuthenticationError(f"{shown}: {error}") from error
        except redis.TimeoutError as error:
            raise TimedOutError(f"{shown}: no answer in time") from error
        except redis.ConnectionError as error:
            raise UnreachableError(f"{shown}: {error}") from error
        except redis.ResponseError as error:
            granted = f"+{name.lower()} %R~{key}" if key else f"+{name.lower()}"
            raise NotVerifiedError(f"{shown}: {name} was refused; grant the account {granted}") from error
    try:
        value = float(answer)
    except (TypeError, ValueError):
        raise NotVerifiedError(f"{shown}: {name} gives no number; name a key that holds one") from None
    if not math.isfinite(value):
        raise NotVerifiedError(f"{shown}: {name} gives {value}; name a key that holds a number")
    return value
