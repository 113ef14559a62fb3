"""What is said to a shell on a host (far_side.sh), and how its answers are told apart: frames on both streams."""

from __future__ import annotations

import math
import secrets
import shlex
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError, TimedOutError
from signoff.transport.ahead.read_only import Nature, nature
from signoff.transport.ahead.shell_text import is_plain
from signoff.transport.channel import Completed

if TYPE_CHECKING:
    from signoff.transport.channel import Command

_KSH_SIGNAL = 256
_EARLY = 0.5
"""Seconds by which the answer before may have come late, and this one's time seem shorter than it was."""
_HEADER = 200
"""Longest header of a frame; a longer one is no header."""
_KILLED = frozenset({124, 137, 143})
"""What timeout(1) ends with after TERM and after KILL, and busybox's after TERM."""


class GarbledError(Exception):
    """What came back is no sequence of frames: the connection cannot be trusted any more."""


@cache
def _far_side() -> bytes:
    lines = files("signoff.transport.shell").joinpath("far_side.sh").read_text(encoding="ascii").splitlines()
    return "".join(f"{line.strip()}\n" for line in lines if line.strip() and not line.startswith("#")).encode()


class Wire:
    """The writing side of one shell: numbers commands and words them for the shell."""

    def __init__(self) -> None:
        self.nonce = secrets.token_hex(16)
        self._mark = secrets.token_hex(8)

    def prelude(self) -> bytes:
        """Return what the shell reads first; it answers by frame 0."""
        return _far_side().replace(b"@NONCE@", self.nonce.encode()).replace(b"@MARK@", self._mark.encode())

    def command(self, number: int, command: Command) -> bytes:
        """Return the line that runs the command by a shell of its own."""
        if command.secret:
            return self._line("so_secret", number, command, f"c{command.text}", command.secret)
        if nature(command.text) is Nature.APART and is_plain(command.text):
            # A shell of its own would be in the list of processes, and be found by what it was told to look for.
            return self._line("so_run", number, command, f"s({command.text})")
        return self._line("so_run", number, command, f"c{command.text}")

    def script(self, number: int, command: Command) -> bytes:
        """Return the line that runs the command's text in the shell that would start a command."""
        return self._line("so_run", number, command, f"s{command.text}")

    @staticmethod
    def _line(function: str, number: int, command: Command, *texts: str) -> bytes:
        limits = f"{command.limit:g} {max(1, math.ceil(command.limit))} {command.max_output + 1}"
        return f"{function} {number} {limits} {shlex.join(texts)}\n".encode()


@dataclass(frozen=True, slots=True)
class Frame:
    """One answer on one stream: what the command wrote, and the words of its end."""

    payload: bytes
    words: tuple[str, ...]


class FrameReader:
    """Cuts one stream into frames as it arrives; every byte is looked at once."""

    def __init__(self, nonce: str) -> None:
        self._nonce = nonce.encode()
        self._buffer = bytearray()
        self._seen = 0

    def __len__(self) -> int:
        """Return the bytes that belong to no complete frame yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that the data completes.

        Raises:
            GarbledError: the word is there and what follows is no header.
        """
        buffer, nonce = self._buffer, self._nonce
        buffer += data
        frames: list[Frame] = []
        while (start := buffer.find(nonce, self._seen)) >= 0:
            header = start + len(nonce)
            end = buffer.find(b"\n", header, header + _HEADER)
            if end < 0:
                if len(buffer) > header + _HEADER:
                    raise GarbledError(bytes(buffer[header : header + _HEADER]).decode(errors="replace"))
                self._seen = start
                return frames
            words = tuple(bytes(buffer[header:end]).decode(errors="replace").split())
            frames.append(Frame(bytes(buffer[:start]), words))
            del buffer[: end + 1]
            self._seen = 0
        self._seen = max(0, len(buffer) - len(nonce) + 1)
        return frames

    def rest(self) -> bytes:
        """Return what belongs to no complete frame, for messages."""
        return bytes(self._buffer)

    def forget(self, keep: int) -> None:
        """Drop all but the last bytes of what belongs to no frame."""
        if len(self._buffer) > keep:
            del self._buffer[:-keep]
            self._seen = 0


def exit_status(word: str) -> int:
    """Return a shell's `$?` as everybody else counts: ksh has 256 and the signal for what others call 128 and it."""
    status = int(word)
    return status if status < _KSH_SIGNAL else status - _KSH_SIGNAL + 128


def last_frame(nonce: str, stream: bytes, number: int) -> Frame:
    """Return the frame of that number from a whole stream, in whose middle the word may occur (a list of processes).

    Raises:
        GarbledError: the stream does not end with that frame.
    """
    head, _, rest = stream.partition(f"{nonce} 0".encode())
    body, word, header = (head if not number else rest.partition(b"\n")[2]).rpartition(nonce.encode())
    if not number:
        body, word, header = b"", stream[len(head) :][: len(nonce)], b" 0" + rest
    words = tuple(header.decode(errors="replace").split())
    if not word or words[:1] != (str(number),) or not header.endswith(b"\n"):
        raise GarbledError(header[:_HEADER].decode(errors="replace"))
    return Frame(body, words)


def judge(name: str, command: Command, stdout: Frame, stderr: Frame, elapsed: float) -> Completed:
    """Return what the command answered.

    Args:
        name: The host, for messages.
        command: What was asked.
        stdout: The frame on standard output; its words are number, status of the wrapper, status of the command.
        stderr: The frame on standard error.
        elapsed: Seconds between the answer before this one and this one.

    Raises:
        TimedOutError: it was ended at its limit.
        NotVerifiedError: more output than allowed, or it could not be started.
        GarbledError: the frame's words are not as they must be.
    """
    match stdout.words:
        case (_, wrapper, status) if wrapper.isdecimal() and status.isdecimal():
            own: int | None = exit_status(status)
        case (_, wrapper) if wrapper.isdecimal():
            own = None
        case _:
            raise GarbledError(" ".join(stdout.words))
    about = f"{name}: {command.text[:120]}"
    if max(len(stdout.payload), len(stderr.payload)) > command.max_output:
        raise NotVerifiedError(
            f"{about}: more than {command.max_output} bytes of output; ask for less (head, grep, tail)"
        )
    if int(wrapper) in _KILLED and elapsed >= command.limit - _EARLY:
        raise TimedOutError(f"{name}: {_ended(own, command)}: {command.text[:120]}")
    if own is None or int(wrapper) in _KILLED:
        said = stderr.payload.decode(errors="replace").strip()[:200]
        raise NotVerifiedError(f"{about}: could not be run to its end on the host: {said or f'status {wrapper}'}")
    return Completed(status=own, stdout=stdout.payload, stderr=stderr.payload)


def _ended(own: int | None, command: Command) -> str:
    if own is not None:
        return f"ended, but left a process that kept its output open for {command.limit:g} s"
    return f"not done within {command.limit:g} s"
