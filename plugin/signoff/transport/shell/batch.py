"""Many read-only commands as few scripts, in the cheapest form in which each of them answers as it does by itself.

What one process can answer for many is put together (`together`); what a shell knows without any process is asked
without one; any other program costs one process, in place of a shell, a time limit and pipes of its own. Only for
commands known to be well-behaved. Whatever could answer differently here than by itself is refused, and asked again in
the ordinary way.
"""

from __future__ import annotations

import re
import secrets
import shlex
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError, TimedOutError
from signoff.transport.ahead.read_only import Nature, nature
from signoff.transport.ahead.shell_text import WORD, is_plain
from signoff.transport.channel import MAX_COMMAND, Command, Completed, new_future
from signoff.transport.shell.together import Group, put_together
from signoff.transport.shell.wire import FrameReader, GarbledError, exit_status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from concurrent.futures import Future

_COMMANDS = 64
"""Commands of one script: a broken one spoils the rest of its script only."""
_BYTES = 24_000
"""Bytes of one script, unless a single command is longer."""
_UNSUITABLE = re.compile(r"(?<![&>])&(?![&>\d])|\$\$|\$PPID|\$\{PPID|LINENO|\bkill\b|\bsudo\b|\bso_|\0")
"""Background children (their output comes late), the shell's own number and names, and what could end the script."""
_OF_THE_SHELL = re.compile(rf"test -[bcdefghLnprsSuwxz] {WORD}|command -v {WORD}")
"""What the shell of the script knows by itself, and may be asked without a subshell: it changes nothing in it."""
_SHELL_SPEAKS = re.compile(rb"sh(?:\[\d+\])?:")
"""Words of the shell itself: a subshell words and numbers them differently."""


def submit_in_chunks(
    name: str, texts: Sequence[str], limit: float, send: Callable[[Command], Future[Completed]]
) -> list[Future[Completed]]:
    """Return one future per text; `send` takes a script that one shell runs."""
    futures: list[Future[Completed]] = [new_future() for _ in texts]
    suitable = {}
    for place, text in enumerate(texts):
        if _is_suitable(text):
            suitable[place] = text
        else:
            futures[place].set_exception(_unclear(name, text))
    batch = _Batch(name=name, texts=texts, limit=limit, send=send, futures=futures)
    groups = put_together(suitable)
    together = {member.place for group in groups for member in group.members}
    batch.ask([batch.part_of(group) for group in groups] + batch.alone(suitable.keys() - together))
    return futures


@dataclass(frozen=True, slots=True)
class _Part:
    """Lines of a script, and the questions that they answer."""

    text: str
    places: Sequence[int]
    group: Group | None = None


@dataclass(frozen=True, kw_only=True)
class _Batch:
    name: str
    texts: Sequence[str]
    limit: float
    send: Callable[[Command], Future[Completed]]
    futures: Sequence[Future[Completed]]
    word: str = field(default_factory=lambda: secrets.token_hex(16))
    """Divides what one process says about many."""

    def alone(self, places: Iterable[int]) -> list[_Part]:
        """Return the parts that ask each question by itself."""
        return [_Part(_line(place, self.texts[place]), [place]) for place in sorted(places)]

    def part_of(self, group: Group) -> _Part:
        """Return the part that asks a group; what its process would stumble over is asked singly there and then."""
        command, ending = group.command(self.word), f"so_e g{group.members[0].place}"
        places = [member.place for member in group.members]
        if not group.kind.guard:
            return _Part(f"{command} {' '.join(group.by_object())}; {ending}", places, group)
        lines = ["set --"]
        for name, members in group.by_object().items():
            singly = "; ".join(_line(member.place, member.asks.text) for member in members)
            lines.append(f'if [ {group.kind.guard} {name} ]; then set -- "$@" {name}; else {singly}; fi')
        lines += [f'[ $# = 0 ] || {{ {command} "$@"; {ending}; }}', "set --"]
        return _Part("\n".join(lines), places, group)

    def ask(self, parts: Sequence[_Part]) -> None:
        """Send the parts in scripts that are not too long."""
        chunk: list[_Part] = []
        asked = size = 0
        for part in parts:
            if chunk and (asked + len(part.places) > _COMMANDS or size + len(part.text) > _BYTES):
                self._send(chunk)
                chunk, asked, size = [], 0, 0
            chunk.append(part)
            asked += len(part.places)
            size += len(part.text)
        if chunk:
            self._send(chunk)

    def _send(self, parts: Sequence[_Part]) -> None:
        nonce = secrets.token_hex(16)
        # In two halves: whoever lists environments sees the script, and must not be taken for an end.
        lines = [f"so_w={nonce[:16]}; so_w=${{so_w}}{nonce[16:]}"]
        lines += ['so_e() { echo "$so_w $? $1"; echo "$so_w $1" >&2; }', *(part.text for part in parts)]
        script = "\n".join(lines)
        if len(script.encode()) > MAX_COMMAND:
            self._refuse(place for part in parts for place in part.places)
            return
        answer = self.send(Command(text=script, limit=self.limit, read_only=True))
        answer.add_done_callback(lambda done: self._deal_out(nonce, parts, done))

    def _deal_out(self, nonce: str, parts: Sequence[_Part], done: Future[Completed]) -> None:
        error = done.exception()
        if isinstance(error, (NotVerifiedError, TimedOutError)):  # by itself, the one that caused it is found
            self._refuse(place for part in parts for place in part.places)
            return
        if error is not None:
            for part in parts:
                for place in part.places:
                    self.futures[place].set_exception(error)
            return
        frames = _frames(nonce, done.result(), parts)
        again: list[int] = []
        for part in parts:
            singly = {place: frames[str(place)] for place in part.places if str(place) in frames}
            left = [place for place in part.places if place not in singly]
            whole = frames.get(f"g{part.places[0]}") if part.group else None
            answers = part.group.answers(self.word, whole, left) if part.group and whole and left else {}
            for place, answer in {**singly, **answers}.items():
                self._settle(place, answer)
            unclear = [place for place in left if place not in answers]
            if part.group:
                again += unclear
            else:
                self._refuse(unclear)
        self.ask(self.alone(again))

    def _settle(self, place: int, answer: Completed) -> None:
        words_of_the_shell = _OF_THE_SHELL.fullmatch(self.texts[place]) and answer.stderr
        if words_of_the_shell or _SHELL_SPEAKS.search(answer.stderr):
            self._refuse([place])
        else:
            self.futures[place].set_result(answer)

    def _refuse(self, places: Iterable[int]) -> None:
        for place in places:
            self.futures[place].set_exception(_unclear(self.name, self.texts[place]))


@lru_cache(maxsize=4096)  # all hosts are asked the same
def _is_suitable(text: str) -> bool:
    return len(text) <= _BYTES and not _UNSUITABLE.search(text)


def _line(place: int, text: str) -> str:
    return f"{_cheapest(text)}; so_e {place}"


@lru_cache(maxsize=4096)
def _cheapest(text: str) -> str:
    """Return the text as a command of the script, which no text can change for those behind it."""
    if _OF_THE_SHELL.fullmatch(text):
        return text
    if not is_plain(text):
        alone = nature(text) is Nature.APART  # it sees the list of processes: that must be the one that it always sees
        return f"""({'exec "$so_sh" -c' if alone else "eval"} {shlex.quote(text)})"""
    return text if nature(text) is Nature.STEADY else f"({text})"


def _frames(nonce: str, completed: Completed, parts: Sequence[_Part]) -> Mapping[str, Completed]:
    """Return what came back, by the word that names it; nothing if any of it is not as it must be."""
    names = {str(place) for part in parts for place in part.places} | {f"g{part.places[0]}" for part in parts}
    found: dict[str, Completed] = {}
    try:
        answers, errors = (FrameReader(nonce).feed(stream) for stream in (completed.stdout, completed.stderr))
    except GarbledError:
        return {}
    for stdout, stderr in zip(answers, errors, strict=False):
        match stdout.words, stderr.words:
            case (status, name), (again,) if name == again and status.isdecimal() and name in names - found.keys():
                found[name] = Completed(status=exit_status(status), stdout=stdout.payload, stderr=stderr.payload)
            case _:
                return {}
    return found


def _unclear(name: str, text: str) -> NotVerifiedError:
    return NotVerifiedError(f"{name}: not clear in a batch; ask by itself: {text[:120]}")
