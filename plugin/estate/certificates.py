"""The estate's certificate authority: a root that clients trust, an intermediate that signs what servers show."""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from estate.layout import write_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DAYS = 90
_ROOT = "Estate Root CA"
_INTERMEDIATE = "Estate Issuing CA"


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate, the chain that a server sends (leaf, intermediate) and its key; all PEM."""

    certificate: bytes
    chain: bytes
    key: bytes


def prepare(folder: Path) -> None:
    """Create the authority: `ca.pem` to trust, `intermediate.pem` and keys to sign with."""
    folder.mkdir(parents=True, exist_ok=True)
    root_key = ec.generate_private_key(ec.SECP256R1())
    root = _authority(_ROOT, root_key.public_key(), root_key, days=DAYS * 40, below=1)
    write_atomically(folder / "ca.pem", _pem(root), mode=0o644)
    write_atomically(folder / "ca.key", _pem_key(root_key))
    write_intermediate(folder)


def write_intermediate(folder: Path, *, days: float = DAYS * 4) -> None:
    """Replace the intermediate authority; what it signs from now on carries the new one in its chain."""
    root_key = _load_key(folder / "ca.key")
    key = ec.generate_private_key(ec.SECP256R1())
    intermediate = _authority(_INTERMEDIATE, key.public_key(), root_key, days=days, below=0)
    write_atomically(folder / "intermediate.pem", _pem(intermediate), mode=0o644)
    write_atomically(folder / "intermediate.key", _pem_key(key))


def issue(folder: Path, names: Sequence[str], *, days: float = DAYS, client: bool = False) -> Issued:
    """Return a new certificate for DNS names and addresses, the first one its subject."""
    issuer_key = _load_key(folder / "intermediate.key")
    intermediate = (folder / "intermediate.pem").read_bytes()
    key = ec.generate_private_key(ec.SECP256R1())
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH] if client else [ExtendedKeyUsageOID.SERVER_AUTH]
    certificate = (
        _builder(names[0], key.public_key(), _INTERMEDIATE, days=days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(_key_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    leaf = _pem(certificate)
    return Issued(leaf, leaf + intermediate, _pem_key(key))


def _authority(
    name: str, key: ec.EllipticCurvePublicKey, issuer_key: ec.EllipticCurvePrivateKey, *, days: float, below: int
) -> x509.Certificate:
    builder = (
        _builder(name, key, _ROOT, days=days)
        .add_extension(x509.BasicConstraints(ca=True, path_length=below), critical=True)
        .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
    )
    if name != _ROOT:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
        builder = builder.add_extension(identifier, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _builder(name: str, key: ec.EllipticCurvePublicKey, issuer: str, *, days: float) -> x509.CertificateBuilder:
    end = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
    start = min(dt.datetime.now(dt.UTC), end - dt.timedelta(days=1)) - dt.timedelta(minutes=5)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


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


def _load_key(file: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority's keys are always elliptic-curve keys")
    return key


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pem_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
