"""Whether one host can open a TLS connection to another address and trusts what answers, as seen from that host."""

from __future__ import annotations

from typing import Any

from signoff.errors import NotVerifiedError
from signoff.probes.hosts.reachability import Reach

_SCRIPT = r"""
host=%s port=%s name=%s ca=%s starttls=%s limit=%s
if command -v openssl >/dev/null; then
    bound=; command -v timeout >/dev/null && bound="timeout $limit"
    set -- -connect "$host:$port" -verify_return_error
    case $name in
        *[!0-9.:]*) set -- "$@" -servername "$name" -verify_hostname "$name" ;;
        *) set -- "$@" -noservername -verify_ip "$name" ;;
    esac
    [ -z "$ca" ] || set -- "$@" -CAfile "$ca"
    [ -z "$starttls" ] || set -- "$@" -starttls "$starttls"
    said=$($bound openssl s_client -brief "$@" </dev/null 2>&1); status=$?
elif [ -z "$starttls" ] && command -v python3 >/dev/null; then
    connect='import socket, ssl, sys
h, p, n, c, t = sys.argv[1:]
s = socket.create_connection((h, int(p)), float(t))
ssl.create_default_context(cafile=c or None).wrap_socket(s, server_hostname=n).close()'
    said=$(python3 -c "$connect" "$host" "$port" "$name" "$ca" "$limit" 2>&1); status=$?
else
    echo "no tool"; exit 0
fi
if [ "$status" -eq 0 ]; then echo open; else printf 'closed %%s %%s' "$status" "$said"; fi
"""
_TIMED_OUT = "124"
_REASONS = (
    ("certificate has expired", "the certificate has expired"),
    ("hostname mismatch", "the certificate is for another name"),
    ("IP address mismatch", "the certificate is for another name"),
    ("self-signed certificate", "the certificate's authority is not trusted there"),
    ("self signed certificate", "the certificate's authority is not trusted there"),
    ("unable to get local issuer", "the certificate's authority is not trusted there"),
    ("wrong version number", "no TLS there"),
    ("packet length too long", "no TLS there"),
    ("refused", "Connection refused"),
)


def reach(  # noqa: PLR0913 - an edge, and how it must be encrypted
    host: Any,
    source: str,
    address: str,
    port: int,
    *,
    name: str = "",
    ca_file: str = "",
    starttls: str = "",
    limit: int = 5,
) -> Reach:
    """Open and close one TLS connection from the host.

    Args:
        host: A testinfra host.
        source: Its name, for evidence.
        address: Name or number to connect to, resolved on the host.
        port: TCP port.
        name: Name that the certificate must have; empty: `address`.
        ca_file: PEM file on the host.
        starttls: Protocol that begins in plain text, in openssl's words.
        limit: Seconds to wait.

    Raises:
        NotVerifiedError: the host has neither openssl nor python3, or the file is not there.
    """
    if ca_file and host.run("test -r %s", ca_file).rc != 0:
        raise NotVerifiedError(f"{source}: {ca_file} cannot be read there; correct tls.ca_file in services.yaml")
    answer = host.check_output(_SCRIPT, address, str(port), name or address, ca_file, starttls, str(limit)).strip()
    shown = f"{address}:{port} (TLS)"
    if answer == "open":
        return Reach(source=source, address=shown, answers=True)
    verdict, _, rest = answer.partition(" ")
    if verdict != "closed":
        raise NotVerifiedError(f"{source}: no openssl or python3 to connect with; install one of them")
    status, _, said = rest.partition(" ")
    reason = f"no answer within {limit} s" if status == _TIMED_OUT else _reason(said)
    return Reach(source=source, address=shown, answers=False, reason=reason)


def _reason(said: str) -> str:
    lowered = said.lower()
    known = next((words for sign, words in _REASONS if sign.lower() in lowered), "")
    lines = said.strip().splitlines()
    return known or (lines[-1][:100] if lines else "no connection")
