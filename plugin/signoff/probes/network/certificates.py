"""X.509 certificates as facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

if TYPE_CHECKING:
    from datetime import datetime, timedelta

_RSA_BITS = 2048
_EC_BITS = 224


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateFact:
    """One certificate of a chain."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    """DNS names and addresses that it is for."""
    sha256: str
    not_before: datetime
    not_after: datetime
    key: str
    """Kind and size of the public key, such as `rsa 2048` or `ec 256`."""
    weakness: str
    """Why the key or the signature is too weak for today; empty: it is not."""

    def remaining(self, now: datetime) -> timedelta:
        """Return the time until it expires; negative if it has."""
        return self.not_after - now


def read_certificate(der: bytes) -> CertificateFact:
    """Return the facts of one certificate.

    Raises:
        ValueError: it cannot be parsed.
    """
    certificate = x509.load_der_x509_certificate(der)
    return CertificateFact(
        subject=certificate.subject.rfc4514_string() or "(no subject)",
        issuer=certificate.issuer.rfc4514_string(),
        names=_names(certificate),
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        key=_key(certificate)[0],
        weakness=_weakness(certificate),
    )


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = (str(address) for address in names.get_values_for_type(x509.IPAddress))
    return (*names.get_values_for_type(x509.DNSName), *addresses)


def _key(certificate: x509.Certificate) -> tuple[str, bool]:
    """Return the key in words, and whether it is too short for today (NIST SP 800-57: 112 bits of security)."""
    match certificate.public_key():
        case rsa.RSAPublicKey() as key:
            return f"rsa {key.key_size}", key.key_size < _RSA_BITS
        case dsa.DSAPublicKey() as key:
            return f"dsa {key.key_size}", True
        case ec.EllipticCurvePublicKey() as key:
            return f"ec {key.key_size}", key.key_size < _EC_BITS
        case key:
            return type(key).__name__.removesuffix("PublicKey").lower(), False


def _weakness(certificate: x509.Certificate) -> str:
    key, is_short = _key(certificate)
    if is_short:
        return f"key {key}"
    signature = certificate.signature_hash_algorithm
    # A self-signed certificate is trusted by itself: its signature proves nothing, so a weak one harms nothing.
    if isinstance(signature, hashes.MD5 | hashes.SHA1) and certificate.subject != certificate.issuer:
        return f"signed with {signature.name}"
    return ""
