"""HAProxy's statistics in their CSV form, from its page or its runtime socket: who is behind it, and who is well."""

from __future__ import annotations

import csv
import io
import shlex
from typing import TYPE_CHECKING, Any

from signoff.errors import AuthenticationError, NotVerifiedError
from signoff.probes.front.balancer import Backend, BalancerFacts, ServerState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.probes.web.http import Session

_NEEDED = frozenset({"pxname", "svname", "status", "type", "weight", "check_status", "lastchg"})
_PYTHON = (
    "import socket, sys; s = socket.socket(socket.AF_UNIX); s.settimeout(3); s.connect(sys.argv[1]);"
    ' s.sendall(b"show stat\\n"); sys.stdout.write("".join(iter(lambda: s.recv(65536).decode(), "")))'
)
_ASK_SOCKET = f"""
if command -v socat >/dev/null; then printf 'show stat\\n' | socat -t 3 - UNIX-CONNECT:{{path}}
elif command -v python3 >/dev/null; then python3 -c '{_PYTHON}' {{path}}
else printf 'show stat\\n' | nc -U -N -w 3 {{path}}; fi
"""
_FRONTEND, _BACKEND, _SERVER = "0", "1", "2"


def read_haproxy(session: Session, stats_url: str, *, auth: tuple[str, str] | None = None) -> BalancerFacts:
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


def read_socket(host: Any, path: str) -> BalancerFacts:
    """Return the facts by one `show stat` through the runtime socket on a connected testinfra host.

    Raises:
        NotVerifiedError: no socket there, no right to use it, or no program to use it with.
    """
    result = host.run(_ASK_SOCKET.format(path=shlex.quote(path)))
    if not result.stdout.startswith("# "):
        said = (result.stderr.strip().splitlines() or ["no answer"])[-1][:200]
        raise NotVerifiedError(
            f"{path}: {said}; install socat or python3, and give the account a socket of its own:"
            f" stats socket {path} level user mode 660 group ACCOUNT"
        )
    return parse_haproxy(result.stdout, path)


def parse_haproxy(text: str, source: str) -> BalancerFacts:
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
    return BalancerFacts(
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
