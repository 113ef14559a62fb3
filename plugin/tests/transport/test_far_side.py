"""What a shell on a host makes of our commands, whichever shell is its /bin/sh and whichever tools it has."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import NotVerifiedError, TimedOutError, UnreachableError
from signoff.transport.channel import Command, ConnectionLostError
from signoff.transport.shell import wire
from signoff.transport.shell.carrier import Carrier
from signoff.transport.shell.channel import ShellChannel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHELLS = ["dash", "bash", "busybox", "ksh", "mksh", "zsh"]
BUSYBOX_TOOLS = (
    "timeout",
    "head",
    "grep",
    "sleep",
    "cat",
    "printf",
    "setsid",
    "ps",
    "env",
    "test",
    "true",
    "id",
    "echo",
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
        argv = ["env", *([f"PATH={path}"] if path else []), str(sh), "-s"]
        channel = ShellChannel(
            Carrier(
                name="here",
                argv=argv,
                explain=lambda status, said: UnreachableError(f"{status} {said}"),
                connect_limit=5,
                grace=grace,
            )
        )
        channels.append(channel)
        return channel

    yield make
    for channel in channels:
        channel.close()


def ask(channel: ShellChannel, text: str, **settings: Any) -> tuple[int, bytes, bytes]:
    completed = channel.submit(Command(text=text, **settings)).result(30)
    return completed.status, completed.stdout, completed.stderr


def seconds() -> int:
    """Return a duration by which a `sleep` of this test is told from those of tests beside it."""
    return 1_000_000 + secrets.randbelow(10**9)


def alive(*durations: int) -> list[int]:
    """Return which of these sleeps are there after a moment: a process that was killed may take one to go."""
    deadline = time.monotonic() + 2
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


@pytest.mark.parametrize("shell", SHELLS)
def test_answers_are_exact_in_every_shell(channel_by: Callable[..., ShellChannel], shell: str) -> None:
    channel = channel_by(shell)
    assert ask(channel, "printf 'out\\n\\n'; printf '\\0\\377' ; printf err >&2; exit 3") == (
        3,
        b"out\n\n\0\xff",
        b"err",
    )
    assert ask(channel, "printf 'no newline'") == (0, b"no newline", b"")
    assert ask(channel, "true") == (0, b"", b"")
    assert ask(channel, "cat; echo after") == (0, b"after\n", b"")
    for status in (1, 124, 126, 127, 137, 143, 255):
        assert ask(channel, f"exit {status}")[0] == status
    assert ask(channel, "kill -9 $$") == (137, b"", b"")
    assert ask(channel, "echo \"it's\" '\"' `echo $((1+1))`; echo 'two\nlines'") == (0, b"it's \" 2\ntwo\nlines\n", b"")


@pytest.mark.parametrize("shell", SHELLS)
def test_no_state_leaks_from_command_to_command(channel_by: Callable[..., ShellChannel], shell: str) -> None:
    channel = channel_by(shell)
    before = ask(channel, "pwd; umask; echo $x; ulimit -n; set | grep -c so_; trap")
    ask(channel, "cd /tmp; umask 000; x=1; export x; ulimit -n 20; trap 'echo bye' EXIT; exec 2>&1; exec >/dev/null")
    assert ask(channel, "pwd; umask; echo $x; ulimit -n; set | grep -c so_; trap") == before


@pytest.mark.parametrize("shell", SHELLS)
def test_late_output_of_a_child_stays_with_its_command(channel_by: Callable[..., ShellChannel], shell: str) -> None:
    channel = channel_by(shell)
    late = channel.submit(Command(text="(sleep 0.3; echo late; echo late >&2) & echo early"))
    escaped = channel.submit(Command(text="setsid sh -c 'sleep 0.3; echo late' & echo early"))
    after = channel.submit(Command(text="echo clean"))
    assert late.result(10).stdout == b"early\nlate\n"
    assert late.result().stderr == b"late\n"
    assert escaped.result(10).stdout == b"early\nlate\n"
    assert (after.result(10).stdout, after.result().stderr) == (b"clean\n", b"")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_command_at_its_limit_takes_its_tree_with_it(channel_by: Callable[..., ShellChannel], shell: str) -> None:
    channel = channel_by(shell)
    a, b, c, d, e = durations = [seconds() for _ in range(5)]
    text = f"sleep {a} & setsid sleep {b} & (trap '' TERM; sleep {c}; sleep {d}); sleep {e}"
    started = time.monotonic()
    with pytest.raises(TimedOutError, match="not done within 1 s"):
        ask(channel, text, limit=1)
    assert time.monotonic() - started < 6
    assert not alive(*durations)
    assert ask(channel, "echo still here") == (0, b"still here\n", b"")


@pytest.mark.parametrize("shell", SHELLS)
def test_output_is_bounded_on_the_host(channel_by: Callable[..., ShellChannel], shell: str) -> None:
    channel = channel_by(shell)
    for stream in ("", " >&2"):
        with pytest.raises(NotVerifiedError, match="more than 100000 bytes of output; ask for less"):
            ask(channel, f"yes{stream}", max_output=100_000)
    assert len(ask(channel, "head -c 100000 /dev/zero", max_output=100_000)[1]) == 100_000
    assert ask(channel, "echo still here") == (0, b"still here\n", b"")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_batch_answers_as_single_questions_do(channel_by: Callable[..., ShellChannel], shell: str) -> None:
    channel = channel_by(shell)
    texts = [
        "echo a; echo b >&2",
        "exit 4",
        "cd /; pwd",
        "pwd",
        "printf 'x\\0'",
        "cat",
        "umask 077",
        "umask",
        "test -e /nope",
    ]
    answers = [future.result(10) for future in channel.submit_batch(texts, 10)]
    assert [(each.status, each.stdout, each.stderr) for each in answers] == [ask(channel, text) for text in texts]


def test_a_tool_that_lists_processes_shows_nothing_of_the_frames(channel_by: Callable[..., ShellChannel]) -> None:
    channel = channel_by("dash")
    _, listed, _ = ask(channel, "ps axeww; env; cat /proc/self/environ /proc/$PPID/cmdline /proc/$PPID/environ")
    assert channel._link is not None
    assert channel._link._wire.nonce.encode() not in listed
    assert b"SIGNOFF_TEXT" not in ask(channel, "env")[1]
    for text in ("ps -eww -o args", "ps axeww"):
        [answer] = channel.submit_batch([text], 10)
        assert text.encode() in answer.result(10).stdout


def test_a_pattern_for_processes_does_not_find_our_own_command_lines(channel_by: Callable[..., ShellChannel]) -> None:
    channel = channel_by("dash")
    word = f"no-such-process-{seconds()}"
    assert ask(channel, f"pgrep -f {word}") == (1, b"", b"")
    assert channel.submit_batch([f"pgrep -f {word}"], 10)[0].result(10).status == 1


LISTING = "ps -A -o pid=,ppid=,comm=,args="


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("text", [LISTING, f"{LISTING} | cat"])
def test_a_list_of_processes_is_the_same_in_a_batch(
    channel_by: Callable[..., ShellChannel], shell: str, text: str
) -> None:
    channel = channel_by(shell)

    def shown() -> tuple[list[str], list[str]]:
        _, alone, _ = ask(channel, text)
        [_, answer, _] = channel.submit_batch(["test -e /", text, "uname -s"], 30)
        assert channel._link is not None
        assert channel._link._process is not None
        pid = channel._link._process.pid
        return _below(pid, alone), _below(pid, answer.result(10).stdout)

    # What surrounds a command starts beside it: a list may catch one of them a moment before.
    seen = [shown() for _ in range(6)]
    assert any(alone == together for alone, together in seen), seen[-1]
    assert all(any(LISTING in line for line in alone) for alone, _ in seen)


def _below(root: int, listing: bytes) -> list[str]:
    """Return program and command line of what the process started, in any order."""
    rows = [line.split(None, 2) for line in listing.decode().splitlines()]
    family = {str(root)}
    for _ in rows:
        family |= {pid for pid, parent, _ in rows if parent in family}
    return sorted(rest for pid, parent, rest in rows if parent in family)


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_a_host_with_busybox_alone_is_enough(
    channel_by: Callable[..., ShellChannel], tools: Callable[..., str], shell: str
) -> None:
    channel = channel_by(shell, path=tools(*BUSYBOX_TOOLS, busybox=True))
    assert ask(channel, "printf '\\0'; printf err >&2; exit 5") == (5, b"\0", b"err")
    a, b = seconds(), seconds()
    with pytest.raises(TimedOutError):
        ask(channel, f"setsid sleep {a} & sleep {b}", limit=1)
    assert not alive(a, b)
    with pytest.raises(NotVerifiedError, match="bytes of output"):
        ask(channel, "cat /dev/zero", max_output=1000)
    assert ask(channel, "echo still here") == (0, b"still here\n", b"")


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox", "zsh"])
def test_a_host_without_timeout_is_watched_by_its_shell(
    channel_by: Callable[..., ShellChannel], tools: Callable[..., str], shell: str
) -> None:
    channel = channel_by(shell, path=tools("head", "grep", "sleep", "cat", "setsid"))
    assert ask(channel, "echo out; exit 6") == (6, b"out\n", b"")
    a, b, c = seconds(), seconds(), seconds()
    with pytest.raises(TimedOutError):
        ask(channel, f"setsid sleep {a} & (trap '' TERM; sleep {b})", limit=1)
    assert ask(channel, "echo still here", limit=c) == (0, b"still here\n", b"")
    assert not alive(a, b, c)


def test_a_command_that_kills_its_own_shells_is_no_answer(channel_by: Callable[..., ShellChannel]) -> None:
    channel = channel_by("dash")
    with pytest.raises(NotVerifiedError, match="could not be run to its end"):
        ask(channel, "kill -9 $PPID")
    with pytest.raises(NotVerifiedError, match="could not be run to its end"):
        ask(channel, "kill -9 0", limit=20)
    assert ask(channel, "echo still here") == (0, b"still here\n", b"")


def test_the_end_of_the_shell_ends_every_question_at_once(channel_by: Callable[..., ShellChannel]) -> None:
    channel = channel_by("dash")
    channel.open().result(5)
    assert channel._link is not None
    assert channel._link._process is not None
    pending = [channel.submit(Command(text=text)) for text in ("sleep 3", "echo never", "echo nor this")]
    time.sleep(0.2)
    os.kill(channel._link._process.pid, 9)
    for future in pending:
        with pytest.raises(ConnectionLostError):
            future.result(3)
    with pytest.raises(UnreachableError):
        channel.submit(Command(text="true")).result(1)
    channel.open().result(5)
    assert ask(channel, "echo again") == (0, b"again\n", b"")


def test_a_garbled_stream_ends_the_connection_and_gives_no_answer(channel_by: Callable[..., ShellChannel]) -> None:
    channel = channel_by("dash")
    channel.open().result(5)
    assert channel._link is not None
    nonce = channel._link._wire.nonce
    for words in ("7 0 0", "1 0 0 0", "1 x y", "z" * 300):
        future = channel.submit(Command(text=f"printf '%s {words}\\n' {nonce}; printf '%s 1\\n' {nonce} >&2; sleep 1"))
        with pytest.raises(ConnectionLostError, match="no sequence of answers"):
            future.result(5)
        channel.open().result(5)
        assert channel._link is not None
        nonce = channel._link._wire.nonce


def test_a_shell_that_says_nothing_is_given_up_and_ended(tmp_path: Path) -> None:
    carrier = Carrier(
        name="mute",
        argv=["/bin/sh", "-c", f"echo $$ > {tmp_path}/pid; trap '' TERM; while :; do sleep 1; done"],
        explain=lambda status, said: UnreachableError(f"{status} {said}"),
        connect_limit=0.5,
        grace=1,
    )
    channel = ShellChannel(carrier)
    with pytest.raises(UnreachableError, match=r"no answer within 0\.5 s"):
        channel.open().result(5)
    pid = int(Path(tmp_path / "pid").read_text())
    deadline = time.monotonic() + 4
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()


def test_a_program_that_is_not_there_is_named() -> None:
    carrier = Carrier(
        name="x", argv=["surely-no-ssh"], explain=lambda *_: UnreachableError(""), connect_limit=1, grace=1
    )
    with pytest.raises(NotVerifiedError, match="surely-no-ssh cannot be started"):
        ShellChannel(carrier).open().result(5)


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
