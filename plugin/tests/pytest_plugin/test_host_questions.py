"""The memory of questions: complete, never of what may write or is secret, never of other code, never trusted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from signoff.pytest_plugin.questions import NAME, QuestionFile
from signoff.pytest_plugin.reaching_out import watched
from signoff.transport.ahead.upcoming import Asker

if TYPE_CHECKING:
    from pathlib import Path

CODES = {"disk": "sha-of-disk", "mail": "sha-of-mail"}
NO_SUCH_COMMAND = json.dumps(
    {
        "schema_version": 1,
        "commands": [],
        "checks": {"disk": {"code": "sha-of-disk", "changes": False, "asks": [["web-1", "web-1", [7]]]}},
    }
)
WEB, DB = Asker("disk", "web-1"), Asker("mail", "db")


def make(folder: Path, codes: dict[str, str] | None = None) -> QuestionFile:
    return QuestionFile(folder / NAME, CODES if codes is None else codes, lambda text: "hunter2" in text)


def test_what_was_asked_is_known_in_the_next_run(tmp_path: Path) -> None:
    asked: dict[Asker, dict[str, tuple[str, ...]]] = {WEB: {"web-1": ("df -P -k", "uname -s")}}
    asked[DB] = {"db-1": ("cat -- /x",), "db-2": ("cat -- /x",)}
    make(tmp_path).write(asked, set())
    assert make(tmp_path).read().asks == asked


def test_tests_that_did_not_run_keep_what_is_known_of_them(tmp_path: Path) -> None:
    make(tmp_path).write({WEB: {"web-1": ("df -P -k",)}}, set())
    make(tmp_path).write({DB: {"db-1": ("uname",)}}, set())
    assert set(make(tmp_path).read().asks) == {WEB, DB}


def test_what_may_write_and_what_is_secret_is_not_kept(tmp_path: Path) -> None:
    make(tmp_path).write({WEB: {"web-1": ("rm x", "cat -- hunter2", "date +%s", "df", "cat " + "x" * 3000)}}, set())
    assert make(tmp_path).read().asks == {WEB: {"web-1": ("df",)}}
    assert "hunter2" not in (tmp_path / NAME).read_text()


def test_a_check_whose_code_was_changed_is_not_known(tmp_path: Path) -> None:
    make(tmp_path).write({WEB: {"web-1": ("df",)}, DB: {"db-1": ("df",)}}, set())
    assert set(make(tmp_path, {**CODES, "disk": "another"}).read().asks) == {DB}


def test_a_check_that_changes_something_is_known_by_that_alone(tmp_path: Path) -> None:
    make(tmp_path).write({WEB: {"web-1": ("df",)}}, {"disk"})
    known = make(tmp_path).read()
    assert (known.asks, known.changing) == ({}, {"disk"})
    make(tmp_path).write({WEB: {"web-1": ("df",)}}, set())
    assert make(tmp_path).read().changing == set()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"schema_version": 99}', "version 99 is not known"),
        ("[", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"schema_version": 1}', "cannot be read"),
        ('{"schema_version": 1, "commands": [], "checks": {"disk": {"code": "sha-of-disk"}}}', "cannot be read"),
        (NO_SUCH_COMMAND, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_ignored_and_said(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / NAME).write_text(text)
    known = make(tmp_path).read()
    assert (known.asks, known.changing) == ({}, set())
    assert problem in known.problem
    make(tmp_path).write({WEB: {"web-1": ("df",)}}, set())
    assert make(tmp_path).read().problem == ""


def test_acts_of_a_test_are_noticed_and_looking_is_not(tmp_path: Path) -> None:
    import socket
    import subprocess

    acts: list[str] = []

    def seen(act: object) -> bool:
        before = len(acts)
        with watched(lambda: acts.append("act")):
            act()  # type: ignore[operator]
        return len(acts) > before

    path = tmp_path / "file"
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert seen(lambda: socket.create_connection(server.getsockname()).close())
    assert seen(lambda: path.write_text("x"))
    assert seen(lambda: subprocess.run(["true"], check=True))
    assert seen(path.unlink)
    assert not seen(lambda: list(tmp_path.iterdir()))
    assert not seen((tmp_path.parent / "nothing").exists)
    path.write_text("outside")
    assert not seen(path.read_text)
