"""Every kind of record survives being kept, and what is not understood is never guessed."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.canonical import canonical
from signoff.errors import RecordError
from signoff.model import ApprovalKept, IssueAction, LedgerBody, LedgerRecord, RunClosed
from signoff.store.ledger_codec import KINDS, decode_record, encode_record

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
KEPT = ApprovalKept(envelope_sha256="e" * 64, role="tech", decision="approve")
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
bodies = st.one_of(
    st.builds(RunClosed, run=texts, seq=st.integers(0, 2**53 - 1), sha256=texts),
    st.builds(ApprovalKept, envelope_sha256=texts, role=texts, decision=st.sampled_from(["approve", "revoke"])),
    st.builds(
        IssueAction,
        key=texts,
        kind=st.sampled_from(["started", "resolved", "due"]),
        at=instants,
        by=texts,
        action=texts,
        planned=st.lists(texts, max_size=3).map(tuple),
        due=st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    ),
)


def kept(record: LedgerRecord) -> Any:
    """Return the record's fields as they come back from the disk."""
    return json.loads(canonical(encode_record(record)))


def test_every_kind_has_one_name() -> None:
    assert set(KINDS.values()) == set(get_args(LedgerBody))
    assert len(set(KINDS.values())) == len(KINDS)


@given(st.builds(LedgerRecord, id=texts, at=instants, by=texts, body=bodies))
def test_a_record_survives(record: LedgerRecord) -> None:
    assert decode_record(kept(record)) == record


def test_a_field_that_has_its_default_is_left_out_so_that_more_may_come() -> None:
    """What was written before a field existed reads as if the field had its default."""
    action = IssueAction(key="K", kind="started", at=NOW, by="x")
    fields = kept(LedgerRecord(id="1", at=NOW, by="x", body=action))
    assert fields["body"].keys() == {"key", "kind", "at", "by"}
    defaults = {field.name for field in dataclasses.fields(IssueAction)} - fields["body"].keys()
    assert defaults >= {"action", "cause", "planned"}


def test_instants_are_kept_in_utc_and_texts_readable() -> None:
    seoul = datetime(2026, 6, 1, 21, tzinfo=timezone(timedelta(hours=9)))
    fields = kept(LedgerRecord(id="1", at=seoul, by="caf\udce9", body=KEPT))
    assert (fields["at"], fields["by"]) == ("2026-06-01T12:00:00+00:00", "caf?")


CHANGES: dict[str, tuple[Any, str]] = {
    "newer version": (lambda f: f.update(schema_version=2), "schema version 2, this program reads 1"),
    "no version": (lambda f: f.pop("schema_version"), "schema version None"),
    "unknown kind": (lambda f: f.update(kind="excuse"), "unknown kind of record 'excuse'"),
    "unknown field": (lambda f: f.update(colour="red"), "unknown field colour"),
    "missing field": (lambda f: f.pop("by"), "no field by"),
    "unknown field of the body": (lambda f: f["body"].update(colour="red"), "unknown field colour"),
    "missing field of the body": (lambda f: f["body"].pop("role"), "no field role"),
    "no body": (lambda f: f.update(body=[]), "body: not an object"),
    "a number for a text": (lambda f: f["body"].update(role=7), "body.role: not of the type str"),
    "an unknown word": (lambda f: f["body"].update(decision="perhaps"), "body.decision: 'perhaps' is none of approve"),
    "a naive instant": (lambda f: f.update(at="2026-06-01T12:00:00"), "has no offset"),
    "no instant": (lambda f: f.update(at="soon"), "is no instant"),
}


@pytest.mark.parametrize(("change", "told"), CHANGES.values(), ids=CHANGES)
def test_what_is_not_understood_is_refused(change: Any, told: str) -> None:
    fields = kept(LedgerRecord(id="1", at=NOW, by="x", body=KEPT))
    change(fields)
    with pytest.raises(RecordError, match=told):
        decode_record(fields)


@pytest.mark.parametrize(
    ("value", "told"),
    [(1.5, "float cannot be kept"), ({"a": 1}, "dict cannot be kept"), (b"x", "bytes cannot be kept")],
)
def test_a_value_without_a_lasting_form_is_refused(value: Any, told: str) -> None:
    with pytest.raises(RecordError, match=told):
        encode_record(LedgerRecord(id="1", at=NOW, by="x", body=RunClosed(run=value, seq=1, sha256="")))


def test_a_truth_value_is_no_number() -> None:
    fields = kept(LedgerRecord(id="1", at=NOW, by="x", body=RunClosed(run="A", seq=1, sha256="")))
    fields["body"]["seq"] = True
    with pytest.raises(RecordError, match="not of the type int"):
        decode_record(fields)
