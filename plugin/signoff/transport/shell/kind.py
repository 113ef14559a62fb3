"""What it takes to ask one program about many objects at once: the seam, and its plainest form, a line for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from signoff.transport.channel import Completed

Answers = Mapping[tuple[str, str], Completed]
"""Single answers by object and form."""
FOLDER = r"(?:(?:/usr)?/s?bin/)?"
OBJECT = re.compile(r"[A-Za-z0-9_/][A-Za-z0-9_./:@+,=-]*")
"""No pattern, no blank, nothing that a program could take for an option or would print in quotes."""


@dataclass(frozen=True, slots=True)
class Found:
    """A question that was recognised."""

    key: tuple[str, ...]
    """What must be the same for one process: the words of the command but for object and form."""
    operand: str
    """What the question is about."""
    form: str = ""
    """What it wants to know of it, where the program can be told."""


class Kind(Protocol):
    """One way of asking one program about many objects."""

    @property
    def guard(self) -> str:
        """Operator of `test`: what it does not hold of is asked about by itself, as the answer will be an error."""

    def recognise(self, words: Sequence[str]) -> Found | None:
        """Return what a command asks; None: it is none of this kind."""

    def words(self, key: tuple[str, ...], forms: Sequence[str], word: str) -> Sequence[str]:
        """Return the words before the objects; `word`, which nobody can guess, may divide the answer."""

    def read(self, operands: Sequence[str], forms: Sequence[str], word: bytes, answer: Completed) -> Answers:
        """Return what each command by itself would have answered, as far as that is beyond doubt."""


def said(text: bytes) -> Completed:
    """Return the answer of a command that found what it looked for."""
    return Completed(status=0, stdout=text, stderr=b"")


def is_clean(answer: Completed) -> bool:
    """Whether the command found everything."""
    return answer.status == 0 and not answer.stderr


def any_line(line: bytes, _operand: bytes) -> bytes | None:
    """Return any line that says something."""
    return line or None


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Exactly one line for each object, in their order: with status 0 none has fewer, so none has more."""

    pattern: str
    """Regular expression of the words before the object."""
    objects: re.Pattern[str] = OBJECT
    line: Callable[[bytes, bytes], bytes | None] = any_line
    """Takes line and object; returns the line of a single question, None: not what the program prints."""
    guard: str = ""
    without: str = ""
    """An option of single questions that is left out, so that each line says what it is about."""

    def recognise(self, words: Sequence[str]) -> Found | None:
        """Recognise a command by its words before the object."""
        *head, operand = words
        plain = not any(" " in word for word in head)
        fits = plain and re.fullmatch(rf"{FOLDER}(?:{self.pattern})(?: --)?", " ".join(head), re.ASCII)
        return Found(tuple(head), operand) if fits and self.objects.fullmatch(operand) else None

    def words(self, key: tuple[str, ...], _forms: Sequence[str], _word: str) -> Sequence[str]:
        """Return the command as it was, but for the option."""
        return [word for word in key if word != self.without]

    def read(self, operands: Sequence[str], _forms: Sequence[str], _word: bytes, answer: Completed) -> Answers:
        """Deal the lines out."""
        *lines, rest = answer.stdout.split(b"\n")
        if not is_clean(answer) or rest or len(lines) != len(operands):
            return {}
        single = {name: self.line(line, name.encode()) for name, line in zip(operands, lines, strict=True)}
        if None in single.values():
            return {}
        return {(name, ""): said(line + b"\n") for name, line in single.items() if line is not None}
