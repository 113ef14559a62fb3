"""Takes secrets out of what a report is made from: in the finished text, escapes and quotes would hide them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from signoff.model import Item

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
_NAMES = frozenset({"area", "check", "item", "key", "section"})
"""Fields that hold names of the checklist: it is no secret, and a masked name would drop an item from an export."""


def redacted(value: T, redact: Callable[[str], str]) -> T:
    """Return the value with every text in it redacted, but for the checklist's own names."""
    return _redacted(value, cache(redact))  # type: ignore[no-any-return]  # of the same type as what came in


def _redacted(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, Enum):  # a machine name, though it is a text too
        return value
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, (tuple, frozenset)):
        return type(value)(_redacted(each, redact) for each in value)
    if isinstance(value, dict):
        return {key: _redacted(each, redact) for key, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{name: _redacted(each, redact) for name, each in _open_fields(value)})
    return value


def _open_fields(value: Any) -> list[tuple[str, Any]]:
    kept = _NAMES | {"id"} if isinstance(value, Item) else _NAMES
    found = [(field.name, getattr(value, field.name)) for field in fields(value)]
    return [(name, each) for name, each in found if name not in kept or not isinstance(each, str)]
