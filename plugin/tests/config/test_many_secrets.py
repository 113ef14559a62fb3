"""Thousands of passwords, one for each host: still found, all of them, and in no time."""

from __future__ import annotations

import re
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.config.redaction import MASK, Redactor, _alternatives

WORDS = st.lists(st.text(alphabet="ab.|(", min_size=1, max_size=6), min_size=1, max_size=12, unique=True)


@given(words=WORDS, text=st.text(alphabet="ab.|(x", max_size=40))
@settings(max_examples=300, deadline=None)
def test_the_longest_word_is_found_wherever_it_stands(words: list[str], text: str) -> None:
    """As a plain list of them would find it, the longest first."""
    plain = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))))
    assert re.findall(_alternatives(sorted(words)), text) == plain.findall(text)


def test_five_thousand_passwords_cost_little() -> None:
    """A text of a check's length is read in far less than a millisecond; one secret among them is masked."""
    redact = Redactor({f"{number:05}-{number * 7919:x}-secret" for number in range(5_000)})
    text = "web0001: /etc/ssh/sshd_config has PermitRootLogin yes, expected no; " * 3
    redact(text)
    started = time.process_time()
    for _ in range(50):
        assert redact(text) == text
    assert (time.process_time() - started) / 50 < 0.002
    assert redact(f"it is {4_999:05}-{4_999 * 7919:x}-secret here") == f"it is {MASK} here"


def test_a_very_long_secret_is_one_too() -> None:
    """Such as a private key."""
    key = "-----BEGIN KEY-----\n" + "QUJD\n" * 2_000
    assert "QUJD" not in Redactor({key, key[:-1], "other-secret"})(f"a {key} b")
