"""What one Redis Sentinel knows of the primary that it watches: its replicas, its fellows, and whether they are enough.

Commands: https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/#sentinel-commands
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import redis

from signoff.errors import AuthenticationError, NotVerifiedError, TimedOutError, UnreachableError
from signoff.probes.redis.server import open_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_PERIOD_SECONDS = 11.0
"""A Sentinel asks every replica once in ten seconds, each at another moment, and tells what it heard then."""
_DOWN = frozenset({"s_down", "o_down", "disconnected"})
_NEVER_PROMOTED = 0
_GRANT = "grant the account +sentinel|ckquorum +sentinel|master +sentinel|replicas"


@dataclass(frozen=True, kw_only=True, slots=True)
class Replica:
    """One replica of the primary."""

    address: str
    down: bool
    link: str
    """To its primary: `ok` or `err`."""
    priority: int
    """0: it is never promoted."""
    offset: int
    """Bytes of the primary's changes that it has."""

    @property
    def could_lead(self) -> bool:
        """Whether Sentinel would promote it."""
        return not self.down and self.link == "ok" and self.priority != _NEVER_PROMOTED


@dataclass(frozen=True, kw_only=True, slots=True)
class SentinelView:
    """What one Sentinel says."""

    sentinel: str
    primary: str
    """Address of the server that it takes for the primary."""
    primary_down: bool
    quorum: int
    """How many Sentinels must agree that the primary is down."""
    others: int
    """Sentinels that it knows beside itself."""
    has_quorum: bool
    """Whether enough of them can be reached now to agree, and to authorise a failover."""
    complaint: str
    """Why not, in its own words."""
    replicas: tuple[Replica, ...]


def read_sentinel(  # noqa: PLR0913 - an address has this many parts
    *,
    host: str,
    port: int,
    primary: str,
    username: str = "",
    password: str = "",
    tls: bool = False,
    ca_file: str = "",
) -> SentinelView:
    """Return the view of one Sentinel by three commands that change nothing.

    `primary` is the name under which it watches the primary; the rest says where it is, and who asks.

    Raises:
        NotVerifiedError: it watches no primary of that name, is no Sentinel, or the account may not ask.
        AuthenticationError, UnreachableError, TimedOutError: no way in, or no answer.
    """
    where = f"{host} port {port}"
    with open_client(
        host=host, port=port, username=username, password=password, tls=tls, ca_file=ca_file or None
    ) as client:
        master = _fields(_ask(client, where, "MASTER", primary))
        replicas: Any = _ask(client, where, "REPLICAS", primary)
        complaint = _quorum(client, where, primary)
    try:
        return SentinelView(
            sentinel=where,
            primary=f"{master['ip']}:{master['port']}",
            primary_down=_is_down(master),
            quorum=int(master["quorum"]),
            others=int(master["num-other-sentinels"]),
            has_quorum=not complaint,
            complaint=complaint,
            replicas=tuple(_replica(_fields(one)) for one in replicas),
        )
    except (KeyError, ValueError) as error:
        raise NotVerifiedError(f"{where}: its answer lacks {error}; is it a Sentinel?") from error


def _quorum(client: redis.Redis, where: str, primary: str) -> str:
    try:
        _ask(client, where, "CKQUORUM", primary)
    except _NoQuorumError as error:
        return str(error)
    return ""


class _NoQuorumError(Exception):
    """The Sentinels that can be reached are not enough."""


def _ask(client: redis.Redis, where: str, command: str, primary: str) -> Any:
    # Straight to the server: the client's own way would make a dictionary of it, version by version differently.
    ask: Callable[..., Any] = client.execute_command
    try:
        return ask("SENTINEL " + command, primary)
    except redis.AuthenticationError as error:
        raise AuthenticationError(f"{where}: {error}") from error
    except redis.TimeoutError as error:
        raise TimedOutError(f"{where}: no answer in time") from error
    except redis.ConnectionError as error:
        raise UnreachableError(f"{where}: {error}") from error
    except redis.ResponseError as error:
        text = str(error)
        if text.startswith("NOQUORUM"):
            raise _NoQuorumError(text.removeprefix("NOQUORUM").strip()) from error
        if "No such master" in text:
            hint = f"it watches no primary {primary!r}; correct the name"
        elif "unknown command" in text.lower():
            hint = "it is no Sentinel; name Sentinel's port, such as 26379"
        else:
            hint = _GRANT
        raise NotVerifiedError(f"{where}: SENTINEL {command}: {text[:200]}; {hint}") from error


def _fields(answer: Any) -> Mapping[str, str]:
    if isinstance(answer, dict):
        return {_text(key): _text(value) for key, value in answer.items()}
    words: list[str] = [_text(one) for one in answer]
    return dict(zip(words[::2], words[1::2], strict=True))


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _is_down(fields: Mapping[str, str]) -> bool:
    return bool(_DOWN & _words(fields["flags"]))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split(","))


def _replica(fields: Mapping[str, str]) -> Replica:
    return Replica(
        address=f"{fields['ip']}:{fields['port']}",
        down=_is_down(fields),
        link=fields["master-link-status"],
        priority=int(fields["slave-priority"]),
        offset=int(fields["slave-repl-offset"]),
    )


def agreed(views: Iterable[SentinelView]) -> str:
    """Return the primary that all Sentinels name; empty if they name different ones."""
    named = {view.primary for view in views}
    return named.pop() if len(named) == 1 else ""


def candidates(
    ask: Callable[[], Sequence[SentinelView]], *, max_bytes: int, pause: Callable[[float], None] = time.sleep
) -> list[tuple[SentinelView, list[str]]]:
    """Return for every Sentinel which replicas it could promote that lack at most so many bytes of the newest one.

    What Sentinels tell is up to ten seconds old, so that after a burst of writes any replica may seem to be behind.
    Then they are asked again after that time: by now it must have what the newest one had at first.
    """
    views = ask()
    needed = max((one.offset for view in views for one in view.replicas), default=0) - max_bytes
    if any(one.could_lead and one.offset < needed for view in views for one in view.replicas):
        pause(_PERIOD_SECONDS)
        views = ask()
    return [
        (view, sorted(one.address for one in view.replicas if one.could_lead and one.offset >= needed))
        for view in views
    ]
