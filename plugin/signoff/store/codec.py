"""Turns runs and observations into plain JSON types and back. Unknown, missing and ill-typed fields are refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, cast

from signoff.errors import RecordError
from signoff.model import Cell, LedgerCheckpoint, Observation, Outcome, Run

if TYPE_CHECKING:
    from collections.abc import Mapping

Fields = dict[str, object]

_OBSERVATION_TEXTS = (
    "run",
    "environment",
    "release",
    "reason",
    "fingerprint",
    "observed",
    "expected",
    "code_sha256",
    "target_sha256",
    "evidence_sha256",
    "node",
    "runner",
)
_OBSERVATION = frozenset({*_OBSERVATION_TEXTS, "seq", "cell", "outcome", "started", "finished", "attempt", "inspected"})
_RUN_TEXTS = ("id", "environment", "release", "selector", "controller", "user", "git_revision")
_RUN = frozenset({*_RUN_TEXTS, "planned", "started", "stream"})
_OPTIONAL = frozenset({"ledgers"})
"""Left out where there is nothing to say: journals written before there was a ledger have it nowhere."""
_STREAMS = ("recorded", "monitor")
_CELL_PARTS = _CHECKPOINT_PARTS = 3


def encode_observation(seen: Observation) -> Fields:
    """Return the observation's fields."""
    fields: Fields = {name: clean(getattr(seen, name)) for name in _OBSERVATION_TEXTS}
    fields |= {
        "seq": seen.seq,
        "cell": _encode_cell(seen.cell),
        "outcome": str(seen.outcome),
        "started": encode_instant(seen.started),
        "finished": encode_instant(seen.finished),
        "attempt": seen.attempt,
        "inspected": seen.inspected,
    }
    return fields


def decode_observation(fields: Mapping[str, Any]) -> Observation:
    """Return the observation.

    Raises:
        RecordError: names the field that is unknown, missing or of the wrong type.
    """
    check_names(fields, _OBSERVATION)
    inspected = fields["inspected"]
    texts: dict[str, Any] = {name: decode_text(fields, name) for name in _OBSERVATION_TEXTS}
    return Observation(
        seq=_whole(fields, "seq"),
        cell=_decode_cell(fields["cell"], "cell"),
        outcome=_outcome(fields["outcome"]),
        started=decode_instant(fields, "started"),
        finished=decode_instant(fields, "finished"),
        attempt=_whole(fields, "attempt"),
        inspected=None if inspected is None else _whole(fields, "inspected"),
        **texts,
    )


def encode_run(run: Run) -> Fields:
    """Return the fields of a run as they are known at its beginning."""
    fields: Fields = {name: clean(getattr(run, name)) for name in _RUN_TEXTS}
    return fields | {
        "planned": [_encode_cell(cell) for cell in run.planned],
        "started": encode_instant(run.started),
        "stream": run.stream,
        **({"ledgers": [[c.ledger, c.seq, c.sha256] for c in sorted(run.ledgers)]} if run.ledgers else {}),
    }


def decode_run(fields: Mapping[str, Any]) -> Run:
    """Return the run, not ended.

    Raises:
        RecordError: names the field that is unknown, missing or of the wrong type.
    """
    check_names(fields, _RUN | (_OPTIONAL & fields.keys()))
    stream, planned = fields["stream"], fields["planned"]
    if stream not in _STREAMS:
        raise RecordError(f"stream: {stream!r} is none of {', '.join(_STREAMS)}")
    if not isinstance(planned, list):
        raise RecordError("planned: not a list")
    texts: dict[str, Any] = {name: decode_text(fields, name) for name in _RUN_TEXTS}
    return Run(
        planned=tuple(_decode_cell(cell, "planned") for cell in planned),
        started=decode_instant(fields, "started"),
        stream=cast("Literal['recorded', 'monitor']", stream),
        ledgers=tuple(
            LedgerCheckpoint(ledger=ledger, seq=seq, sha256=sha256)
            for ledger, seq, sha256 in decode_checkpoints(fields.get("ledgers", []), "ledgers")
        ),
        **texts,
    )


def decode_checkpoints(value: object, name: str) -> list[tuple[str, int, str]]:
    """Return chain, number and hash of each checkpoint in the list.

    Raises:
        RecordError: it is no list of such.
    """
    if not isinstance(value, list):
        raise RecordError(f"{name}: not a list")
    return [_decode_checkpoint(part, name) for part in value]


def _decode_checkpoint(part: object, name: str) -> tuple[str, int, str]:
    if isinstance(part, list) and len(part) == _CHECKPOINT_PARTS:
        of, seq, sha256 = part
        if isinstance(of, str) and type(seq) is int and isinstance(sha256, str):
            return of, seq, sha256
    raise RecordError(f"{name}: not [chain, seq, sha256]")


def check_names(fields: Mapping[str, object], known: frozenset[str]) -> None:
    """Refuse unknown and missing fields.

    Raises:
        RecordError: names them.
    """
    if fields.keys() == known:
        return
    unknown, missing = sorted(fields.keys() - known), sorted(known - fields.keys())
    words = [f"unknown field {name}" for name in unknown] + [f"no field {name}" for name in missing]
    raise RecordError("; ".join(words))


def encode_instant(value: datetime) -> str:
    """Return the instant in UTC.

    Raises:
        RecordError: it has no time zone, and guessing one would be wrong half of the time.
    """
    if value.tzinfo is None:
        raise RecordError(f"{value.isoformat()}: a time without a zone")
    return value.astimezone(UTC).isoformat()


def decode_instant(fields: Mapping[str, object], name: str) -> datetime:
    """Return the field as an instant in UTC.

    Raises:
        RecordError: it is none, or has no offset.
    """
    try:
        value = datetime.fromisoformat(decode_text(fields, name))
    except ValueError:
        raise RecordError(f"{name}: {fields[name]!r} is no instant") from None
    if value.tzinfo is None:
        raise RecordError(f"{name}: {fields[name]!r} has no offset")
    return value.astimezone(UTC)


def decode_text(fields: Mapping[str, object], name: str) -> str:
    """Return the field as text.

    Raises:
        RecordError: it is none.
    """
    value = fields[name]
    if not isinstance(value, str):
        raise RecordError(f"{name}: not a text")
    return value


def clean(text: str) -> str:
    """Return the text without lone surrogates: what a broken target sent must not keep its evidence from being kept."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _whole(fields: Mapping[str, object], name: str) -> int:
    value = fields[name]
    if type(value) is not int:
        raise RecordError(f"{name}: not a whole number")
    return value


def _outcome(value: object) -> Outcome:
    try:
        return Outcome(str(value))
    except ValueError:
        raise RecordError(f"outcome: {value!r} is none of {', '.join(Outcome)}") from None


def _encode_cell(cell: Cell) -> list[str]:
    return [clean(cell.item), clean(cell.check), clean(cell.target)]


def _decode_cell(value: object, name: str) -> Cell:
    if isinstance(value, list) and len(value) == _CELL_PARTS:
        item, check, target = value
        if isinstance(item, str) and isinstance(check, str) and isinstance(target, str):
            return Cell(item=item, check=check, target=target)
    raise RecordError(f"{name}: not [item, check, target]")
