"""Reading JSON that somebody else wrote: each wrong shape is named by its place, and is never a pass."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, TypeVar

from signoff.errors import NotVerifiedError

T = TypeVar("T")


class Node:
    """A value in a JSON document that knows where it stands, so that every complaint can say so."""

    __slots__ = ("_kind", "_path", "value")

    def __init__(self, value: Any, *, kind: str, path: str = "$") -> None:
        self.value = value
        self._kind = kind
        self._path = path

    @classmethod
    def parse(cls, text: bytes | str, *, kind: str) -> Node:
        """Return the document's root.

        Raises:
            NotVerifiedError: no JSON; `kind` names the sort of report in the message.
        """
        try:
            return cls(json.loads(text), kind=kind)
        except (ValueError, RecursionError) as error:
            raise NotVerifiedError(f"{kind}: not a JSON document: {error}; it may be truncated") from error

    def __contains__(self, key: str) -> bool:
        """Whether this is an object with the key and a value other than null."""
        return isinstance(self.value, dict) and self.value.get(key) is not None

    def at(self, key: str) -> Node:
        """Return the member; an absent one holds None."""
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return Node(value, kind=self._kind, path=f"{self._path}.{key}")

    def items(self) -> list[Node]:
        """Return the elements of a list that must be there."""
        return [
            Node(value, kind=self._kind, path=f"{self._path}[{index}]")
            for index, value in enumerate(self.expect(list, "a list"))
        ]

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
        """Return a number that is not negative."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float) or not self.value >= 0:
            raise self.wrong("a number of seconds")
        return float(self.value)

    def flag(self) -> bool:
        """Return true or false; nothing else counts as either."""
        return self.expect(bool, "true or false")

    def instant(self) -> datetime:
        """Return an ISO 8601 instant with an offset, as UTC."""
        try:
            instant = datetime.fromisoformat(self.text())
        except ValueError as error:
            raise self.wrong("an ISO 8601 instant") from error
        if instant.tzinfo is None:
            raise self.wrong("an instant with an offset, such as 2026-11-22T09:00:00Z")
        return instant.astimezone(UTC)

    def expect(self, wanted: type[T], words: str) -> T:
        """Return the value if it is of the type, else raise."""
        if not isinstance(self.value, wanted):
            raise self.wrong(words)
        return self.value

    def wrong(self, words: str) -> NotVerifiedError:
        """Return the error that says what should stand here."""
        found = "nothing" if self.value is None else type(self.value).__name__
        return NotVerifiedError(
            f"{self._kind}: {self._path}: expected {words}, found {found}; import a complete report"
        )
