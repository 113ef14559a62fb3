"""Approvals: one signed in-toto statement each, in a DSSE envelope, never overwritten."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from signoff.canonical import canonical
from signoff.errors import ApprovalError, IntegrityError, RecordError
from signoff.store import dsse, statement
from signoff.store.sign import public_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from signoff.model import Approval, Person
    from signoff.store.sign import SigningKey

SUFFIX = ".json"
_NUMBERED = re.compile(r"(?:\.[1-9][0-9]*)?\.json\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Approvals:
    """All approvals of one environment."""

    approvals: tuple[Approval, ...]
    """Those whose signature a person on the roster made."""
    unknown: tuple[str, ...]
    """Files signed by a key that is not on the roster: they count for nothing."""
    broken: tuple[str, ...]
    """Files that were edited or cannot be understood: the sign-off is INVALID."""
    kept: frozenset[str] = frozenset()
    """sha256 of every envelope that can be read, whoever signed it."""


def sign_approval(approval: Approval, key: SigningKey) -> tuple[str, bytes, Approval]:
    """Sign the approval; return the stem of its name, the envelope's content, and the approval as it is signed now.

    Raises:
        ApprovalError: a field cannot be part of a file name.
    """
    key_id = hashlib.sha256(base64.b64decode(public_key(key))).hexdigest()
    if not approval.role.replace("-", "").replace("_", "").isalnum() or not approval.digest.isalnum():
        raise ApprovalError(f"role {approval.role!r} or digest {approval.digest!r} cannot name a file")
    envelope = dsse.sign(canonical(statement.encode(approval)), key, key_id)
    content = canonical(envelope.to_json()) + b"\n"
    stem = f"{approval.role}.{key_id[:8]}.{approval.digest[:8]}"
    return stem, content, replace(approval, key_id=key_id, envelope_sha256=envelope.sha256)


def names_of(stem: str) -> Iterator[str]:
    """Yield names for an envelope: the same key may reject, revoke and approve again, and each word of it is kept."""
    yield f"{stem}{SUFFIX}"
    for number in count(2):
        yield f"{stem}.{number}{SUFFIX}"


def stem_of(name: str) -> str:
    """Return what all names of an envelope have in common."""
    return _NUMBERED.sub("", name)


def read_approvals(envelopes: Iterable[tuple[str, bytes | OSError]], roster: Sequence[Person]) -> Approvals:
    """Return all approvals, sorted by how far they can be trusted.

    Args:
        envelopes: place and content of each.
        roster: whose keys are known.
    """
    keys = _keys(roster)
    approvals, unknown, broken, kept = [], [], [], set()
    for place, content in envelopes:
        try:
            envelope = dsse.parse(_read(content))
            kept.add(envelope.sha256)
            raw = keys.get(envelope.key_id)
            if raw is None:
                unknown.append(f"{place}: signed by the key {envelope.key_id[:8]}, which is not on the roster")
                continue
            envelope.verify(raw)
            approval = statement.decode(json.loads(envelope.payload))
        except (RecordError, IntegrityError, ValueError, RecursionError) as error:
            broken.append(f"{place}: {error}")
            continue
        except OSError as error:
            broken.append(f"{place}: cannot be read: {error.strerror}")
            continue
        approvals.append(replace(approval, key_id=envelope.key_id, envelope_sha256=envelope.sha256))
    approvals.sort(key=lambda approval: (approval.created, approval.envelope_sha256))
    return Approvals(approvals=tuple(approvals), unknown=tuple(unknown), broken=tuple(broken), kept=frozenset(kept))


def _read(content: bytes | OSError) -> dict[str, Any]:
    if isinstance(content, OSError):
        raise content
    value = json.loads(content)
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
