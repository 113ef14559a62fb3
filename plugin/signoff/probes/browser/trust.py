"""Private certificates in browsers: proven against their authority by ourselves, then accepted by the browser alone."""

from __future__ import annotations

import base64
import hashlib
import socket
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signoff.errors import AuthenticationError, NotVerifiedError, UnreachableError
from signoff.meter import METER

if TYPE_CHECKING:
    from collections.abc import Iterable

_HTTPS = 443


def proven_keys(urls: Iterable[str], ca_file: str | None, *, timeout: float = 5.0) -> tuple[str, ...]:
    """Return the SHA-256 (base64) of the public key behind each https URL, once the authority proved its certificate.

    Args:
        urls: Others than https are left out.
        ca_file: PEM file of the authority; None: the public ones that this machine trusts.
        timeout: Seconds to connect.

    Raises:
        AuthenticationError: the certificate is not one of the authority for this name.
        UnreachableError: no connection.
        NotVerifiedError: the authority's file cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise NotVerifiedError(f"{ca_file}: {error}; name the PEM file of the certificate authority") from error
    addresses = {(one.hostname or "", one.port or _HTTPS) for one in map(urlsplit, urls) if one.scheme == "https"}
    return tuple(_key(context, host, port, timeout) for host, port in sorted(addresses))


def _key(context: ssl.SSLContext, host: str, port: int, timeout: float) -> str:
    METER.spend("connections")
    try:
        with (
            socket.create_connection((host, port), timeout) as plain,
            context.wrap_socket(plain, server_hostname=host) as channel,
        ):
            certificate = channel.getpeercert(binary_form=True) or b""
    except ssl.SSLError as error:
        raise AuthenticationError(f"{host}:{port}: certificate not trusted: {error}") from error
    except OSError as error:
        raise UnreachableError(f"{host}:{port}: {error.strerror or error}") from error
    key = x509.load_der_x509_certificate(certificate).public_key()
    return base64.b64encode(
        hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    ).decode()
