from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.hosts.env_file import EnvFile, differing, read

if TYPE_CHECKING:
    from pathlib import Path

KEY = b"of this run"
TEXT = """\
# what the shop needs
DATABASE_URL="postgresql://shop:hunter2@db/shop"
export TOKEN=abc123
EMPTY=
TOKEN=def456
this line is no assignment
API_KEY=<insert key here>
SMTP_PASSWORD=changeme
NAME=상점 # comment
"""


def write(folder: Path, text: str, mode: int = 0o600, name: str = ".env") -> EnvFile:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return EnvFile(path=str(file), exists=True)


def test_keys_modes_and_mistakes_are_told(here: Any, tmp_path: Path) -> None:
    write(tmp_path, TEXT, 0o640)

    seen = read(here, ".env", key=KEY)

    assert seen.keys == {"DATABASE_URL", "TOKEN", "EMPTY", "API_KEY", "SMTP_PASSWORD", "NAME"}
    assert seen.duplicates == ("TOKEN",)
    assert seen.empty == ("EMPTY",)
    assert seen.unfinished == ("API_KEY", "SMTP_PASSWORD")
    assert seen.bad_lines == (6,)
    assert (seen.mode, seen.wider_than(0o600), seen.wider_than(0o640)) == (0o640, True, False)
    assert seen.owner


def test_values_never_leave(here: Any, tmp_path: Path) -> None:
    write(tmp_path, TEXT)

    shown = repr(read(here, ".env", key=KEY))

    for value in ("hunter2", "abc123", "def456", "insert key", "changeme", "상점"):
        assert value not in shown


@pytest.mark.parametrize(
    ("value", "is_placeholder"),
    [
        ("changeme", True),
        ("CHANGE_ME", True),
        ("postgresql://shop:change-me@db/shop", True),
        ("your-api-key", True),
        ("xxxx", True),
        ("${TOKEN}", True),
        ("test", True),
        ("f3a9c7d2", False),
        ("https://example.org/path", False),
        ("testing-ground", False),
        ("0", False),
        ("none", False),
    ],
)
def test_values_that_people_mean_to_replace_are_placeholders(
    here: Any, tmp_path: Path, value: str, is_placeholder: bool
) -> None:
    write(tmp_path, f"A='{value}'\n")

    assert read(here, ".env", key=KEY).entries[0].is_placeholder is is_placeholder


def test_values_are_compared_between_hosts_without_being_shown(here: Any, tmp_path: Path) -> None:
    files = {}
    for host, token in (("app1", "one"), ("app2", "one"), ("app3", "two")):
        write(tmp_path, f"TOKEN={token}\nPORT={host}\nSAME=1\n" + ("ONLY=here\n" if host == "app2" else ""), name=host)
        files[host] = read(here, host, key=KEY)

    assert differing(files, ["TOKEN", "SAME"]) == {"TOKEN": ("app3",)}
    assert differing(files, ["ONLY"]) == {"ONLY": ("app2",)}
    assert differing(files, ["ABSENT"]) == {}


def test_digests_of_two_runs_have_nothing_in_common(here: Any, tmp_path: Path) -> None:
    write(tmp_path, "TOKEN=abc123\n")

    first, second = (read(here, ".env", key=key).entries[0].digest for key in (b"one run", b"another"))

    assert first != second


def test_a_missing_file_is_a_fact(here: Any) -> None:
    assert not read(here, "srv/.env", key=KEY).exists


def test_a_name_with_quotes_is_only_a_name(here: Any, tmp_path: Path) -> None:
    write(tmp_path, "A=1\n", name="it's; touch x")

    assert read(here, "it's; touch x", key=KEY).keys == {"A"}
    assert not (tmp_path / "x").exists()


def test_a_file_that_cannot_be_read_cannot_be_judged(here: Any, tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()

    with pytest.raises(NotVerifiedError, match=r"\.env: .*directory; let the checking account read it"):
        read(here, ".env", key=KEY)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_cannot_be_judged(here: Any, tmp_path: Path) -> None:
    write(tmp_path, "A=1\n", 0o000)

    with pytest.raises(NotVerifiedError, match="Permission denied"):
        read(here, ".env", key=KEY)


def test_a_huge_file_cannot_be_judged(here: Any, tmp_path: Path) -> None:
    write(tmp_path, "A=1\n" * 70_000)

    with pytest.raises(NotVerifiedError, match="larger than"):
        read(here, ".env", key=KEY)
