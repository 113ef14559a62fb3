"""Take secrets out of text before it is stored or shown, and prove afterwards that none is left."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
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

    def leaks(self, paths: Iterable[Path]) -> list[Path]:
        """Return those of the files that contain a known secret value of at least `MIN_CANARY` characters."""
        canaries = self._canaries
        if canaries is None:
            return []
        return [path for path in paths if path.is_file() and canaries.search(path.read_text("utf-8", "replace"))]


def _any_of(secrets: Iterable[str]) -> re.Pattern[str] | None:
    forms = {form for secret in secrets for form in _forms(secret)}
    return re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True)))) if forms else None


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
