"""What a signed attestation says, as an in-toto statement about one item of one release, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.canonical import digest
from signoff.errors import RecordError
from signoff.model import Attestation, EvidenceFile
from signoff.store.codec import check_names, decode_instant, decode_text, encode_instant
from signoff.store.statement import TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PREDICATE_TYPE = "urn:pytest-signoff:attestation:v1"
_STATEMENT = frozenset({"_type", "subject", "predicateType", "predicate"})
_TEXTS = ("item", "statement", "by", "role", "release")
_PREDICATE = frozenset({*_TEXTS, "environment", "status", "at", "expires", "evidence"})
_FILE = frozenset({"name", "path", "sha256"})
_STATUS = {"pass": True, "fail": False}


def encode(attestation: Attestation, environment: str, paths: Sequence[str]) -> dict[str, object]:
    """Return the statement; whose key signs it is said by the envelope.

    Args:
        attestation: what is stated.
        environment: where it holds.
        paths: of its evidence, in its order, relative to the environment's folder.
    """
    predicate: dict[str, object] = {name: getattr(attestation, name) for name in _TEXTS}
    predicate |= {
        "environment": environment,
        "status": "pass" if attestation.passed else "fail",
        "at": encode_instant(attestation.at),
        "expires": encode_instant(attestation.expires),
        "evidence": [
            {"name": file.name, "path": path, "sha256": file.sha256}
            for file, path in zip(attestation.evidence, paths, strict=True)
        ],
    }
    subject = _subject(attestation.item, attestation.release, environment)
    return {"_type": TYPE, "subject": [subject], "predicateType": PREDICATE_TYPE, "predicate": predicate}


def decode(statement: object) -> tuple[Attestation, str, tuple[str, ...]]:
    """Return the attestation, its environment, and the paths of its evidence.

    Raises:
        RecordError: names what is unknown, missing or of the wrong type.
    """
    fields = _object(statement, "statement")
    check_names(fields, _STATEMENT)
    if fields["_type"] != TYPE or fields["predicateType"] != PREDICATE_TYPE:
        raise RecordError(f"not an attestation of this product: {fields['_type']!r}, {fields['predicateType']!r}")
    predicate = _object(fields["predicate"], "predicate")
    check_names(predicate, _PREDICATE)
    texts: dict[str, Any] = {name: decode_text(predicate, name) for name in _TEXTS}
    environment = decode_text(predicate, "environment")
    if fields["subject"] != [_subject(texts["item"], texts["release"], environment)]:
        raise RecordError("subject: not the item, release and environment that the predicate names")
    if predicate["status"] not in _STATUS:
        raise RecordError(f"status: {predicate['status']!r} is none of {', '.join(_STATUS)}")
    files = _files(predicate["evidence"])
    attestation = Attestation(
        passed=_STATUS[predicate["status"]],
        at=decode_instant(predicate, "at"),
        expires=decode_instant(predicate, "expires"),
        evidence=tuple(file for file, _ in files),
        **texts,
    )
    return attestation, environment, tuple(path for _, path in files)


def _subject(item: str, release: str, environment: str) -> dict[str, object]:
    return {"name": item, "digest": {"sha256": digest(["signoff-attestation/1", environment, release, item])}}


def _files(value: object) -> list[tuple[EvidenceFile, str]]:
    if not isinstance(value, list):
        raise RecordError("evidence: not a list")
    found = []
    for part in value:
        fields = _object(part, "evidence")
        check_names(fields, _FILE)
        path = decode_text(fields, "path")
        if not path or path.startswith("/") or ".." in path.split("/"):
            raise RecordError(f"evidence: {path!r} leads out of the environment's folder")
        file = EvidenceFile(name=decode_text(fields, "name"), sha256=decode_text(fields, "sha256"))
        found.append((file, path))
    return found


def _object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise RecordError(f"{name}: not an object")
    return value
