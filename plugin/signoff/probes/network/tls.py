"""What a TLS endpoint presents on one address: chain, trust, protocol, and whether it still speaks old TLS."""

from __future__ import annotations

import functools
import socket
import ssl
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import AuthenticationError, TimedOutError, UnreachableError
from signoff.meter import METER
from signoff.probes.network.certificates import read_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signoff.probes.network.certificates import CertificateFact

# Every suite that the local library has, at its lowest level of security: the question is what the server takes.
_ANY_CIPHER = "ALL:@SECLEVEL=0"
_ANONYMOUS = "AECDH:@SECLEVEL=0"
_LOCAL_REFUSALS = frozenset({"NO_PROTOCOLS_AVAILABLE", "NO_CIPHERS_AVAILABLE", "INTERNAL_ERROR"})
_HANDSHAKE_STEPS = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class TlsFacts:
    """One address of an endpoint."""

    address: str
    """IP address that answered."""
    trust_error: str
    """Why chain or name do not verify; empty: they do."""
    chain: tuple[CertificateFact, ...]
    """As presented, leaf first."""
    protocol: str
    """The best protocol that both sides have, such as `TLSv1.3`."""
    below_tls12: str | None
    """The protocol below TLS 1.2 that it accepted; empty: it refused; None: this machine's library cannot ask."""


def resolve(host: str, port: int) -> tuple[str, ...]:
    """Return every IPv4 and IPv6 address of the name.

    Raises:
        UnreachableError: the name does not resolve.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise UnreachableError(f"{host}: {error.strerror or error}") from error
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def read_tls(
    address: str, port: int, *, server_name: str, ca_file: str | None = None, timeout: float = 5.0
) -> TlsFacts:
    """Return the facts of one address by two to four handshakes.

    Args:
        address: IP address to ask.
        port: TCP port.
        server_name: Name to ask for, and to find in the certificate.
        ca_file: PEM file of the authority to trust; None: the public ones.
        timeout: Seconds for connecting, and for each step of a handshake.

    Raises:
        UnreachableError, TimedOutError: no TCP connection, or it was closed without a word of TLS.
        AuthenticationError: the authority's file cannot be read.
    """
    trust_error = ""
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:
        raise AuthenticationError(f"{ca_file}: not a file with certificates: {error}") from error
    with _typed_errors(address, port):
        try:
            chain, protocol = _handshake(context, address, port, server_name, timeout)
        except ssl.SSLCertVerificationError as error:
            trust_error = error.verify_message
            # Only to read what is presented, for the message: nothing is sent over this connection.
            chain, protocol = _handshake(_trusting_nobody(), address, port, server_name, timeout)
    return TlsFacts(
        address=address,
        trust_error=trust_error,
        chain=chain,
        protocol=protocol,
        below_tls12=_below_tls12(address, port, server_name, timeout),
    )


@contextmanager
def _typed_errors(address: str, port: int) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise TimedOutError(f"{address} port {port}: no answer in time") from error
    except OSError as error:
        raise UnreachableError(f"{address} port {port}: {error.strerror or error}") from error


def _handshake(
    context: ssl.SSLContext, address: str, port: int, server_name: str, timeout: float
) -> tuple[tuple[CertificateFact, ...], str]:
    METER.spend("connections")
    with (
        socket.create_connection((address, port), timeout=timeout) as plain,
        context.wrap_socket(plain, server_hostname=server_name) as secure,
    ):
        return tuple(map(read_certificate, _presented(secure))), secure.version() or ""


def _presented(secure: ssl.SSLSocket) -> list[bytes]:
    if hasattr(secure, "get_unverified_chain"):
        return list(secure.get_unverified_chain())
    # Before Python 3.13 the chain is only on the object within.
    chain = secure._sslobj.get_unverified_chain() or []  # type: ignore[attr-defined]  # noqa: SLF001
    return [ssl.PEM_cert_to_DER_cert(certificate.public_bytes()) for certificate in chain]


def _trusting_nobody() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _below_tls12(address: str, port: int, server_name: str, timeout: float) -> str | None:
    if not can_speak_old_tls():
        return None
    context = _old_context(ssl.PROTOCOL_TLS_CLIENT, _ANY_CIPHER)
    try:
        _, protocol = _handshake(context, address, port, server_name, timeout)
    except ssl.SSLError as error:
        return None if error.reason in _LOCAL_REFUSALS else ""
    except OSError:
        # It shook hands a moment ago and now hangs up or falls silent: a refusal in its way.
        return ""
    return protocol


def _old_context(role: ssl._SSLMethod, ciphers: str) -> ssl.SSLContext:
    context = ssl.SSLContext(role)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers(ciphers)
    return context


@functools.cache
def can_speak_old_tls() -> bool:
    """Return whether this machine's library can still ask for TLS 1.0 or 1.1, found by asking itself.

    Distributions switch it off at compile time, by policy files or by FIPS mode; flags in `ssl` know only the first.
    """
    try:
        server, client = (_old_context(role, _ANONYMOUS) for role in (ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT))
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        parties = [client.wrap_bio(to_client, to_server), server.wrap_bio(to_server, to_client, server_side=True)]
        for _ in range(_HANDSHAKE_STEPS):
            parties = [party for party in parties if not _done(party)]
    except (ssl.SSLError, ValueError):
        return False
    return not parties


def _done(party: ssl.SSLObject) -> bool:
    try:
        party.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True
