"""The people who approve a release of the embedded environment: one signing key each."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from signoff.demo.layout import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.demo.layout import Layout

ROLES = ("tech", "qa", "executive")


def key_file(layout: Layout, role: str) -> Path:
    """Return the private key of whoever approves in the role (PEM)."""
    return layout.keys / f"{role}.pem"


def prepare(layout: Layout) -> None:
    """Create a key for every role."""
    layout.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    for role in ROLES:
        private = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_atomically(key_file(layout, role), private.decode("ascii"))


def public_key(layout: Layout, role: str) -> str:
    """Return the raw public key in base64, as a roster holds it."""
    key = serialization.load_pem_private_key(key_file(layout, role).read_bytes(), password=None)
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return base64.b64encode(raw).decode("ascii")
