"""What logrotate keeps, and how log servers write durations."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.errors import NotVerifiedError
from signoff.probes.logs import rotation
from signoff.probes.logs.durations import parse

PATH = "/var/log/central/any/messages.log"
BLOCK = "/var/log/central/*/messages.log"


@pytest.mark.parametrize(
    ("text", "days"),
    [
        (f"{BLOCK} {{\n daily\n rotate 30\n}}\n", 30),
        (f"{BLOCK} {{\n weekly\n rotate 4\n maxage 20\n}}\n", 20),
        (f"weekly\nrotate 4\n{BLOCK} {{\n missingok\n}}\n", 28),
        (f"rotate 4\nweekly\n/var/log/other.log {{ daily }}\n{BLOCK} {{\n daily\n rotate 7\n}}\n", 7),
        (f'"/var/log/x.log"\n{BLOCK}\n{{\n daily\n rotate 9\n postrotate\n  kill {{}}\n endscript\n}}\n', 9),
        (f"# {BLOCK} {{ rotate 1 }}\n{BLOCK} {{\n daily\n rotate 30\n}}\n", 30),
        (f"{BLOCK} {{\n daily\n rotate -1\n}}\n", None),
        (f"{BLOCK} {{\n daily\n rotate -1\n maxage 90\n}}\n", 90),
        (f"{BLOCK} {{\n daily\n}}\n", 0),
    ],
)
def test_what_is_kept(text: str, days: int | None) -> None:
    assert rotation.keeps(text, PATH) == (None if days is None else timedelta(days=days))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("/var/log/other.log {\n daily\n rotate 30\n}\n", "says nothing about"),
        ("", "says nothing about"),
        (f"{BLOCK} {{\n rotate 30\n size 10M\n}}\n", "by size"),
        (f"{BLOCK} {{\n rotate 30\n}}\n", "no period"),
        (f"{BLOCK} {{\n daily\n rotate many\n}}\n", "no number"),
    ],
)
def test_what_cannot_be_told_in_days(text: str, reason: str) -> None:
    with pytest.raises(NotVerifiedError, match=reason):
        rotation.keeps(text, PATH)


@pytest.mark.parametrize(
    ("text", "hours"),
    [("744h", 744), ("30d", 720), ("1w2d", 216), ("720h0m0s", 720), ("0s", 0), ("", 0), ("0", 0), ("1y", 8760)],
)
def test_durations(text: str, hours: int) -> None:
    assert parse(text) == timedelta(hours=hours)


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet="0123456789dhms. -x", max_size=8))
def test_a_duration_is_a_duration_or_an_error(text: str) -> None:
    with suppress(NotVerifiedError):
        assert parse(text) >= timedelta()
