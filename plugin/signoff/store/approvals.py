"""Approvals as files: one signed in-toto statement each, in a DSSE envelope, never overwritten."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from signoff.canonical import canonical
from signoff.errors import ApprovalError, IntegrityError, RecordError
from signoff.store import dsse, statement
from signoff.store.atomic import create_atomic
from signoff.store.sign import public_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from signoff.model import Approval, Person

SUFFIX = ".json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Approvals:
    """All approvals of one folder."""

    approvals: tuple[Approval, ...]
    """Those whose signature a person on the roster made."""
    unknown: tuple[str, ...]
    """Files signed by a key that is not on the roster: they count for nothing."""
    broken: tuple[str, ...]
    """Files that were edited or cannot be understood: the sign-off is INVALID."""


def sign_approval(folder: Path, approval: Approval, key: Ed25519PrivateKey) -> Approval:
    """Sign the approval, keep it as a new file, and return it with its key and envelope filled in.

    Raises:
        ApprovalError: a field cannot be part of a file name.
    """
    key_id = hashlib.sha256(base64.b64decode(public_key(key))).hexdigest()
    if not approval.role.replace("-", "").replace("_", "").isalnum() or not approval.digest.isalnum():
        raise ApprovalError(f"role {approval.role!r} or digest {approval.digest!r} cannot name a file")
    envelope = dsse.sign(canonical(statement.encode(approval)), key, key_id)
    content = canonical(envelope.to_json()) + b"\n"
    stem = f"{approval.role}.{key_id[:8]}.{approval.digest[:8]}"
    number = 1
    while True:
        # The same key may reject, revoke and approve again: each word of it is kept.
        name = f"{stem}{SUFFIX}" if number == 1 else f"{stem}.{number}{SUFFIX}"
        try:
            create_atomic(folder / name, content)
        except FileExistsError:
            number += 1
        else:
            return replace(approval, key_id=key_id, envelope_sha256=envelope.sha256)


def load_approvals(folder: Path, roster: Sequence[Person]) -> Approvals:
    """Return all approvals of the folder, sorted by how far they can be trusted; an absent folder holds none."""
    keys = _keys(roster)
    approvals, unknown, broken = [], [], []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            envelope = dsse.parse(_read(path))
            raw = keys.get(envelope.key_id)
            if raw is None:
                unknown.append(f"{path}: signed by the key {envelope.key_id[:8]}, which is not on the roster")
                continue
            envelope.verify(raw)
            approval = statement.decode(json.loads(envelope.payload))
        except (RecordError, IntegrityError, ValueError, RecursionError) as error:
            broken.append(f"{path}: {error}")
            continue
        except OSError as error:
            broken.append(f"{path}: cannot be read: {error.strerror}")
            continue
        approvals.append(replace(approval, key_id=envelope.key_id, envelope_sha256=envelope.sha256))
    approvals.sort(key=lambda approval: (approval.created, approval.envelope_sha256))
    return Approvals(approvals=tuple(approvals), unknown=tuple(unknown), broken=tuple(broken))


def _read(path: Path) -> dict[str, Any]:
    value = json.loads(path.read_bytes())
    if not isinstance(value, dict):
        raise RecordError("not an object")
    return value


def _keys(roster: Sequence[Person]) -> dict[str, bytes]:
    """Return the roster's raw public keys by their sha256."""
    keys = {}
    for person in roster:
        try:
            raw = base64.b64decode(person.public_key, validate=True)
        except binascii.Error:
            raw = b""
        if raw:
            keys[hashlib.sha256(raw).hexdigest()] = raw
    return keys
