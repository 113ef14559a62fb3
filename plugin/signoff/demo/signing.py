"""Who may sign a release of the embedded environment, and signed tags; a real one keeps this key on a token."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from signoff.demo.layout import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.demo.layout import Layout

SIGNER = "release@example.test"
RELEASE_KEY, STRANGERS_KEY = "release-signing", "stranger-signing"


def signers_file(layout: Layout) -> Path:
    """Return the list of allowed signers, as ssh-keygen reads it."""
    return layout.keys / "allowed_signers"


def prepare(layout: Layout) -> None:
    """Create the release's key and the list with nobody else on it."""
    layout.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    public = create_key(layout, RELEASE_KEY)
    write_atomically(signers_file(layout), f'{SIGNER} namespaces="git" {public}\n', mode=0o644)


def create_key(layout: Layout, name: str) -> str:
    """Create a key in OpenSSH's form and return its public half."""
    private = Ed25519PrivateKey.generate()
    text = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    write_atomically(layout.keys / name, text.decode("ascii"))
    public = private.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    write_atomically(layout.keys / f"{name}.pub", public.decode("ascii") + "\n")
    return public.decode("ascii")


def options(layout: Layout, name: str = RELEASE_KEY) -> tuple[str, ...]:
    """Return what stands between `git` and `tag --sign` to sign with the key; nothing without ssh-keygen."""
    if shutil.which("ssh-keygen") is None:
        return ()
    return ("-c", "gpg.format=ssh", "-c", "gpg.ssh.program=ssh-keygen", "-c", f"user.signingkey={layout.keys / name}")
