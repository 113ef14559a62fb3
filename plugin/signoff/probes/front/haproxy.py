"""HAProxy's statistics in their CSV form, from its page or its runtime socket: who is behind it, and who is well."""

from __future__ import annotations

import csv
import io
import re
import shlex
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from signoff.errors import AuthenticationError, GuardError, NotVerifiedError
from signoff.probes.front.balancer import Backend, BalancerFacts, ServerState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.probes.web.http import Session

_NEEDED = frozenset({"pxname", "svname", "status", "type", "weight", "check_status", "lastchg"})
_PYTHON = (
    "import socket, sys; s = socket.socket(socket.AF_UNIX); s.settimeout(3); s.connect(sys.argv[1]);"
    ' s.sendall(sys.argv[2].encode() + b"\\n");'
    ' sys.stdout.write("".join(iter(lambda: s.recv(65536).decode(), "")))'
)
_ASK_SOCKET = f"""
if command -v socat >/dev/null; then printf '%s\\n' {{command}} | socat -t 3 - UNIX-CONNECT:{{path}}
elif command -v python3 >/dev/null; then python3 -c '{_PYTHON}' {{path}} {{command}}
else printf '%s\\n' {{command}} | nc -U -N -w 3 {{path}}; fi
"""
_FILE = re.compile(r"[\w./+-]+\Z")
_MAP_WORDS = 3
"""Address, key and value."""
_FRONTEND, _BACKEND, _SERVER = "0", "1", "2"


def read_haproxy(session: Session, stats_url: str, *, auth: tuple[str, str] | None = None) -> BalancerFacts:
    """Return the facts by one GET; `stats_url` is the page's, with or without `;csv`.

    Raises:
        AuthenticationError: the page wants credentials that we do not have.
        NotVerifiedError: the page is not there, is no statistics page, or knows no server.
        UnreachableError, TimedOutError: as the session says.
    """
    page = stats_url.removesuffix(";csv")
    root = "" if urlsplit(page).path else "/"  # `;csv` right after the port is no address
    response = session.get(f"{page}{root};csv", auth=auth)
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
    stdout, stderr = _ask(host, path, "show stat")
    if not stdout.startswith("# "):
        raise _no_way_in(path, stderr)
    return parse_haproxy(stdout, path)


def read_map(host: Any, path: str, file: str) -> dict[str, str]:
    """Return what a map of the running HAProxy says, by one `show map` through the runtime socket.

    Args:
        host: A connected testinfra host.
        path: The socket.
        file: The map's file, as HAProxy's configuration names it.

    Raises:
        NotVerifiedError: no way in, or HAProxy uses no such map.
        GuardError: no name of a file, but something that HAProxy would take for more commands.
    """
    if not _FILE.match(file):
        raise GuardError(f"{file!r} is no name of a map's file; write its path")
    stdout, stderr = _ask(host, path, f"show map {file}")
    if "nknown map identifier" in stdout:
        raise NotVerifiedError(f"{path}: HAProxy uses no map {file}; write its name as the configuration does")
    lines = [line.split(" ", 2) for line in stdout.splitlines() if line.strip()]
    if stderr.strip() or any(len(words) < _MAP_WORDS or not words[0].startswith("0x") for words in lines):
        raise _no_way_in(path, stderr or stdout)
    return {key: value.strip() for _, key, value in lines}


def _ask(host: Any, path: str, command: str) -> tuple[str, str]:
    result = host.run(_ASK_SOCKET.format(path=shlex.quote(path), command=shlex.quote(command)))
    return result.stdout, result.stderr


def _no_way_in(path: str, text: str) -> NotVerifiedError:
    said = (text.strip().splitlines() or ["no answer"])[-1][:200]
    return NotVerifiedError(
        f"{path}: {said}; install socat or python3, and give the account a socket of its own:"
        f" stats socket {path} level user mode 660 group ACCOUNT"
    )


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
