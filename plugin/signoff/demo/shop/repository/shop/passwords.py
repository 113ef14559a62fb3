"""Passwords are stored as salted scrypt hashes: `scrypt$<n>$<r>$<p>$<salt>$<hash>`, numbers first, then hex."""

from __future__ import annotations

import hashlib
import hmac
import secrets

_COST = {"n": 2**14, "r": 8, "p": 1}


def hash_password(password: str) -> str:
    """Return what to store."""
    salt = secrets.token_bytes(16)
    digest = hashlib.scrypt(password.encode(), salt=salt, **_COST)
    return "$".join(["scrypt", *map(str, _COST.values()), salt.hex(), digest.hex()])


def matches(password: str, stored: str | None) -> bool:
    """Return whether the password is the stored one; takes as long if nothing is stored: time tells nothing."""
    _, n, r, p, salt, digest = (stored or _NOBODY).split("$")
    given = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=int(n), r=int(r), p=int(p))
    return hmac.compare_digest(given, bytes.fromhex(digest)) and stored is not None


_NOBODY = "$".join(["scrypt", *map(str, _COST.values()), "00" * 16, "00" * 64])
