"""Take secrets out of text before it is stored or shown, and prove afterwards that none is left."""

from __future__ import annotations

import html
import json
import re
from itertools import groupby
from operator import itemgetter
from os.path import commonprefix
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

MASK = "[redacted]"
MIN_SECRET = 4
"""Shorter values would mask half of every sentence; the policy's authors are told so by `signoff lint`."""
MIN_CANARY = 8
"""A shorter value may well be an ordinary word of the checklist: finding it in a report proves no leak."""

_PATTERNS = (
    re.compile(r"(?P<keep>://[^/\s:@]+:)[^/\s@]+(?=@)"),
    re.compile(
        r"(?i)(?P<keep>\b(?:password|passwd|pwd|secret|token|api[_-]?key|authorization|cookie)[\"']?\s*[:=]\s*"
        r"(?:bearer\s+|basic\s+)?[\"']?)[^\s\"',;&]{4,}",
    ),
    re.compile(r"(?P<keep>-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(?=-----END|\Z)"),
)


class Redactor:
    """Masks the known secret values of an environment, and whatever looks like a credential."""

    def __init__(self, secrets: Collection[str]) -> None:
        self._known = _any_of(value for value in secrets if len(value) >= MIN_SECRET)
        self._canaries = _any_of(value for value in secrets if len(value) >= MIN_CANARY)

    def __call__(self, text: str) -> str:
        """Return the text with every secret replaced by a mask."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        for pattern in _PATTERNS:
            text = pattern.sub(lambda match: match["keep"] + MASK, text)
        return text

    def betrays(self, text: str) -> bool:
        """Whether the text contains a known secret value of at least `MIN_CANARY` characters."""
        return self._canaries is not None and self._canaries.search(text) is not None

    def leaks(self, paths: Iterable[Path]) -> list[Path]:
        """Return those of the files that contain a known secret value of at least `MIN_CANARY` characters."""
        canaries = self._canaries
        if canaries is None:
            return []
        return [path for path in paths if path.is_file() and canaries.search(path.read_text("utf-8", "replace"))]


def _any_of(secrets: Iterable[str]) -> re.Pattern[str] | None:
    forms = {form for secret in secrets for form in _forms(secret)}
    return re.compile(_alternatives(sorted(forms))) if forms else None


def _alternatives(words: Sequence[str]) -> str:
    """Return an expression that matches the longest of the words.

    What they have in common is written once: a plain list of thousands of passwords would be tried word by word, at
    every letter of every text.
    """
    if len(words) == 1:
        return re.escape(words[0])
    common = commonprefix(words)  # noqa: RUF071 - letter by letter is what is wanted
    rests = [word[len(common) :] for word in words]
    branches = [_alternatives(list(group)) for _, group in groupby(filter(None, rests), key=itemgetter(0))]
    return f"{re.escape(common)}(?:{'|'.join(branches)}){'?' if '' in rests else ''}"


def _forms(secret: str) -> set[str]:
    """Return the secret as it stands in messages, JSON, HTML and URLs: escaping it does not hide it."""
    return {
        secret,
        repr(secret)[1:-1],
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        html.escape(secret),
        quote(secret, safe=""),
    }
