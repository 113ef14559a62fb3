"""Whether the servers behind a content delivery network answer somebody who goes around it."""

from __future__ import annotations

import http.client
import socket
import ssl
from dataclasses import dataclass
from typing import Literal

from signoff.meter import METER

Outcome = Literal["served", "refused", "no connection"]
REFUSALS = frozenset({401, 403, 421, 444})
"""Statuses by which a server turns a direct request away."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DirectAnswer:
    """One GET past the network."""

    address: str
    name: str
    """The name asked for, in Host and in the TLS greeting; the address itself: none."""
    outcome: Outcome
    said: str

    def __str__(self) -> str:
        """Return `address as name: what was said`."""
        return f"{self.address} as {self.name}: {self.said}"


def ask_directly(  # noqa: PLR0913 - an address and a claim have this many parts
    address: str, port: int, *, name: str, tls: bool, path: str = "/", source: str = "", timeout: float = 2.0
) -> DirectAnswer:
    """Return what one address answers to one GET that claims to be for the site.

    The certificate is not checked, because nothing is sent that matters and any answer is an answer. A server that
    breaks off after connecting, or demands a certificate of ours, refuses; one that cannot be connected to may be
    closed as well as wrong, and the caller must know which.
    """
    where = f"{address}:{port}"
    METER.spend("connections")
    try:
        connection = socket.create_connection((address, port), timeout, source_address=(source, 0) if source else None)
    except OSError as error:
        said = "no answer" if isinstance(error, TimeoutError) else error.strerror or str(error)
        return DirectAnswer(address=where, name=name, outcome="no connection", said=said)
    try:
        with _wrapped(connection, name, tls=tls) as channel:
            status = _get(channel, name, path)
    except (OSError, http.client.HTTPException) as error:
        return DirectAnswer(address=where, name=name, outcome="refused", said=f"broke off ({type(error).__name__})")
    outcome: Outcome = "refused" if status in REFUSALS else "served"
    return DirectAnswer(address=where, name=name, outcome=outcome, said=f"status {status}")


def _wrapped(connection: socket.socket, name: str, *, tls: bool) -> socket.socket:
    if not tls:
        return connection
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        return context.wrap_socket(connection, server_hostname=name)
    except OSError:
        connection.close()
        raise


def _get(channel: socket.socket, name: str, path: str) -> int:
    client = http.client.HTTPConnection(name)
    client.sock = channel
    client.request("GET", path, headers={"User-Agent": "pytest-signoff", "Connection": "close"})
    answer = client.getresponse()
    answer.close()
    return answer.status
