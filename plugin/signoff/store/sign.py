"""Keys of the people who approve: made once, kept outside of the repository, readable by their owner only."""

from __future__ import annotations

import base64
import os
import stat
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from signoff.errors import ApprovalError
from signoff.store.atomic import create_atomic

if TYPE_CHECKING:
    from pathlib import Path

_OWNER_ONLY = 0o600


def create_key(path: Path, *, outside_repository: bool = True) -> str:
    """Write a new private key (PEM, mode 0600) and return its public key for the roster, in base64.

    Args:
        path: the new file.
        outside_repository: refuse a path inside a git working tree, from where a key is soon committed.

    Raises:
        ApprovalError: the file exists, or lies inside a working tree.
    """
    if outside_repository:
        _refuse_working_tree(path)
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        create_atomic(path, pem, mode=_OWNER_ONLY)
    except FileExistsError:
        raise ApprovalError(f"{path} exists; a key is never overwritten, choose another name") from None
    return public_key(key)


def load_key(path: Path) -> Ed25519PrivateKey:
    """Return the private key of the file.

    Raises:
        ApprovalError: it cannot be read, is no unencrypted Ed25519 key, or others may read it too.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        pem = path.read_bytes()
    except OSError as error:
        raise ApprovalError(f"{path}: cannot be read: {error.strerror}") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO) and hasattr(os, "getuid"):
        raise ApprovalError(f"{path}: others may read this key (mode {mode:04o}); run chmod 600 on it")
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise ApprovalError(f"{path}: no Ed25519 private key; make one with `signoff keygen`")
    return key


def public_key(key: Ed25519PrivateKey) -> str:
    """Return the public half, in base64: what the roster lists."""
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def _refuse_working_tree(path: Path) -> None:
    for folder in path.absolute().parents:
        if (folder / ".git").exists():
            raise ApprovalError(f"{path} lies in the working tree {folder}; keep private keys outside of repositories")
