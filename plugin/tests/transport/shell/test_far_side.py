"""What a shell on a host makes of our commands, whichever shell is its /bin/sh and whichever tools it has."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from signoff.errors import NotVerifiedError, TimedOutError
from signoff.transport.channel import Command
from tests.transport.shell.conftest import SHELLS, alive, ask, seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.transport.shell.channel import ShellChannel

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
    assert late.result(60).stdout == b"early\nlate\n"
    assert late.result().stderr == b"late\n"
    assert escaped.result(60).stdout == b"early\nlate\n"
    assert (after.result(60).stdout, after.result().stderr) == (b"clean\n", b"")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_command_at_its_limit_takes_its_tree_with_it(channel_by: Callable[..., ShellChannel], shell: str) -> None:
    channel = channel_by(shell)
    a, b, c, d, e = durations = [seconds() for _ in range(5)]
    text = f"sleep {a} & setsid sleep {b} & (trap '' TERM; sleep {c}; sleep {d}); sleep {e}"
    started = time.monotonic()
    with pytest.raises(TimedOutError, match="not done within 1 s"):
        ask(channel, text, limit=1)
    assert time.monotonic() - started < 30
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
    answers = [future.result(60) for future in channel.submit_batch(texts, 30)]
    assert [(each.status, each.stdout, each.stderr) for each in answers] == [ask(channel, text) for text in texts]


def test_a_tool_that_lists_processes_shows_nothing_of_the_frames(channel_by: Callable[..., ShellChannel]) -> None:
    channel = channel_by("dash")
    _, listed, _ = ask(channel, "ps axeww; env; cat /proc/self/environ /proc/$PPID/cmdline /proc/$PPID/environ")
    assert channel._link is not None
    assert channel._link._wire.nonce.encode() not in listed
    assert b"SIGNOFF_TEXT" not in ask(channel, "env")[1]
    for text in ("ps -eww -o args", "ps axeww"):
        [answer] = channel.submit_batch([text], 30)
        assert text.encode() in answer.result(60).stdout


def test_a_pattern_for_processes_does_not_find_our_own_command_lines(channel_by: Callable[..., ShellChannel]) -> None:
    channel = channel_by("dash")
    word = f"no-such-process-{seconds()}"
    assert ask(channel, f"pgrep -f {word}") == (1, b"", b"")
    assert channel.submit_batch([f"pgrep -f {word}"], 30)[0].result(60).status == 1


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
        return _below(pid, alone), _below(pid, answer.result(60).stdout)

    # What surrounds a command starts beside it: a list may catch one of them a moment before.
    deadline = time.monotonic() + 30
    while True:
        alone, together = shown()
        assert any(LISTING in line for line in alone)
        if alone == together:
            return
        assert time.monotonic() < deadline, (alone, together)


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
