"""Signed envelopes (DSSE) with Ed25519: what is signed is the payload's type and its exact bytes."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from signoff.canonical import digest
from signoff.errors import IntegrityError, RecordError
from signoff.store.codec import check_names, decode_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.store.sign import SigningKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"
_ENVELOPE = frozenset({"payload", "payloadType", "signatures"})
_SIGNATURE = frozenset({"keyid", "sig"})


@dataclass(frozen=True, slots=True)
class Envelope:
    """One payload and its one signature."""

    payload: bytes
    key_id: str
    signature: bytes

    def to_json(self) -> dict[str, object]:
        """Return the envelope as it is stored."""
        signature = {"keyid": self.key_id, "sig": _encode(self.signature)}
        return {"payload": _encode(self.payload), "payloadType": PAYLOAD_TYPE, "signatures": [signature]}

    @property
    def sha256(self) -> str:
        """Digest of the whole envelope: what the next approval points to."""
        return digest(self.to_json())

    def verify(self, public_key: bytes) -> None:
        """Return if the key's owner signed exactly this.

        Raises:
            IntegrityError: somebody else did, or the payload was changed since.
        """
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(self.signature, _signed_bytes(self.payload))
        except (InvalidSignature, ValueError):
            raise IntegrityError(
                "its signature does not fit: the approval was edited, or signed by somebody else"
            ) from None


def sign(payload: bytes, key: SigningKey, key_id: str) -> Envelope:
    """Return the payload, signed."""
    return Envelope(payload, key_id, key.sign(_signed_bytes(payload)))


def parse(envelope: Mapping[str, Any]) -> Envelope:
    """Return the envelope of the stored form; the signature is not checked.

    Raises:
        RecordError: it is no envelope with one signature.
    """
    check_names(envelope, _ENVELOPE)
    if envelope["payloadType"] != PAYLOAD_TYPE:
        raise RecordError(f"payloadType: {envelope['payloadType']!r} is not {PAYLOAD_TYPE}")
    signatures = envelope["signatures"]
    if not isinstance(signatures, list) or len(signatures) != 1 or not isinstance(signatures[0], dict):
        raise RecordError("signatures: not exactly one")
    check_names(signatures[0], _SIGNATURE)
    return Envelope(_decode(envelope, "payload"), decode_text(signatures[0], "keyid"), _decode(signatures[0], "sig"))


def _signed_bytes(payload: bytes) -> bytes:
    """Return DSSE's pre-authentication encoding: lengths keep type and payload from running into each other."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _decode(fields: Mapping[str, object], name: str) -> bytes:
    try:
        return base64.b64decode(decode_text(fields, name), validate=True)
    except binascii.Error:
        raise RecordError(f"{name}: not base64") from None
