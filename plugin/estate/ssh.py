"""Keys of the estate's SSH: one for whoever checks, one for backups, one per host, and the list of known hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from estate.layout import write_atomically
from estate.topology import PLACES

if TYPE_CHECKING:
    from pathlib import Path

    from estate.layout import Layout

USER = "signoff"
"""The account that checks log in as."""


def prepare(layout: Layout) -> None:
    """Make all keys, and the list of known hosts."""
    layout.ssh.mkdir(parents=True, exist_ok=True)
    _write_pair(client_key(layout))
    _write_pair(vault_key(layout))
    known = []
    for place in PLACES:
        _write_pair(host_key(layout, place.name))
        known.append(f"{place.name},{place.address} {public(host_key(layout, place.name))}")
    write_atomically(known_hosts(layout), "\n".join(known) + "\n", mode=0o644)


def client_key(layout: Layout) -> Path:
    """Return the private key of whoever checks."""
    return layout.ssh / "id_ed25519"


def vault_key(layout: Layout) -> Path:
    """Return the private key that database hosts send backups with."""
    return layout.ssh / "vault_ed25519"


def host_key(layout: Layout, name: str) -> Path:
    """Return the private key of a host, as the host gets it."""
    return layout.ssh / f"{name}_ed25519"


def known_hosts(layout: Layout) -> Path:
    """Return the list of the hosts' keys."""
    return layout.ssh / "known_hosts"


def public(key: Path) -> str:
    """Return the public half of a key, in one line."""
    return key.with_name(f"{key.name}.pub").read_text(encoding="ascii").strip()


def _write_pair(file: Path) -> None:
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    shown = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    write_atomically(file, private)
    write_atomically(file.with_name(f"{file.name}.pub"), shown + b"\n", mode=0o644)
