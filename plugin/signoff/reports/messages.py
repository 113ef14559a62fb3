"""Every sentence a report says, in Korean and English, from one catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, TypeAlias, cast

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.model import Language, Text

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same rules in C, where PyYAML has it: every run waits for this file."""
Sentence: TypeAlias = "str | Mapping[str, str]"
"""One text, or `{one: …, other: …}` chosen by the parameter `n`."""


@cache
def catalogue() -> Mapping[str, Mapping[Language, Sentence]]:
    """Return the whole catalogue: message key to language to sentence."""
    text = resources.files("signoff.reports").joinpath("catalogue.yaml").read_text(encoding="utf-8")
    return cast("Mapping[str, Mapping[Language, Sentence]]", yaml.load(text, _LOADER))  # noqa: S506 - a safe one, of our own file


@dataclass(frozen=True, slots=True)
class Messages:
    """The catalogue in one language; call it with a key and the sentence's parameters."""

    language: Language

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the sentence; KeyError if the catalogue lacks the key or the call lacks a parameter."""
        sentence = catalogue()[key][self.language]
        if not isinstance(sentence, str):
            sentence = sentence["one" if values["n"] == 1 else "other"]
        return sentence.format_map(values)

    def name(self, kind: str, key: str) -> str:
        """Return the catalogue's name of a key that may come from outside, or the key itself if it has none."""
        entry = catalogue().get(f"{kind}.{key}")
        return self(f"{kind}.{key}") if entry else key

    def text(self, text: Text) -> str:
        """Return a bilingual text in this language."""
        return text.get(self.language)
