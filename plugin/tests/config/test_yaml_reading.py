"""One YAML file: core rules, places, and every mistake in one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.yamlfile import Document, read_yaml

if TYPE_CHECKING:
    from pathlib import Path


def _read(folder: Path, text: str | bytes, **values: str) -> Document:
    path = folder / "file.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_yaml(path, values.get if values else None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("NO", "NO"),
        ("on", "on"),
        ("yes", "yes"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("2026-11-22", "2026-11-22"),
        ("2026-11-22T09:00:00Z", "2026-11-22T09:00:00Z"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        ("'010'", "010"),
        ("'true'", "true"),
        ("=", "="),
        ("9" * 5_000, "9" * 5_000),
    ],
)
def test_scalars_follow_the_core_rules(tmp_path: Path, text: str, value: Any) -> None:
    """Norway is a country, a date is text, a leading zero is no octal number."""
    document = _read(tmp_path, f"key: {text}\n")
    assert document.problems == []
    assert document.data == {"key": value}
    assert type(document.data["key"]) is type(value)


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("a: 1\nb: 2\na: 3\n", "3:1", "stands twice (first in line 1)"),
        ("x:\n  - {a: 1, a: 2}\n", "2:12", "stands twice"),
        ("a: 1\n\tb: 2\n", "2:1", "not YAML"),
        ("a: [1, 2\n", "2:1", "not YAML"),
        ("a: *nobody\n", "1:4", "not YAML"),
        ("a: 1\n---\nb: 2\n", "2:1", "not YAML"),
        ("1.5: x\n", "1:1", "a key that is not text"),
        ("true: x\n", "1:1", "a key that is not text"),
        ("a: &x {b: *x}\n", "1:8", "contains itself"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", "3:3", "merge keys"),
        ("a: !vault |\n  12345\n", "1:1", "has a tag"),
        (b"a: \xff\n", "1:1", "UnicodeDecodeError"),
        (b"\xff\xfea\x00", "1:1", "UnicodeDecodeError"),
        ("[" * 100_000, "1:1", ""),
    ],
)
def test_a_mistake_has_its_line_and_column(tmp_path: Path, text: str | bytes, place: str, says: str) -> None:
    """So that an editor jumps there."""
    problems = [str(problem) for problem in _read(tmp_path, text).problems]
    assert problems
    assert f"file.yaml:{place}: " in problems[0], problems
    assert says in problems[0]


def test_a_byte_order_mark_and_windows_lines_are_nothing(tmp_path: Path) -> None:
    """Editors write them."""
    document = _read(tmp_path, b"\xef\xbb\xbfa: 1\r\nb: two\r\n")
    assert (document.problems, document.data) == ([], {"a": 1, "b": "two"})


def test_aliases_are_read_but_not_without_end(tmp_path: Path) -> None:
    """An anchor used twice is fine; a bomb of them is refused."""
    assert _read(tmp_path, "a: &x {b: 1}\nc: *x\n").data == {"a": {"b": 1}, "c": {"b": 1}}
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
    (problem,) = _read(tmp_path, bomb).problems
    assert "too much" in problem.message


def test_a_missing_or_empty_file_is_told_apart(tmp_path: Path) -> None:
    """An empty file is nothing; an absent one is a mistake."""
    assert _read(tmp_path, "# only words\n").data is None
    (problem,) = read_yaml(tmp_path / "absent.yaml").problems
    assert "does not exist" in str(problem)


def test_references_are_text_whatever_they_stand_for(tmp_path: Path) -> None:
    """A password `true` or `123` stays text; quotes do not matter; a missing or wrong name is a mistake."""
    document = _read(tmp_path, "a: ${A}\nb: 'x${A}y'\nc: ${B}\n", A="123", B="true")
    assert document.data == {"a": "123", "b": "x123y", "c": "true"}
    problems = [str(problem) for problem in _read(tmp_path, "a:\n  b: ${NONE}\nc: ${1x}\n", A="1").problems]
    assert "file.yaml:2:3: a.b: ${NONE} is not set" in problems[0]
    assert "a reference that is no name" in problems[1]


def test_a_value_with_a_reference_in_it_is_not_read_again(tmp_path: Path) -> None:
    """What an environment variable holds is data."""
    assert _read(tmp_path, "a: ${A}\n", A="${A}").data == {"a": "${A}"}
