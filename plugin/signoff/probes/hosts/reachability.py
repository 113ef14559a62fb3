"""Whether one host can open a TCP connection to another address, as seen from that host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from signoff.errors import NotVerifiedError

_SCRIPT = r"""
host=%s port=%s limit=%s
if command -v bash >/dev/null; then
    bound=; command -v timeout >/dev/null && bound="timeout $limit"
    said=$($bound bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$host" "$port" 2>&1); status=$?
elif command -v python3 >/dev/null; then
    connect='import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3])).close()'
    said=$(python3 -c "$connect" "$host" "$port" "$limit" 2>&1); status=$?
elif command -v nc >/dev/null; then
    said=$(nc -z -w "$limit" "$host" "$port" 2>&1); status=$?
else
    echo "no tool"; exit 0
fi
if [ "$status" -eq 0 ]; then echo open; else printf 'closed %%s %%s' "$status" "$said"; fi
"""
_TIMED_OUT = "124"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """One attempt to connect. `reason` is empty when the address answered."""

    source: str
    address: str
    answers: bool
    reason: str = ""

    def __str__(self) -> str:
        """Return `source -> address`, with the reason if it does not answer."""
        return f"{self.source} -> {self.address}" + (f" ({self.reason})" if self.reason else "")


def reach(host: Any, source: str, address: str, port: int, *, limit: int = 5) -> Reach:
    """Open and close one TCP connection from the host; nothing is sent.

    Args:
        host: A testinfra host.
        source: Its name, for evidence.
        address: Name or number to connect to, resolved on the host.
        port: TCP port.
        limit: Seconds to wait.

    Raises:
        NotVerifiedError: the host has no bash, python3 or nc to try with.
    """
    answer = host.check_output(_SCRIPT, address, str(port), str(limit)).strip()
    shown = f"{address}:{port}"
    if answer == "open":
        return Reach(source=source, address=shown, answers=True)
    verdict, _, rest = answer.partition(" ")
    if verdict != "closed":
        raise NotVerifiedError(f"{source}: no bash, python3 or nc to connect with; install one of them")
    status, _, said = rest.partition(" ")
    reason = f"no answer within {limit} s" if status == _TIMED_OUT else _last_words(said)
    return Reach(source=source, address=shown, answers=False, reason=reason)


def _last_words(said: str) -> str:
    lines = said.strip().splitlines()
    return (lines[-1].rpartition(": ")[2] if lines else "no connection")[:100]
