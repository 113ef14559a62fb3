"""Signed attestations in the ledger: made by their author's key, read back with the files that back them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from signoff.canonical import canonical
from signoff.errors import IntegrityError, RecordError
from signoff.model import SignedAttestation
from signoff.store import attested_statement, dsse
from signoff.store.sign import public_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from signoff.model import Attestation, LedgerRecord, Person
    from signoff.store.sign import SigningKey


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedAttestations:
    """All signed attestations of one environment's ledger."""

    attestations: tuple[Attestation, ...]
    """Those that somebody on the roster signed in their own name, with the digests that their files have now."""
    unknown: tuple[str, ...]
    """Those by a key that is not on the roster, or for another environment: they count for nothing."""
    broken: tuple[str, ...]
    """Those that were edited or cannot be understood: the sign-off is INVALID."""


def sign_attestation(
    attestation: Attestation, environment: str, paths: Sequence[str], key: SigningKey
) -> SignedAttestation:
    """Return the ledger's body of the attestation, signed. `paths` are those of its evidence, in its order."""
    key_id = hashlib.sha256(base64.b64decode(public_key(key))).hexdigest()
    envelope = dsse.sign(canonical(attested_statement.encode(attestation, environment, paths)), key, key_id)
    return SignedAttestation(envelope=canonical(envelope.to_json()).decode())


def read_attestations(
    records: Iterable[LedgerRecord], roster: Sequence[Person], environment: str, folder: Path
) -> SignedAttestations:
    """Return the signed attestations among the records.

    Args:
        records: of the ledger, of any kind.
        roster: whose keys are known.
        environment: where the attestations must hold.
        folder: of the environment: what the paths of evidence are relative to.
    """
    owners = _owners(roster)
    found, unknown, broken = [], [], []
    for record in records:
        if not isinstance(record.body, SignedAttestation):
            continue
        place = f"ledger record {record.id}"
        try:
            made = _read(record.body, owners, environment, folder)
        except (RecordError, IntegrityError, ValueError, RecursionError) as error:
            broken.append(f"{place}: {error}")
            continue
        if isinstance(made, str):
            unknown.append(f"{place}: {made}")
        else:
            found.append(replace(made, place=place))
    return SignedAttestations(attestations=tuple(found), unknown=tuple(unknown), broken=tuple(broken))


def file_sha256(path: Path) -> str:
    """Return the digest of the file; empty if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _read(
    body: SignedAttestation, owners: Mapping[str, tuple[str, bytes]], environment: str, folder: Path
) -> Attestation | str:
    """Return the attestation, or why it counts for nothing."""
    fields = json.loads(body.envelope)
    if not isinstance(fields, dict):
        raise RecordError("not an envelope")
    envelope = dsse.parse(fields)
    owner = owners.get(envelope.key_id)
    if owner is None:
        return f"signed by the key {envelope.key_id[:8]}, which is not on the roster"
    name, raw = owner
    envelope.verify(raw)
    made, where, paths = attested_statement.decode(json.loads(envelope.payload))
    if made.by != name:
        return f"it speaks for {made.by}, and {name} signed it"
    if where != environment:
        return f"it is for the environment {where}"
    files = tuple(
        replace(file, actual_sha256=file_sha256(folder / path)) for file, path in zip(made.evidence, paths, strict=True)
    )
    return replace(made, evidence=files, key_id=envelope.key_id, envelope_sha256=envelope.sha256)


def _owners(roster: Sequence[Person]) -> dict[str, tuple[str, bytes]]:
    """Return name and raw public key of everybody who has one, by the key's sha256."""
    owners = {}
    for person in roster:
        try:
            raw = base64.b64decode(person.public_key, validate=True)
        except binascii.Error:
            raw = b""
        if raw:
            owners[hashlib.sha256(raw).hexdigest()] = person.name, raw
    return owners
