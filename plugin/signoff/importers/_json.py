"""Reading JSON that somebody else wrote: each wrong shape is named by its place, and is never a pass."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from signoff.errors import SignoffError

T = TypeVar("T")
_NO_RESPONSE_TIME = 1e9
"""Milliseconds: more than eleven days."""


class Node:
    """A value in a JSON document that knows where it stands, so that every complaint can say so."""

    __slots__ = ("_error", "_kind", "_path", "value")

    def __init__(self, value: Any, *, kind: str, path: str = "$", error: type[SignoffError] = NotVerifiedError) -> None:
        self.value = value
        self._kind = kind
        self._path = path
        self._error = error

    @classmethod
    def parse(cls, text: bytes | str, *, kind: str, error: type[SignoffError] = NotVerifiedError) -> Node:
        """Return the document's root; `kind` names the sort of report in messages.

        Raises:
            NotVerifiedError, or what `error` says: no JSON, or an object with one key twice.
        """
        try:
            value = json.loads(text, object_pairs_hook=_object)
        except (ValueError, RecursionError) as wrong:
            raise error(f"{kind}: not a JSON document: {wrong}; it may be truncated") from wrong
        return cls(value, kind=kind, error=error)

    def __contains__(self, key: str) -> bool:
        """Whether this is an object with the key and a value other than null; an absent one has none."""
        return self.at(key).value is not None

    def at(self, key: str) -> Node:
        """Return the member; an absent one holds None, as every member of an absent object does."""
        value = None if self.value is None else self.expect(dict, "an object").get(key)
        return self._child(value, f".{key}")

    def items(self) -> list[Node]:
        """Return the elements of a list that must be there."""
        return [self._child(value, f"[{index}]") for index, value in enumerate(self.expect(list, "a list"))]

    def some(self, key: str) -> list[Node]:
        """Return the elements of a list that may be absent."""
        return self.at(key).items() if key in self else []

    def members(self) -> dict[str, Node]:
        """Return the members of an object that must be there."""
        return {key: self.at(key) for key in self.expect(dict, "an object")}

    def text(self, default: str | None = None) -> str:
        """Return a string; the default stands for an absent one."""
        return default if default is not None and self.value is None else self.expect(str, "a text")

    def count(self) -> int:
        """Return a whole number that is not negative."""
        number = self.expect(int, "a whole number")
        if isinstance(number, bool) or number < 0:
            raise self.wrong("a whole number, 0 or more")
        return number

    def seconds(self) -> float:
        """Return a number that is not negative and not beyond all numbers, as 1e999 is."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.wrong("a number of seconds")
        if not 0 <= self.value <= sys.float_info.max:
            raise self.wrong("a number of seconds")
        return float(self.value)

    def response_seconds(self) -> float:
        """Return how long an answer took, in seconds; it is written in milliseconds."""
        milliseconds = self.seconds()
        if milliseconds > _NO_RESPONSE_TIME:
            raise self.wrong("milliseconds")
        return milliseconds / 1000

    def choice(self, words: Mapping[str, T]) -> T:
        """Return what the word stands for, in whatever case it is written."""
        word = self.text().lower()
        if word not in words:
            raise self.wrong(f"one of {', '.join(sorted(words))}")
        return words[word]

    def flag(self) -> bool:
        """Return true or false; nothing else counts as either."""
        return self.expect(bool, "true or false")

    def instant(self, timezone: tzinfo | None = None) -> datetime:
        """Return an ISO 8601 instant as UTC; without an offset it is one of the time zone, if there is one."""
        try:
            instant = datetime.fromisoformat(self.text())
            if instant.tzinfo is None and timezone is None:
                raise self.wrong("an instant with an offset, such as 2026-11-22T09:00:00Z")
            return (instant if instant.tzinfo else instant.replace(tzinfo=timezone)).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise self.wrong("an ISO 8601 instant") from error

    def expect(self, wanted: type[T], words: str) -> T:
        """Return the value if it is of the type, else raise."""
        if not isinstance(self.value, wanted):
            raise self.wrong(words)
        return self.value

    def wrong(self, words: str) -> SignoffError:
        """Return the error that says what should stand here."""
        found = "nothing" if self.value is None else type(self.value).__name__
        return self._error(f"{self._kind}: {self._path}: expected {words}, found {found}; import a complete report")

    def refuse(self, why: str) -> SignoffError:
        """Return the error that says why this place proves nothing."""
        return self._error(f"{self._kind}: {self._path}: {why}")

    def empty(self) -> Node:
        """Return an object without members at this place."""
        return self._child({}, "")

    def _child(self, value: Any, step: str) -> Node:
        return Node(value, kind=self._kind, path=f"{self._path}{step}", error=self._error)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        # The last one would silently win: a way to hide what stands in the first.
        raise ValueError("an object has one key twice")
    return found
