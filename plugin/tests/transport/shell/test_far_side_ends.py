"""A shell that dies, garbles, stays silent or is not there gives no answer, and leaves nobody waiting."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from signoff.errors import NotVerifiedError, UnreachableError
from signoff.transport.channel import Command, ConnectionLostError
from signoff.transport.shell.carrier import Carrier
from signoff.transport.shell.channel import ShellChannel
from tests.transport.shell.conftest import ask

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_command_that_kills_its_own_shells_is_no_answer(channel_by: Callable[..., ShellChannel]) -> None:
    channel = channel_by("dash")
    with pytest.raises(NotVerifiedError, match="could not be run to its end"):
        ask(channel, "kill -9 $PPID")
    with pytest.raises(NotVerifiedError, match="could not be run to its end"):
        ask(channel, "kill -9 0", limit=20)
    assert ask(channel, "echo still here") == (0, b"still here\n", b"")


def test_the_end_of_the_shell_ends_every_question_at_once(channel_by: Callable[..., ShellChannel]) -> None:
    channel = channel_by("dash")
    channel.open().result(30)
    assert channel._link is not None
    assert channel._link._process is not None
    pending = [channel.submit(Command(text=text)) for text in ("sleep 25", "echo never", "echo nor this")]
    started = time.monotonic()
    os.kill(channel._link._process.pid, 9)
    for future in pending:
        with pytest.raises(ConnectionLostError):
            future.result(60)
    assert time.monotonic() - started < 20, "what it started for the first may hold its output open for 25 s"
    with pytest.raises(UnreachableError):
        channel.submit(Command(text="true")).result(30)
    channel.open().result(30)
    assert ask(channel, "echo again") == (0, b"again\n", b"")


def test_a_garbled_stream_ends_the_connection_and_gives_no_answer(channel_by: Callable[..., ShellChannel]) -> None:
    channel = channel_by("dash")
    channel.open().result(30)
    assert channel._link is not None
    nonce = channel._link._wire.nonce
    for words in ("7 0 0", "1 0 0 0", "1 x y", "z" * 300):
        future = channel.submit(Command(text=f"printf '%s {words}\\n' {nonce}; printf '%s 1\\n' {nonce} >&2; sleep 1"))
        with pytest.raises(ConnectionLostError, match="no sequence of answers"):
            future.result(30)
        channel.open().result(30)
        assert channel._link is not None
        nonce = channel._link._wire.nonce


def test_a_shell_that_says_nothing_is_given_up_and_ended(tmp_path: Path) -> None:
    carrier = Carrier(
        name="mute",
        argv=["/bin/sh", "-c", f"echo $$ > {tmp_path}/pid; trap '' TERM; while :; do sleep 1; done"],
        explain=lambda status, said: UnreachableError(f"{status} {said}"),
        connect_limit=3,
        grace=1,
    )
    channel = ShellChannel(carrier)
    with pytest.raises(UnreachableError, match=r"no answer within 3 s"):
        channel.open().result(30)
    pid = int(Path(tmp_path / "pid").read_text())
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


def test_a_program_that_is_not_there_is_named() -> None:
    carrier = Carrier(
        name="x", argv=["surely-no-ssh"], explain=lambda *_: UnreachableError(""), connect_limit=1, grace=1
    )
    with pytest.raises(NotVerifiedError, match="surely-no-ssh cannot be started"):
        ShellChannel(carrier).open().result(30)


def test_a_mistake_of_ours_leaves_nobody_waiting(
    channel_by: Callable[..., ShellChannel], monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, other = channel_by("dash"), channel_by("dash")
    assert ask(channel, "true")[0] == 0
    with monkeypatch.context() as patch:
        patch.setattr("signoff.transport.shell.link.judge", lambda *_: 1 / 0)
        with pytest.raises(ConnectionLostError, match="ZeroDivisionError"):
            ask(channel, "true")
    assert ask(other, "true")[0] == 0


@pytest.mark.parametrize("limit", [0, -1, float("inf"), float("nan")])
def test_a_command_without_a_limit_is_refused(limit: float) -> None:
    with pytest.raises(ValueError, match="time limit"):
        Command(text="true", limit=limit)


@pytest.mark.parametrize("text", ["echo " + "x" * 100_000, "echo a\0b"])
def test_what_no_command_line_can_carry_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="command"):
        Command(text=text)
