"""What an OpenID Connect provider publishes of itself: its endpoints, what it accepts, and the keys it signs with."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cryptography import x509

from signoff.errors import NotVerifiedError
from signoff.probes.web.http import Session

if TYPE_CHECKING:
    from collections.abc import Mapping

_PATH = "/.well-known/openid-configuration"
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint")
_REQUIRED = ("issuer", "authorization_endpoint", "jwks_uri", "id_token_signing_alg_values_supported")
_BITS = {"P-256": 256, "P-384": 384, "P-521": 521, "Ed25519": 256, "Ed448": 448, "secp256k1": 256}
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedKey:
    """One key with which tokens are signed."""

    id: str
    kind: str
    """`RSA`, `EC`, `OKP` or `oct`."""
    bits: int
    algorithm: str
    use: str
    has_private_part: bool
    since: datetime | None
    """Start of its certificate; None: it was published without one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Provider:
    """One provider as it describes itself."""

    issuer: str
    endpoints: Mapping[str, str]
    algorithms: tuple[str, ...]
    """With which it signs identities."""
    challenges: tuple[str, ...]
    """Ways to bind a sign-in to the browser that began it (PKCE)."""
    keys: tuple[PublishedKey, ...]


def discover(issuer: str, *, ca_file: str | None = None) -> Provider:
    """Return the provider, by two GETs.

    Raises:
        NotVerifiedError: there is no such document, or one without what the standard requires.
        AuthenticationError, UnreachableError, TimedOutError: as of `Session`.
    """
    document = _json(issuer.rstrip("/") + _PATH, ca_file)
    missing = [name for name in _REQUIRED if not document.get(name)]
    if missing:
        raise NotVerifiedError(f"{issuer}: the discovery document lacks {', '.join(missing)}; correct the issuer")
    keys = _json(str(document["jwks_uri"]), ca_file).get("keys")
    if not isinstance(keys, list) or not keys:
        raise NotVerifiedError(f"{document['jwks_uri']}: no key is published; ask when the provider is well")
    return Provider(
        issuer=str(document["issuer"]),
        endpoints={name: str(document[name]) for name in _ENDPOINTS if document.get(name)},
        algorithms=tuple(map(str, document["id_token_signing_alg_values_supported"])),
        challenges=tuple(map(str, document.get("code_challenge_methods_supported") or ())),
        keys=tuple(_key(key) for key in keys if isinstance(key, dict)),
    )


def _json(url: str, ca_file: str | None) -> dict[str, Any]:
    if urlsplit(url).scheme != "https":
        raise NotVerifiedError(f"{url}: not https, so that anybody could answer; publish it over https")
    with Session(origins=[url], ca_file=ca_file, budget=5) as session:
        response = session.get(url, allow_redirects=False)
    try:
        document = response.json()
    except ValueError as error:
        raise NotVerifiedError(f"{url}: status {response.status_code}, no JSON; correct the issuer") from error
    if not response.ok or not isinstance(document, dict):
        raise NotVerifiedError(f"{url}: status {response.status_code}; correct the issuer")
    return document


def _key(key: Mapping[str, Any]) -> PublishedKey:
    kind = str(key.get("kty", ""))
    return PublishedKey(
        id=str(key.get("kid", "")),
        kind=kind,
        bits=_modulus_bits(str(key.get("n", ""))) if kind == "RSA" else _BITS.get(str(key.get("crv", "")), 0),
        algorithm=str(key.get("alg", "")),
        use=str(key.get("use", "")),
        has_private_part=not _PRIVATE.isdisjoint(key),
        since=_since(key.get("x5c")),
    )


def _modulus_bits(text: str) -> int:
    try:
        return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big").bit_length()
    except (binascii.Error, ValueError):
        return 0


def _since(chain: object) -> datetime | None:
    if not isinstance(chain, list) or not chain:
        return None
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(str(chain[0])))
    except (binascii.Error, ValueError):
        return None
    return certificate.not_valid_before_utc.astimezone(UTC)
