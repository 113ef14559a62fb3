"""Answers ahead over real channels: the same answers as by asking, also where a batch is held up or a host lost."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import TimedOutError, UnreachableError
from signoff.transport import HostAddress, HostPool
from signoff.transport.ahead.ahead import Ahead
from signoff.transport.ahead.upcoming import Asker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ASKER = Asker("check", "web1")


@pytest.fixture(params=["local", "ssh"])
def address(request: pytest.FixtureRequest) -> HostAddress:
    if request.param == "local":
        return HostAddress(name="web1", connection="local")
    if shutil.which("ssh") is None:
        pytest.skip("no OpenSSH client on PATH; install openssh-client")
    address: HostAddress = request.getfixturevalue("ssh_server").address
    return address


@pytest.fixture
def ahead() -> Ahead:
    return Ahead()


@pytest.fixture
def pool(address: HostAddress, ahead: Ahead) -> Iterator[HostPool]:
    with HostPool({"web1": address}, ahead=ahead, connect_timeout=30) as pool:
        yield pool


def test_answers_of_a_batch_are_those_of_single_questions(pool: HostPool, ahead: Ahead, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("é\n\n")
    (tmp_path / "binary").write_bytes(b"\xff\0\xfe")
    texts = [
        f"cat -- {tmp_path}/file",
        f"cat -- {tmp_path}/absent",
        f"cat -- {tmp_path}/binary",
        f"stat -Lc %s {tmp_path}/file",
        "command -v cat",
        "command -v nothing-of-this-name",
        "nproc && echo ' $HOME '",
        "head -c 400000 /dev/zero",
        f"ls -1 -q -- {tmp_path} | wc -l",
    ]
    with HostPool({"web1": pool._addresses["web1"]}) as plain:
        expected = [_seen(plain.connect("web1").run(text)) for text in texts]
    ahead.expect([ASKER], {ASKER: {"web1": tuple(texts)}})
    host = pool.connect("web1")

    ahead.begin(ASKER)
    found = [_seen(host.run(text)) for text in texts]

    assert found == expected
    assert ahead.sent == len(texts) - 1, "what reads a device is not sent ahead"
    assert ahead.used >= 5


def _seen(result: Any) -> tuple[int, bytes, bytes]:
    return result.rc, result.stdout_bytes, result.stderr_bytes


def test_a_question_that_hangs_spoils_no_other_one(
    pool: HostPool, ahead: Ahead, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signoff.transport.ahead.ahead.BATCH_LIMIT", 1.0)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_text("here")
    ahead.expect([ASKER], {ASKER: {"web1": (f"cat -- {tmp_path}/pipe", f"cat -- {tmp_path}/file")}})
    host = pool.connect("web1")

    ahead.begin(ASKER)

    assert host.run("cat -- %s", f"{tmp_path}/file").stdout == "here"
    with pytest.raises(TimedOutError):
        host.run("cat -- %s", f"{tmp_path}/pipe", limit=0.5)
    assert host.run("echo alive").stdout == "alive\n"


def test_a_command_that_changes_a_file_is_seen_by_the_next_question(
    pool: HostPool, ahead: Ahead, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("old")
    question = f"cat -- {tmp_path}/file"
    ahead.expect([ASKER], {ASKER: {"web1": (question,)}})
    host = pool.connect("web1")
    ahead.begin(ASKER)
    assert host.run(question).stdout == "old"
    ahead.end()
    ahead.begin(ASKER)
    host.run(f"printf new > {tmp_path}/file")
    assert host.run(question).stdout == "new"


def test_answers_from_before_a_lost_connection_do_not_count(ssh_server: Any, ahead: Ahead) -> None:
    if shutil.which("ssh") is None:
        pytest.skip("no OpenSSH client on PATH; install openssh-client")
    ahead.expect([ASKER], {ASKER: {"web1": ("uname -s",)}})
    with HostPool({"web1": ssh_server.address}, ahead=ahead) as pool:
        host = pool.connect("web1")
        ahead.begin(ASKER)
        assert host.run("uname -s").stdout == "Linux\n"
        ssh_server.cut()
        with suppress(UnreachableError):  # unless the loss is noticed before anything is sent
            host.run("touch /dev/null")
        used = ahead.used
        assert host.run("uname -s").stdout == "Linux\n", "asked over a new connection"
        assert ahead.used == used
