"""Channels to this machine, by a shell and with tools of the test's choice."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import NotVerifiedError, UnreachableError
from signoff.transport.channel import Command
from signoff.transport.shell import wire
from signoff.transport.shell.carrier import Carrier
from signoff.transport.shell.channel import ShellChannel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from signoff.transport.channel import Channel

SHELLS = ["dash", "bash", "busybox", "ksh", "mksh", "zsh"]


def shell_channel(*argv: str, grace: float = 15.0) -> ShellChannel:
    """Return a channel to the shell that this command line starts."""
    return ShellChannel(
        Carrier(
            name="here",
            argv=list(argv),
            explain=lambda status, said: UnreachableError(f"{status} {said}"),
            connect_limit=30,
            grace=grace,
        )
    )


@pytest.fixture
def channel_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., ShellChannel]]:
    """Give channels to this machine by another /bin/sh, and another choice of tools."""
    channels: list[ShellChannel] = []
    plain = wire._far_side()

    def make(shell: str, path: str | None = None, grace: float = 15.0) -> ShellChannel:
        found = shutil.which(shell)
        if found is None:
            pytest.skip(f"no {shell} on this machine; install it")
        sh = tmp_path / "sh"
        sh.unlink(missing_ok=True)
        sh.symlink_to(found)
        monkeypatch.setattr(wire, "_far_side", lambda: plain.replace(b"/bin/sh", str(sh).encode()))
        channel = shell_channel("env", *([f"PATH={path}"] if path else []), str(sh), "-s", grace=grace)
        channels.append(channel)
        return channel

    yield make
    for channel in channels:
        channel.close()


def ask(channel: ShellChannel, text: str, **settings: Any) -> tuple[int, bytes, bytes]:
    completed = channel.submit(Command(text=text, **settings)).result(60)
    return completed.status, completed.stdout, completed.stderr


def seconds() -> int:
    """Return a duration by which a `sleep` of this test is told from those of tests beside it."""
    return 1_000_000 + secrets.randbelow(10**9)


def alive(*durations: int) -> list[int]:
    """Return which of these sleeps are there after a moment: a process that was killed may take one to go."""
    deadline = time.monotonic() + 30
    while True:
        commands = subprocess.run(["ps", "-eo", "args"], check=True, capture_output=True, text=True).stdout.splitlines()
        found = [duration for duration in durations if any(f"sleep {duration}" in command for command in commands)]
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


@pytest.fixture
def tools(tmp_path: Path) -> Callable[..., str]:
    """Give a PATH with these programs only."""

    def choose(*names: str, busybox: bool = False) -> str:
        folder = tmp_path / "tools"
        folder.mkdir(exist_ok=True)
        for name in names:
            target = shutil.which("busybox" if busybox else name)
            if target is None:
                pytest.skip(f"no {'busybox' if busybox else name} on this machine; install it")
            (folder / name).symlink_to(target)
        return str(folder)

    return choose


@pytest.fixture
def with_tools(tmp_path: Path) -> Iterator[Callable[[str], ShellChannel]]:
    """Give a channel whose PATH begins with a folder of the test's own programs."""
    channels: list[ShellChannel] = []

    def make(shell: str = "/bin/sh") -> ShellChannel:
        channels.append(shell_channel("env", f"PATH={tmp_path}:{os.environ['PATH']}", shell, "-s"))
        return channels[-1]

    yield make
    for channel in channels:
        channel.close()


def program(path: Path, text: str) -> None:
    """Write a shell script of this name."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def compare(channel: Channel, texts: Sequence[str]) -> int:
    """Return how many questions were answered together; none of the answers is another than by itself."""
    answered = 0
    for text, future in zip(texts, channel.submit_batch(texts, 60), strict=True):
        error = future.exception(90)
        assert error is None or isinstance(error, NotVerifiedError), text
        if error is None:
            assert future.result() == channel.submit(Command(text=text)).result(60), text
            answered += 1
    return answered
