"""What an approval says, as an in-toto statement about the digest of an evidence set, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from signoff.errors import RecordError
from signoff.model import Approval, Checkpoint, LedgerCheckpoint
from signoff.store.codec import check_names, decode_checkpoints, decode_instant, decode_text, encode_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

TYPE = "https://in-toto.io/Statement/v1"
SUBJECT = "signoff-evidence-set"
PREDICATE_TYPE = "urn:pytest-signoff:approval:v2"
_FIRST_TYPE = "urn:pytest-signoff:approval:v1"
"""Of approvals given before there was a ledger: the same, without its checkpoints."""
_DECISIONS = ("approve", "reject", "approve-with-conditions", "revoke")
_STATEMENT = frozenset({"_type", "subject", "predicateType", "predicate"})
_TEXTS = ("role", "approver", "comment", "environment", "release")
_PREDICATE = frozenset({*_TEXTS, "decision", "timeCreated", "conditions", "previous", "valid_until", "checkpoints"})
_SECOND = _PREDICATE | {"ledgers"}


def encode(approval: Approval) -> dict[str, object]:
    """Return the statement; whose key signs it is said by the envelope."""
    predicate: dict[str, object] = {name: getattr(approval, name) for name in _TEXTS}
    predicate |= {
        "decision": approval.decision,
        "timeCreated": encode_instant(approval.created),
        "conditions": list(approval.conditions),
        "previous": approval.previous or None,
        "valid_until": encode_instant(approval.valid_until),
        "checkpoints": [[c.run, c.seq, c.sha256] for c in sorted(approval.checkpoints)],
        "ledgers": [[c.ledger, c.seq, c.sha256] for c in sorted(approval.ledgers)],
    }
    subject = {"name": SUBJECT, "digest": {"sha256": approval.digest}}
    return {"_type": TYPE, "subject": [subject], "predicateType": PREDICATE_TYPE, "predicate": predicate}


def decode(statement: object) -> Approval:
    """Return the approval.

    Raises:
        RecordError: names what is unknown, missing or of the wrong type.
    """
    fields = _object(statement, "statement")
    check_names(fields, _STATEMENT)
    kind = fields["predicateType"]
    if fields["_type"] != TYPE or kind not in {PREDICATE_TYPE, _FIRST_TYPE}:
        raise RecordError(f"not a statement of this product: {fields['_type']!r}, {kind!r}")
    predicate = _object(fields["predicate"], "predicate")
    check_names(predicate, _SECOND if kind == PREDICATE_TYPE else _PREDICATE)
    decision = predicate["decision"]
    if decision not in _DECISIONS:
        raise RecordError(f"decision: {decision!r} is none of {', '.join(_DECISIONS)}")
    texts: dict[str, Any] = {name: decode_text(predicate, name) for name in _TEXTS}
    return Approval(
        decision=cast("Literal['approve', 'reject', 'approve-with-conditions', 'revoke']", decision),
        digest=_digest(fields["subject"]),
        created=decode_instant(predicate, "timeCreated"),
        valid_until=decode_instant(predicate, "valid_until"),
        conditions=_conditions(predicate["conditions"]),
        previous="" if predicate["previous"] is None else decode_text(predicate, "previous"),
        checkpoints=tuple(
            Checkpoint(run=run, seq=seq, sha256=sha256)
            for run, seq, sha256 in decode_checkpoints(predicate["checkpoints"], "checkpoints")
        ),
        ledgers=tuple(
            LedgerCheckpoint(ledger=ledger, seq=seq, sha256=sha256)
            for ledger, seq, sha256 in decode_checkpoints(predicate.get("ledgers", []), "ledgers")
        ),
        **texts,
    )


def _object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise RecordError(f"{name}: not an object")
    return value


def _digest(subjects: object) -> str:
    if isinstance(subjects, list) and len(subjects) == 1:
        subject = _object(subjects[0], "subject")
        check_names(subject, frozenset({"name", "digest"}))
        digests = _object(subject["digest"], "digest")
        check_names(digests, frozenset({"sha256"}))
        if subject["name"] == SUBJECT:
            return decode_text(digests, "sha256")
    raise RecordError(f"subject: not exactly one {SUBJECT}")


def _conditions(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(condition, str) for condition in value):
        raise RecordError("conditions: not a list of texts")
    return tuple(value)
