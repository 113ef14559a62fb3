"""Text from outside cannot steer a terminal, reorder a line or grow without bound."""

from __future__ import annotations

import pytest

from signoff.reports.plaintext import clip, columns, fold, one_line, pad, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 한국어 ✔", "plain 한국어 ✔"),
        ("a\x1b[31mred", "a\\x1b[31mred"),
        ("a\u202egnp.exe", "a\\u202egnp.exe"),
        ("a\r\nb\tc", "a\nb\tc"),
        ("lone \udc80", "lone \\udc80"),
        ("nul\x00", "nul\\x00"),
    ],
)
def test_what_could_steer_a_reader_is_made_visible(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_long_text_says_how_much_is_left_out() -> None:
    assert clip("x" * 1500, 10) == "xxxxxxxxxx… (+1,490)"
    assert clip("short", 10) == "short"
    assert one_line("a\n  b", 10) == "a b"


def test_korean_takes_two_columns() -> None:
    assert columns("캐시 ok") == 7
    assert pad("캐시", 6) == "캐시  "


@pytest.mark.parametrize("width", [10, 17, 40])
def test_folded_lines_fit_and_lose_nothing(width: int) -> None:
    text = "캐시 서버의 maxmemory를 조정합니다 " + "x" * 55 + " 가나다라마바사아자차카타파하" * 2
    lines = fold(text, width)
    assert all(columns(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_nothing_folds_to_nothing() -> None:
    assert fold("", 10) == []
