"""Rows of two stores side by side: order does not matter, every difference counts, values are told the same way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.errors import NotVerifiedError
from signoff.probes.stores.rows import canonical, compare, newest

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ROWS = st.lists(st.tuples(st.integers(), st.text(max_size=3)), max_size=8)


@settings(max_examples=60)
@given(rows=ROWS, extra=st.tuples(st.integers(), st.text(max_size=3)), shuffled=st.randoms(use_true_random=False))
def test_only_what_is_in_the_rows_counts(rows: list[tuple[int, str]], extra: tuple[int, str], shuffled: object) -> None:
    other = sorted(rows, key=lambda _: shuffled.random())  # type: ignore[attr-defined] # hypothesis' Random

    same, more = compare(rows, other), compare(rows, [*other, extra])

    assert same.left_digest == same.right_digest
    assert (same.only_left, same.only_right) == (0, 0)
    assert more.left_digest != more.right_digest
    assert (more.only_left, more.only_right) == (0, 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Decimal("10.50"), 10.5),
        (Decimal("1E+3"), 1000),
        (0, Decimal("-0.00")),
        (1, True),
        (datetime(2026, 11, 22, 9), datetime(2026, 11, 22, 18, tzinfo=timezone(timedelta(hours=9)))),  # noqa: DTZ001 - a store without offsets
        (b"\x01", memoryview(b"\x01")),
    ],
)
def test_a_value_is_the_same_in_every_store(one: object, other: object) -> None:
    assert canonical(one) == canonical(other)


def test_nothing_is_not_an_empty_text() -> None:
    assert len({canonical(value) for value in (None, "", 0, "None")}) == 4


def test_only_one_instant_has_an_age() -> None:
    assert newest([(NOW - timedelta(hours=1),)], now=NOW) == timedelta(hours=1)
    for rows in ([], [(NOW,), (NOW,)], [(NOW, NOW)], [(None,)], [(7,)], [(NOW + timedelta(hours=1),)]):
        with pytest.raises(NotVerifiedError):
            newest(rows, now=NOW)


def test_different_questions_are_not_compared() -> None:
    with pytest.raises(NotVerifiedError, match="different numbers of columns"):
        compare([(1,)], [(1, 2)])
