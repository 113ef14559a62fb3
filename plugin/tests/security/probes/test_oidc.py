"""A provider over TLS that publishes what the standards ask for, and providers that do not."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from signoff.errors import AuthenticationError, NotVerifiedError
from signoff.probes.web.oidc import discover

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

pytestmark = pytest.mark.contract


def _number(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()


def rsa_key(bits: int) -> dict[str, Any]:
    numbers = rsa.generate_private_key(65_537, bits).public_key().public_numbers()
    return {"kty": "RSA", "kid": f"rsa-{bits}", "use": "sig", "alg": "RS256", "n": _number(numbers.n), "e": "AQAB"}


STRONG, WEAK = rsa_key(2048), rsa_key(1024)
CURVE = {"kty": "EC", "kid": "ec", "use": "sig", "alg": "ES256", "crv": "P-256", "x": "AA", "y": "AA"}


def provider(keys: list[dict[str, Any]], **changes: Any) -> Any:
    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        base = f"https://{request.headers['Host']}"
        document = {
            "issuer": base,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        } | changes
        pages = {"/.well-known/openid-configuration": document, "/keys": {"keys": keys}}
        return (200, {}, json.dumps(pages[request.path])) if request.path in pages else (404, {}, "")

    return answer


def test_what_a_provider_publishes_is_read(serve: Callable[..., Any], certificate: tuple[ssl.SSLContext, str]) -> None:
    tls, authority = certificate
    with serve(provider([STRONG, WEAK, CURVE]), tls) as url:
        found = discover(url, ca_file=authority)

    assert (found.issuer, found.algorithms, found.challenges) == (url, ("RS256",), ("S256",))
    assert [(key.kind, key.bits, key.has_private_part) for key in found.keys] == [
        ("RSA", 2048, False),
        ("RSA", 1024, False),
        ("EC", 256, False),
    ]
    assert found.endpoints["token_endpoint"] == f"{url}/token"


def test_secrets_and_ages_of_keys_are_seen(serve: Callable[..., Any], certificate: tuple[ssl.SSLContext, str]) -> None:
    tls, authority = certificate
    pem = trustme.CA().issue_cert("id.example.test").cert_chain_pems[0].bytes()
    parsed = x509.load_pem_x509_certificate(pem)
    dated = STRONG | {"x5c": [base64.b64encode(parsed.public_bytes(Encoding.DER)).decode()]}
    odd = [STRONG | {"d": "AA"}, {"kty": "oct", "k": "AA"}, dated, STRONG | {"x5c": ["%%%"]}, {"kty": "RSA", "n": "é"}]
    with serve(provider(odd), tls) as url:
        found = discover(url, ca_file=authority)

    assert [key.has_private_part for key in found.keys] == [True, True, False, False, False]
    assert found.keys[2].since == parsed.not_valid_before_utc
    assert [key.since for key in found.keys[3:]] == [None, None]
    assert found.keys[4].bits == 0


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (provider([]), "no key is published"),
        (provider([STRONG], jwks_uri="http://127.0.0.1:1/keys"), "not https"),
        (provider([STRONG], jwks_uri=""), "lacks jwks_uri"),
        (lambda _: (404, {}, "{}"), "status 404"),
        (lambda _: (200, {}, "<html>"), "no JSON"),
    ],
)
def test_what_is_no_provider_is_no_answer(
    serve: Callable[..., Any], certificate: tuple[ssl.SSLContext, str], answer: Any, why: str
) -> None:
    tls, authority = certificate
    with serve(answer, tls) as url, pytest.raises(NotVerifiedError, match=why):
        discover(url, ca_file=authority)


def test_a_provider_that_nobody_vouches_for_is_an_error(
    serve: Callable[..., Any], certificate: tuple[ssl.SSLContext, str]
) -> None:
    with serve(provider([STRONG]), certificate[0]) as url, pytest.raises(AuthenticationError):
        discover(url)
    with pytest.raises(NotVerifiedError, match="not https"):
        discover("http://127.0.0.1:1")
