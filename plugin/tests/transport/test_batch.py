"""The cheap form of asking answers byte for byte as the ordinary form does, or says that it cannot."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.errors import NotVerifiedError
from signoff.transport.channel import Command, Completed, new_future
from signoff.transport.process import local_channel
from signoff.transport.shell.batch import submit_in_chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from signoff.transport.channel import Channel

words = st.text(st.characters(min_codepoint=1, max_codepoint=0x2FF, exclude_characters="\0"), max_size=12)
statuses = st.integers(0, 255)
pieces = st.one_of(
    words.map(lambda word: f"printf %s {shlex.quote(word)}"),
    words.map(lambda word: f"printf %s {shlex.quote(word)} >&2"),
    words.map(lambda word: f"echo {shlex.quote(word)} | cat"),
    words.map(lambda word: f"x={shlex.quote(word)}; printf %s \"$x\"; printf '\\0'"),
    statuses.map(lambda status: f"(exit {status})"),
    statuses.map(lambda status: f"exit {status}"),
    st.sampled_from(
        [
            "cd /; pwd",
            "pwd",
            "umask 077; umask",
            "umask",
            "cat",
            "read x; echo $?",
            "test -e /etc/passwd",
            "stat -c %a /etc/passwd",
            "ls -d /nope",
            "export LANG=x; env | grep -c LANG=x",
            "set -e; false; echo never",
            "trap 'echo bye' EXIT",
            "exec cat /etc/hostname",
            "exec >&2; echo moved",
            "f() { echo f; }; f",
            "echo 'a\nb' # comment",
            "command -v sh",
            "x=1; echo ${x}${y-unset}$#$0",
            "if",
            "echo 'open",
            "surely-no-such-tool",
            "printf half >&2; surely-no-such-tool",
            "sleep 0 & wait",
            "echo $$ > /dev/null",
        ]
    ),
)
texts = st.lists(st.lists(pieces, min_size=1, max_size=3).map("; ".join), min_size=1, max_size=30)


@pytest.fixture(scope="module")
def here() -> Iterator[Channel]:
    channel = local_channel("here")
    yield channel
    channel.close()


@settings(max_examples=60, deadline=None)
@given(commands=texts)
def test_a_batch_gives_the_same_answers_or_none(here: Channel, commands: list[str]) -> None:
    batch = here.submit_batch(commands, 20)
    alone = [here.submit(Command(text=text)) for text in commands]
    for text, cheap, ordinary in zip(commands, batch, alone, strict=True):
        error = cheap.exception(60)
        if error is None:
            assert cheap.result() == ordinary.result(60), text
        else:
            assert isinstance(error, NotVerifiedError), text


def test_well_behaved_commands_are_answered_and_not_refused(here: Channel) -> None:
    commands = [
        "stat -c %a /etc/passwd",
        "test -e /nope",
        "command -v surely-no-such-tool",
        "cat /proc/meminfo | head -1",
        "dpkg-query -f '${Status}' -W surely-no-such-package",
        "grep -qs -- root /etc/passwd",
        "ls -1 -q -- /etc 2>/dev/null",
        "uname -s && uname -m",
    ]
    assert all(future.exception(60) is None for future in here.submit_batch(commands * 10, 20))


@pytest.mark.parametrize(
    "text",
    [
        "sleep 1 &",
        "(echo late; sleep 1)& echo x",
        "echo $$",
        "echo ${PPID}",
        "kill 0",
        "echo $LINENO",
        "sudo -n id",
        "echo " + "x" * 50_000,
    ],
)
def test_what_could_answer_differently_is_not_sent(text: str) -> None:
    def refuse(command: Command) -> Future[Completed]:
        raise AssertionError(command.text)

    [future] = submit_in_chunks("web1", [text], 10, refuse)
    with pytest.raises(NotVerifiedError, match="web1: not clear in a batch"):
        future.result(0)


def answering(change: Callable[[bytes], bytes]) -> Any:
    """Return a sender whose shell answers as a real one would, and whose answer is then changed."""

    def send(command: Command) -> Future[Completed]:
        nonce = "".join(re.findall(r"so_w=(?:\$\{so_w\})?([0-9a-f]{16})", command.text)).encode()
        places = re.findall(r"so_e (\d+)$", command.text, re.MULTILINE)
        out = "".join(f"{place}@ 0 {place}\n" for place in places).encode().replace(b"@", nonce)
        err = "".join(f"@ {place}\n" for place in places).encode().replace(b"@", nonce)
        future = new_future()
        future.set_result(Completed(status=0, stdout=change(out), stderr=err))
        return future

    return send


def test_an_answer_is_taken_apart_in_order() -> None:
    futures = submit_in_chunks("web1", ["a", "b", "c"], 10, answering(lambda out: out))
    assert [future.result(0).stdout for future in futures] == [b"0", b"1", b"2"]


@pytest.mark.parametrize(
    "change",
    [
        lambda out: out[:-10],
        lambda out: out.replace(b" 0 1\n", b" 0 2\n"),
        lambda out: out.replace(b" 0 2\n", b" x 2\n"),
        lambda _: b"",
    ],
    ids=["cut", "out of order", "no status", "empty"],
)
def test_an_answer_that_is_not_whole_answers_nothing_wrongly(change: Callable[[bytes], bytes]) -> None:
    for place, future in enumerate(submit_in_chunks("web1", ["a", "b", "c"], 10, answering(change))):
        if future.exception(0) is None:
            assert future.result(0).stdout == str(place).encode()
        else:
            assert isinstance(future.exception(0), NotVerifiedError)
    last = submit_in_chunks("web1", ["a", "b", "c"], 10, answering(change))[2]
    assert isinstance(last.exception(0), NotVerifiedError)


def test_one_command_that_takes_too_long_costs_its_script_and_no_answer_is_wrong(here: Channel) -> None:
    futures = here.submit_batch(["echo first", "sleep 300", *(f"echo {number}" for number in range(80))], 5)
    assert isinstance(futures[1].exception(60), NotVerifiedError)
    assert futures[-1].result(60).stdout == b"79\n"
