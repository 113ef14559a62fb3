"""Questions that one process can answer for many: put together, and taken apart only where that is beyond doubt.

`stat -c %a /etc` and `stat -c %U /usr` cost a host two processes, and need one. What comes back from it is told apart
by a word that nobody can guess, or by being exactly one line for each object. Whatever is not as expected answers
nothing, and the questions are asked by themselves.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from signoff.transport.shell.kind import Lines
from signoff.transport.shell.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from signoff.transport.channel import Completed
    from signoff.transport.shell.kind import Found, Kind

_WORDS = re.compile(r"[\w./-]+(?: (?:[\w./:=@%+,-]+|'[^'\n]*'))+", re.ASCII)
_CUT = re.compile(r" \| cut -d ?(?:'(.)'|(:)) -f ?([1-9])\Z")
_MOST = 40
"""Questions of one process."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question that may be put together with others."""

    text: str
    kind: Kind
    found: Found
    field: tuple[bytes, int] | None
    """Delimiter and number of the one field that a `cut` behind it leaves; None: all of it."""


@dataclass(frozen=True, slots=True)
class Member:
    """One question of a group."""

    place: int
    """Its place among all questions."""
    asks: Question


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that one process answers."""

    kind: Kind
    key: tuple[str, ...]
    members: Sequence[Member]

    def command(self, word: str) -> str:
        """Return the command but for what it is about; `word` may divide its answer."""
        return " ".join(map(_quoted, self.kind.words(self.key, self._forms(), word)))

    def by_object(self) -> Mapping[str, Sequence[Member]]:
        """Return the members by what they are about, in the order in which that is asked."""
        objects: dict[str, list[Member]] = {}
        for member in self.members:
            objects.setdefault(member.asks.found.operand, []).append(member)
        return objects

    def answers(self, word: str, completed: Completed, left: Iterable[int]) -> Mapping[int, Completed]:
        """Return by place what is certain, of the members at these places: about their objects alone it was asked."""
        places = frozenset(left)
        members = [member for member in self.members if member.place in places]
        operands = list(dict.fromkeys(member.asks.found.operand for member in members))
        found = self.kind.read(operands, self._forms(), word.encode(), completed)
        answers: dict[int, Completed] = {}
        for member in members:
            whole = found.get((member.asks.found.operand, member.asks.found.form))
            answer = _cut(whole, *member.asks.field) if whole and member.asks.field else whole
            if answer is not None:
                answers[member.place] = answer
        return answers

    def _forms(self) -> Sequence[str]:
        return list(dict.fromkeys(member.asks.found.form for member in self.members))


def put_together(texts: Mapping[int, str]) -> Sequence[Group]:
    """Return groups of two or more of these questions; what is in none is to be asked by itself."""
    found: dict[tuple[Kind, tuple[str, ...]], list[Member]] = {}
    for place, text in texts.items():
        if (question := _recognised(text)) is not None:
            found.setdefault((question.kind, question.found.key), []).append(Member(place, question))
    return [
        Group(kind, key, members[start : start + _MOST])
        for (kind, key), members in found.items()
        for start in range(0, len(members) - 1, _MOST)
    ]


@lru_cache(maxsize=4096)  # all hosts are asked the same
def _recognised(text: str) -> Question | None:
    cut = _CUT.search(text)
    plain = text[: cut.start()] if cut else text
    if not _WORDS.fullmatch(plain):
        return None
    words = shlex.split(plain)
    field = ((cut[1] or cut[2]).encode(), int(cut[3])) if cut else None
    for kind in KINDS:
        found = kind.recognise(words)
        if found is not None and (field is None or isinstance(kind, Lines)):
            return Question(text, kind, found, field)
    return None


def _cut(whole: Completed, delimiter: bytes, number: int) -> Completed | None:
    """Return what `cut` leaves of one line; None: it has no such field."""
    fields = whole.stdout.removesuffix(b"\n").split(delimiter)
    return replace(whole, stdout=fields[number - 1] + b"\n") if 1 < len(fields) >= number else None


def _quoted(word: str) -> str:
    return word if re.fullmatch(r"[\w./:=@%+,-]+", word, re.ASCII) else shlex.quote(word)
