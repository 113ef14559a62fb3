"""What a service answered, and the sentence in it that a person needs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signoff.reports.plaintext import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LIMIT = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """One answer; `sent` is false for what a dry run only showed."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    sent: bool = True

    def header(self, name: str) -> str:
        """Return a header's value, or an empty text."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")


def explain(reply: Reply) -> str:
    """Return what the service says about its refusal, in one bounded line; nothing of a page for browsers."""
    try:
        said = json.loads(reply.body)
    except ValueError:
        text = reply.body.decode("utf-8", "replace")
        return "" if "<" in text else one_line(text, _LIMIT)
    return one_line("; ".join(dict.fromkeys(_sentences(said))), _LIMIT)


def _sentences(said: Any) -> Iterator[str]:
    """Yield the texts under the names that vendors use: message, errorMessages, errors, title, detail, error."""
    if isinstance(said, str):
        yield said
    elif isinstance(said, list):
        for each in said:
            yield from _sentences(each)
    elif isinstance(said, dict):
        for key in ("message", "errorMessages", "title", "detail", "error", "data"):
            yield from _sentences(said.get(key))
        errors = said.get("errors")
        if isinstance(errors, dict):
            yield from (f"{field}: {text}" for field, text in errors.items() if isinstance(text, str))
        else:
            yield from _sentences(errors)
