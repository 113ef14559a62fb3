"""Many read-only commands as few scripts: one subshell each in place of a shell, a time limit and pipes of their own.

Only for commands known to be well-behaved. Whatever could answer differently here than by itself is refused, and
asked again in the ordinary way.
"""

from __future__ import annotations

import re
import secrets
import shlex
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError, TimedOutError
from signoff.transport.channel import MAX_COMMAND, Command, Completed, new_future
from signoff.transport.shell.wire import Frame, FrameReader, GarbledError, exit_status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

_COMMANDS = 24
"""Commands of one script: a broken one spoils the rest of its script only."""
_BYTES = 24_000
"""Bytes of one script, unless a single command is longer."""
_UNSUITABLE = re.compile(r"(?<![&>])&(?![&>\d])|\$\$|\$PPID|\$\{PPID|LINENO|\bkill\b|\bsudo\b|\0")
"""Background children (their output comes late), the shell's own number, and what could end the whole script."""
_PLAIN = re.compile(
    r"(?!(?:if|then|else|elif|fi|do|done|case|esac|while|until|for|function|select|time)\b)"
    r"[\w./-]+(?: +(?:[\w./:=@%+,-]+|'[^'\n]*'))*"
)
"""A program and its words: nothing in it can be a mistake in the script's grammar, so it needs no `eval`."""
_SHELL_SPEAKS = re.compile(rb"^(?:/bin/)?sh: ", re.MULTILINE)
"""Words of the shell itself: a subshell words and numbers them differently."""


def submit_in_chunks(
    name: str, texts: Sequence[str], limit: float, send: Callable[[Command], Future[Completed]]
) -> list[Future[Completed]]:
    """Return one future per text; `send` takes a script for the standard input of one shell."""
    futures: list[Future[Completed]] = [new_future() for _ in texts]
    chunk: list[tuple[str, Future[Completed]]] = []
    size = 0
    for text, future in zip(texts, futures, strict=True):
        if len(text) > _BYTES or _UNSUITABLE.search(text):
            future.set_exception(_unclear(name, text))
            continue
        if chunk and (len(chunk) == _COMMANDS or size + len(text) > _BYTES):
            _send_chunk(name, chunk, limit, send)
            chunk, size = [], 0
        chunk.append((text, future))
        size += len(text)
    if chunk:
        _send_chunk(name, chunk, limit, send)
    return futures


def _send_chunk(
    name: str,
    chunk: list[tuple[str, Future[Completed]]],
    limit: float,
    send: Callable[[Command], Future[Completed]],
) -> None:
    nonce = secrets.token_hex(16)
    lines = [f"so_e() {{ printf '{nonce} %s %s\\n' $? $1; printf '{nonce} %s\\n' $1 >&2; }}"]
    lines += [f"({_in_script(text)}) </dev/null; so_e {place}" for place, (text, _) in enumerate(chunk)]
    script = "\n".join(lines)
    if len(script.encode()) > MAX_COMMAND:
        for text, future in chunk:
            future.set_exception(_unclear(name, text))
        return
    answer = send(Command(text=script, limit=limit, read_only=True))
    answer.add_done_callback(lambda done: _deal_out(name, nonce, chunk, done))


def _in_script(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else f"eval {shlex.quote(text)}"


def _deal_out(name: str, nonce: str, chunk: list[tuple[str, Future[Completed]]], done: Future[Completed]) -> None:
    error = done.exception()
    if error is not None:
        alone = isinstance(error, (NotVerifiedError, TimedOutError))  # by itself, the one that caused it is found
        for text, future in chunk:
            future.set_exception(_unclear(name, text) if alone else error)
        return
    completed = done.result()
    try:
        frames = [FrameReader(nonce).feed(stream) for stream in (completed.stdout, completed.stderr)]
        answers = [_answer(place, *pair) for place, pair in enumerate(zip(*frames, strict=False))]
    except GarbledError:
        answers = []
    answers += [None] * (len(chunk) - len(answers))
    for (text, future), answer in zip(chunk, answers, strict=False):
        if answer is None:
            future.set_exception(_unclear(name, text))
        else:
            future.set_result(answer)


def _answer(place: int, stdout: Frame, stderr: Frame) -> Completed | None:
    if stdout.words[1:] != (str(place),) or stderr.words != (str(place),) or not stdout.words[0].isdecimal():
        raise GarbledError(" ".join(stdout.words))
    if _SHELL_SPEAKS.search(stderr.payload):
        return None
    return Completed(status=exit_status(stdout.words[0]), stdout=stdout.payload, stderr=stderr.payload)


def _unclear(name: str, text: str) -> NotVerifiedError:
    return NotVerifiedError(f"{name}: not clear in a batch; ask by itself: {text[:120]}")
