"""HAProxy's statistics page in its CSV form: who is behind it, and who of them is well."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import AuthenticationError, NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.probes.http import Session

_NEEDED = frozenset({"pxname", "svname", "status", "type", "weight", "check_status", "lastchg"})
_FRONTEND, _BACKEND, _SERVER = "0", "1", "2"


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerState:
    """One server of a backend."""

    name: str
    status: str
    """As HAProxy writes it: `UP`, `DOWN`, `UP 1/3`, `MAINT`, `DRAIN`, `no check`, …"""
    weight: int
    check: str
    """Result of the last health check, such as `L7OK`, `L4OK` or `L7STS`; empty: it is not checked."""
    stable_seconds: int
    """Since its status last changed."""

    @property
    def is_healthy(self) -> bool:
        """Whether it is up by a passed check and gets traffic."""
        return self.status.split(" ")[0] == "UP" and self.weight > 0 and self.check.endswith("OK")


@dataclass(frozen=True, kw_only=True, slots=True)
class Backend:
    """One pool of servers."""

    name: str
    status: str
    servers: tuple[ServerState, ...]

    @property
    def healthy(self) -> tuple[ServerState, ...]:
        """Return the servers that are up and get traffic."""
        return tuple(server for server in self.servers if server.is_healthy)


@dataclass(frozen=True, kw_only=True, slots=True)
class HaproxyFacts:
    """Everything on the statistics page that a sign-off needs."""

    frontends: Mapping[str, str]
    """Status by name: `OPEN`, `STOP`, …"""
    backends: Mapping[str, Backend]


def read_haproxy(session: Session, stats_url: str, *, auth: tuple[str, str] | None = None) -> HaproxyFacts:
    """Return the facts by one GET; `stats_url` is the page's, with or without `;csv`.

    Raises:
        AuthenticationError: the page wants credentials that we do not have.
        NotVerifiedError: the page is not there, is no statistics page, or knows no server.
        UnreachableError, TimedOutError: as the session says.
    """
    response = session.get(f"{stats_url.removesuffix(';csv')};csv", auth=auth)
    if response.status_code in {401, 403}:
        raise AuthenticationError(
            f"{stats_url}: status {response.status_code}; give user and password in the inventory"
        )
    if not response.ok:
        raise NotVerifiedError(f"{stats_url}: status {response.status_code}; name the page's URL in the inventory")
    return parse_haproxy(response.text, stats_url)


def parse_haproxy(text: str, source: str) -> HaproxyFacts:
    """Return the facts of the page's CSV; see `read_haproxy` for errors."""
    if not text.startswith("# "):
        raise NotVerifiedError(f"{source}: not HAProxy's statistics in CSV form")
    rows = list(csv.DictReader(io.StringIO(text[2:])))
    missing = _NEEDED - set(rows[0] if rows else ())
    if missing:
        raise NotVerifiedError(f"{source}: without the columns {', '.join(sorted(missing))}; which version is this?")
    if any(None in row.values() for row in rows):
        raise NotVerifiedError(f"{source}: cut off after {len(rows)} lines")
    servers: dict[str, list[ServerState]] = {}
    for row in rows:
        if row["type"] == _SERVER:
            servers.setdefault(row["pxname"], []).append(_server(row))
    if not servers:
        raise NotVerifiedError(f"{source}: no server behind this load balancer; is it the right page?")
    return HaproxyFacts(
        frontends={row["pxname"]: row["status"] for row in rows if row["type"] == _FRONTEND},
        backends={
            row["pxname"]: Backend(
                name=row["pxname"], status=row["status"], servers=tuple(servers.get(row["pxname"], ()))
            )
            for row in rows
            if row["type"] == _BACKEND
        },
    )


def _server(row: Mapping[str, str]) -> ServerState:
    return ServerState(
        name=row["svname"],
        status=row["status"],
        weight=int(row["weight"] or 0),
        # A star marks a check that is running at this moment.
        check=row["check_status"].removeprefix("* "),
        stable_seconds=int(row["lastchg"] or 0),
    )
