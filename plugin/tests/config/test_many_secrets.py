"""Thousands of passwords, one for each host: still found, all of them, and in no time."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.config.redaction import MASK, Redactor, _alternatives

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = st.lists(st.text(alphabet="ab.|(", min_size=1, max_size=6), min_size=1, max_size=12, unique=True)


@given(words=WORDS, text=st.text(alphabet="ab.|(x", max_size=40))
@settings(max_examples=300, deadline=None)
def test_the_longest_word_is_found_wherever_it_stands(words: list[str], text: str) -> None:
    """As a plain list of them would find it, the longest first."""
    plain = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))))
    assert re.findall(_alternatives(sorted(words)), text) == plain.findall(text)


def test_five_thousand_passwords_cost_little() -> None:
    """A plain list of them would be tried word by word, wherever a text looks like one; one among them is masked."""
    words = [f"{number:05}-{number * 7919:x}-secret" for number in range(5_000)]
    redact = Redactor(words)
    plain = re.compile("|".join(map(re.escape, words)))
    text = "".join(f"{number:05}-" for number in range(0, 5_000, 50))
    assert redact(text) == text == plain.sub(MASK, text)
    assert 5 * _least_seconds(lambda: redact(text)) < _least_seconds(lambda: plain.sub(MASK, text))
    assert redact(f"it is {words[-1]} here") == f"it is {MASK} here"


def _least_seconds(work: Callable[[], object]) -> float:
    """Return what the work takes when nothing disturbs it."""
    spans = []
    for _ in range(10):
        begun = time.process_time()
        work()
        spans.append(time.process_time() - begun)
    return min(spans)


def test_a_very_long_secret_is_one_too() -> None:
    """Such as a private key."""
    key = "-----BEGIN KEY-----\n" + "QUJD\n" * 2_000
    assert "QUJD" not in Redactor({key, key[:-1], "other-secret"})(f"a {key} b")
