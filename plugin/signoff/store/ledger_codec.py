"""Turns records of the ledger into plain JSON types and back. Unknown kinds and fields are refused.

A new kind of decision is a frozen dataclass in `signoff.model`, a member of its `LedgerBody`, and one entry of `KINDS`.
Fields may be texts, whole numbers, truth values, instants, dates, enums, decimals (`Decimal`, kept as text), tuples of
these, `Literal`s, other such dataclasses, or None. A field that has its default is left out, so a field added later
with a default does not change what was written before.
"""

from __future__ import annotations

import dataclasses
import types
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from signoff import model
from signoff.errors import RecordError
from signoff.model import (
    ApprovalKept,
    IssueAction,
    LedgerBody,
    LedgerRecord,
    Publication,
    RollbackCommand,
    RollbackDecision,
    RunClosed,
    SignedAttestation,
)
from signoff.store.codec import check_names, clean, decode_instant, decode_text, encode_instant

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

SCHEMA_VERSION = 1
KINDS: Mapping[str, type[LedgerBody]] = {
    "approval-kept": ApprovalKept,
    "issue-action": IssueAction,
    "publication": Publication,
    "rollback-command": RollbackCommand,
    "rollback-decision": RollbackDecision,
    "run-closed": RunClosed,
    "signed-attestation": SignedAttestation,
}
_RECORD = frozenset({"schema_version", "id", "at", "by", "kind", "body"})
_NAMES = {kind: name for name, kind in KINDS.items()}


def encode_record(record: LedgerRecord) -> dict[str, object]:
    """Return the record's fields.

    Raises:
        RecordError: a value has no lasting form (a float, a time without a zone, an unknown kind).
    """
    kind = _NAMES.get(type(record.body))
    if kind is None:
        raise RecordError(f"{type(record.body).__name__} is no kind of ledger record")
    return {
        "schema_version": SCHEMA_VERSION,
        "id": record.id,
        "at": encode_instant(record.at),
        "by": clean(record.by),
        "kind": kind,
        "body": _encode(record.body, "body"),
    }


def decode_record(fields: Mapping[str, Any]) -> LedgerRecord:
    """Return the record.

    Raises:
        RecordError: names the kind or field that is unknown, missing or of the wrong type.
    """
    if fields.get("schema_version") != SCHEMA_VERSION:
        raise RecordError(f"schema version {fields.get('schema_version')!r}, this program reads {SCHEMA_VERSION}")
    check_names(fields, _RECORD)
    kind = KINDS.get(decode_text(fields, "kind"))
    if kind is None:
        raise RecordError(f"unknown kind of record {fields['kind']!r}")
    return LedgerRecord(
        id=decode_text(fields, "id"),
        at=decode_instant(fields, "at"),
        by=decode_text(fields, "by"),
        body=_decode_fields(kind, fields["body"], "body"),
    )


def _encode(value: object, name: str) -> object:  # noqa: PLR0911 - one line for each kind of field
    match value:
        case StrEnum():
            return str(value)
        case str():
            return clean(value)
        case None | bool() | int():
            return value
        case Decimal():
            return str(value)
        case datetime():
            return encode_instant(value)
        case date():
            return value.isoformat()
        case tuple():
            return [_encode(each, name) for each in value]
        case _:
            return _encode_fields(value, name)


def _encode_fields(value: object, name: str) -> dict[str, object]:
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        raise RecordError(f"{name}: {type(value).__name__} cannot be kept")
    return {
        field.name: _encode(given, f"{name}.{field.name}")
        for field in dataclasses.fields(value)
        if (given := getattr(value, field.name)) != field.default or field.default is dataclasses.MISSING
    }


def _decode_fields(kind: type[Any], value: object, name: str) -> Any:
    if not isinstance(value, dict):
        raise RecordError(f"{name}: not an object")
    hints = _hints(cast("Hashable", kind))
    optional = {
        each.name
        for each in dataclasses.fields(kind)
        if each.default is not dataclasses.MISSING or each.default_factory is not dataclasses.MISSING
    }
    check_names(value, frozenset(hints) - (optional - value.keys()))
    return kind(**{field: _decode(hints[field], given, f"{name}.{field}") for field, given in value.items()})


def _decode(hint: Any, value: object, name: str) -> object:  # noqa: C901, PLR0911 - one line for each kind of field
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise RecordError(f"{name}: {value!r} is none of {', '.join(map(str, get_args(hint)))}")
        return value
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise RecordError(f"{name}: not a list")
        return tuple(_decode(get_args(hint)[0], each, name) for each in value)
    if get_origin(hint) in {Union, types.UnionType}:
        (some,) = (each for each in get_args(hint) if each is not types.NoneType)
        return None if value is None else _decode(some, value, name)
    if dataclasses.is_dataclass(hint):
        return _decode_fields(hint, value, name)  # type: ignore[arg-type]
    if hint is datetime:
        return decode_instant({name: value}, name)
    if hint is date:
        return _date(decode_text({name: value}, name), name)
    if hint is Decimal:
        return _decimal(decode_text({name: value}, name), name)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        if value not in list(hint):
            raise RecordError(f"{name}: {value!r} is none of {', '.join(hint)}")
        return hint(str(value))
    if hint in {str, int, bool} and type(value) is hint:
        return value
    raise RecordError(f"{name}: not of the type {getattr(hint, '__name__', hint)}")


def _date(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RecordError(f"{name}: {text!r} is no date") from None


def _decimal(text: str, name: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise RecordError(f"{name}: {text!r} is no decimal number")
    return number


@cache
def _hints(kind: Any) -> dict[str, Any]:
    """Return the types of the fields; the model imports some of them for type checkers only."""
    extra = {"Literal": Literal, "date": date, "datetime": datetime, "Decimal": Decimal}
    return get_type_hints(kind, {**vars(model), **extra})
