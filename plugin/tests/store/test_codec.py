"""Records to JSON and back: nothing lost, nothing unknown accepted."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.canonical import canonical
from signoff.errors import RecordError
from signoff.model import Cell, LedgerCheckpoint, Observation, Outcome, Run
from signoff.store import codec

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
instants = st.datetimes(timezones=st.just(UTC))
cells = st.builds(Cell, item=texts, check=texts, target=texts)
whole = st.integers(0, 2**40)
observations = st.builds(
    Observation,
    **{field.name: texts for field in fields(Observation) if field.type == "str"},
    seq=whole,
    cell=cells,
    outcome=st.sampled_from(Outcome),
    started=instants,
    finished=instants,
    attempt=whole,
    inspected=st.none() | whole,
)
runs = st.builds(
    Run,
    **{field.name: texts for field in fields(Run) if field.type == "str"},
    planned=st.lists(cells, max_size=3).map(tuple),
    started=instants,
    stream=st.sampled_from(["recorded", "monitor"]),
)


@settings(max_examples=150, deadline=None)
@given(observations)
def test_observation_survives(seen: Observation) -> None:
    assert codec.decode_observation(json.loads(canonical(codec.encode_observation(seen)))) == seen


@settings(max_examples=80, deadline=None)
@given(runs)
def test_run_survives(run: Run) -> None:
    assert codec.decode_run(json.loads(canonical(codec.encode_run(run)))) == run
    begun = replace(run, ledgers=(LedgerCheckpoint(ledger="L", seq=0, sha256="e" * 64),))
    assert codec.decode_run(json.loads(canonical(codec.encode_run(begun)))) == begun


def test_every_field_of_the_model_is_kept(make: Any) -> None:
    assert codec.encode_observation(make.seen()).keys() == {field.name for field in fields(Observation)}
    kept_at_the_end = {"ended", "interrupted"}
    begun = make.run(ledgers=(LedgerCheckpoint(ledger="L", seq=0, sha256="e" * 64),))
    assert codec.encode_run(begun).keys() == {field.name for field in fields(Run)} - kept_at_the_end


def test_instants_are_kept_in_utc(make: Any) -> None:
    seoul = datetime(2026, 6, 1, 21, tzinfo=timezone(timedelta(hours=9)))
    kept = codec.encode_observation(replace(make.seen(), finished=seoul))
    assert kept["finished"] == "2026-06-01T12:00:00+00:00"


def test_time_without_a_zone_is_refused(make: Any) -> None:
    naive = make.seen(finished=datetime(2026, 6, 1, 12))  # noqa: DTZ001 - the mistake under test
    with pytest.raises(RecordError, match="a time without a zone"):
        codec.encode_observation(naive)


def test_broken_text_of_a_target_is_kept_readable(make: Any) -> None:
    kept = codec.encode_observation(make.seen(observed="caf\udce9"))
    assert kept["observed"] == "caf?"
    canonical(kept)


WRONG = {
    "unknown field": ({"colour": "red"}, "unknown field colour"),
    "missing field": ({"reason": ...}, "no field reason"),
    "text that is a number": ({"reason": 5}, "reason: not a text"),
    "number that is a text": ({"seq": "5"}, "seq: not a whole number"),
    "number that is a truth": ({"attempt": True}, "attempt: not a whole number"),
    "unknown outcome": ({"outcome": "great"}, "outcome: 'great' is none of pass, skip, error, fail"),
    "no instant": ({"finished": "yesterday"}, "finished: 'yesterday' is no instant"),
    "naive instant": ({"finished": "2026-06-01T12:00:00"}, "has no offset"),
    "half a cell": ({"cell": ["SEC-CFG-1", "locked"]}, r"cell: not \[item, check, target\]"),
    "cell of numbers": ({"cell": [1, 2, 3]}, r"cell: not \[item, check, target\]"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_ill_formed_observation_is_refused(make: Any, change: dict[str, Any], message: str) -> None:
    kept = {k: v for k, v in (codec.encode_observation(make.seen()) | change).items() if v is not ...}
    with pytest.raises(RecordError, match=message):
        codec.decode_observation(kept)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stream": "secret"}, "stream: 'secret'"),
        ({"planned": "all"}, "planned: not a list"),
        ({"x": 1}, "unknown field x"),
    ],
)
def test_ill_formed_run_is_refused(make: Any, change: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordError, match=message):
        codec.decode_run(codec.encode_run(make.run()) | change)
