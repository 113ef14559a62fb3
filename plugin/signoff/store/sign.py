"""Keys of the people who approve: made once, kept outside of the repository, readable by their owner only."""

from __future__ import annotations

import base64
import os
import stat
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

from signoff.errors import ApprovalError
from signoff.store.atomic import create_atomic

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_OWNER_ONLY = 0o600
_OPENSSH = b"-----BEGIN OPENSSH PRIVATE KEY-----"


class SigningKey(Protocol):
    """Whatever signs with Ed25519: a key that was read from a file, or one that an agent never gives away."""

    def sign(self, data: bytes, /) -> bytes:
        """Return the raw signature, 64 bytes."""

    def public_key(self) -> Ed25519PublicKey:
        """Return the public half."""


def create_key(path: Path, *, outside_repository: bool = True, passphrase: str = "") -> str:
    """Write a new private key (PEM, mode 0600) and return its public key for the roster, in base64.

    Args:
        path: the new file.
        outside_repository: refuse a path inside a git working tree, from where a key is soon committed.
        passphrase: encrypts the file; empty: only its mode protects it.

    Raises:
        ApprovalError: the file exists, or lies inside a working tree.
    """
    if outside_repository:
        _refuse_working_tree(path)
    key = Ed25519PrivateKey.generate()
    encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    try:
        create_atomic(path, pem, mode=_OWNER_ONLY)
    except FileExistsError:
        raise ApprovalError(f"{path} exists; a key is never overwritten, choose another name") from None
    return public_key(key)


def load_key(
    path: Path, *, passphrase: Callable[[], str] | None = None, outside_repository: bool = True
) -> Ed25519PrivateKey:
    """Return the private key of the file, PEM or OpenSSH's own format.

    Args:
        path: the file.
        passphrase: asked only if the key is encrypted; None: such a key is refused.
        outside_repository: refuse a key inside a git working tree: who can read the tree can sign.

    Raises:
        ApprovalError: it cannot be read, is no Ed25519 key, others may read it too, or the passphrase is wrong.
    """
    if outside_repository:
        _refuse_working_tree(path)
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        content = path.read_bytes()
    except OSError as error:
        raise ApprovalError(f"{path}: cannot be read: {error.strerror}") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO) and hasattr(os, "getuid"):
        raise ApprovalError(f"{path}: others may read this key (mode {mode:04o}); run chmod 600 on it")
    return read_key(content, str(path), passphrase)


def read_key(content: bytes, where: str, passphrase: Callable[[], str] | None = None) -> Ed25519PrivateKey:
    """Return the private key that the text holds; `where` names it in messages.

    Raises:
        ApprovalError: it is no Ed25519 key, or the passphrase is missing or wrong.
    """
    try:
        try:
            key = _parse(content, None)
        except TypeError:  # so says the library of a key that is encrypted
            if passphrase is None:
                raise ApprovalError(f"{where}: the key is encrypted; give its passphrase") from None
            key = _parse(content, passphrase().encode())
            if key is None:
                raise ApprovalError(f"{where}: the passphrase does not open this key") from None
    except UnsupportedAlgorithm:
        raise ApprovalError(f"{where}: cannot be opened here; run ssh-add on it and sign with --agent") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ApprovalError(f"{where}: no Ed25519 private key; make one with `signoff keygen`")
    return key


def public_key(key: SigningKey) -> str:
    """Return the public half, in base64: what the roster lists."""
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def _parse(content: bytes, password: bytes | None) -> object:
    load = load_ssh_private_key if content.lstrip().startswith(_OPENSSH) else load_pem_private_key
    try:
        return load(content, password)
    except ValueError:
        return None


def _refuse_working_tree(path: Path) -> None:
    for folder in path.absolute().parents:
        if (folder / ".git").exists():
            raise ApprovalError(f"{path} lies in the working tree {folder}; keep private keys outside of repositories")
