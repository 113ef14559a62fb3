"""The copy's own certificate authority, and the certificates of the TLS front and of the databases."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.demo.layout import Layout

DAYS = 90
SITE = "shop.demo.test"
_NAMES: tuple[x509.GeneralName, ...] = (
    x509.DNSName("localhost"),
    x509.DNSName(SITE),
    x509.IPAddress(ipaddress.IPv4Address("127.0.0.1")),
)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its key, both PEM."""

    certificate: bytes
    key: bytes


def prepare(layout: Layout) -> None:
    """Create the authority, and one certificate each for the load balancer and both databases."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _authority(authority_key)
    layout.ca.mkdir(parents=True, exist_ok=True)
    _write(layout.ca_file, authority.public_bytes(serialization.Encoding.PEM), mode=0o644)
    _write(layout.ca / "ca.key", _pem(authority_key))
    write_server_certificate(layout)
    for host in ("db1", "db2"):
        directory = layout.host(host) / "etc" / "postgresql"
        directory.mkdir(parents=True, exist_ok=True)
        issued = issue(layout)
        _write(directory / "server.crt", issued.certificate, mode=0o644)
        _write(directory / "server.key", issued.key)


def issue(layout: Layout, *, days: int = DAYS, address: str = "") -> Issued:
    """Return a new certificate for the site, signed by the copy's authority and valid for `days` from now.

    A negative number of days gives one that has expired already; with an address it is for that alone.
    """
    authority = x509.load_pem_x509_certificate(layout.ca_file.read_bytes())
    authority_key = serialization.load_pem_private_key((layout.ca / "ca.key").read_bytes(), password=None)
    if not isinstance(authority_key, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority's key is always an elliptic-curve key")
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.IPAddress(ipaddress.ip_address(address))] if address else list(_NAMES)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    certificate = (
        _builder(address or SITE, days=days)
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(_key_usage(digital_signature=True), critical=True)
        .add_extension(usage, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    return Issued(certificate.public_bytes(serialization.Encoding.PEM), _pem(key))


def write_server_certificate(layout: Layout, *, days: int = DAYS) -> None:
    """Give the load balancer a new certificate; it takes effect when HAProxy restarts."""
    issued = issue(layout, days=days)
    layout.server_pem.parent.mkdir(parents=True, exist_ok=True)
    _write(layout.server_pem, issued.certificate + issued.key)


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = "Embedded environment CA"
    return (
        _builder(name, days=DAYS * 4)
        .issuer_name(_name(name))
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _builder(name: str, *, days: int) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    end = now + dt.timedelta(days=days)
    start = min(now, end - dt.timedelta(days=1)) - dt.timedelta(minutes=5)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key_usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)
    temporary.replace(path)
