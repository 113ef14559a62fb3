"""Shell text split into its simple commands, as far as that can be told for certain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# What is not named here (expansions, patterns, escapes, other redirections, background jobs) is refused as a whole.
_TOKEN = re.compile(
    r"""
    (?P<blank>[ \t]+)
    | (?P<end>\|\||&&|[|;\n])
    | (?P<silence>(?:2>&1|[12]?>[ ]?/dev/null|<[ ]?/dev/null)(?=[\s;|&]|\Z))
    | (?P<word>(?:[A-Za-z0-9_@%+=:,./-]+|'[^']*'|"[^"$`\\!]*")+)
    | (?P<brace>[{}](?=[\s;|&]|\Z))
    """,
    re.VERBOSE,
)
WORD = r"(?:[\w./:=@%+,-]+|'[^'\n]*')"
"""Regular expression of a word that a shell takes as it stands."""
_PLAIN = re.compile(
    r"(?!(?:if|then|else|elif|fi|do|done|case|esac|while|until|for|function|select|time)\b)"
    rf"[\w./-]+(?: +{WORD})*"
)
_PIECE = re.compile(r"'([^']*)'|\"([^\"]*)\"|([^'\"]+)")
_SETTINGS = frozenset({"LC_ALL=C", "LANG=C"})
"""Assignments before a command that change nothing but the language of what it says."""


def is_plain(text: str) -> bool:
    """Whether the text is a program and its words: nothing in it can be a mistake in a shell's grammar."""
    return bool(_PLAIN.fullmatch(text))


def simple_commands(text: str) -> Sequence[Sequence[str]] | None:
    """Return the words of every command that the text may run; None: it holds something that is not understood.

    Commands may be joined by pipes, `&&`, `||`, `;` and newlines, and grouped by braces; output may go to /dev/null.
    """
    commands: list[list[str]] = [[]]
    for token in _tokens(text):
        if token is None:
            return None
        kind, value = token
        if kind == "end":
            commands.append([])
        elif kind == "word":
            commands[-1].append(value)
        elif kind == "brace" and commands[-1]:
            commands[-1].append(value)  # not where a command starts, so a word like any other
    found = [_without_settings(words) for words in commands if words]
    return found if found and all(found) else None


def _tokens(text: str) -> Iterator[tuple[str, str] | None]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            yield None
            return
        kind, value = str(match.lastgroup), match.group()
        if kind == "word":
            value = "".join("".join(piece.groups(default="")) for piece in _PIECE.finditer(value))
        yield kind, value
        position = match.end()


def _without_settings(words: list[str]) -> list[str]:
    first = next((number for number, word in enumerate(words) if word not in _SETTINGS), len(words))
    return words[first:]
