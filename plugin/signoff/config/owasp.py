"""The OWASP Top 10 as a policy uses it: the edition's categories, and which of them are left to people."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

import yaml
from pydantic import Field

from signoff.config.kinds.base import Strict
from signoff.config.yamlfile import did_you_mean
from signoff.model import Text, WeaknessCategory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from signoff.config.yamlfile import Document

_TABLE = "owasp_top_ten.yaml"


class OwaspFile(Strict):
    """Which edition is judged, and which categories only people can judge here."""

    edition: Literal["2021", "2025"] = "2025"
    attested: tuple[str, ...] | None = Field(
        default=None, description="Categories that the item's attestation covers; by default the edition's design one."
    )


def categories(chosen: OwaspFile) -> tuple[WeaknessCategory, ...]:
    """Return the edition's categories in their order."""
    return tuple(
        WeaknessCategory(
            key=key,
            title=Text(ko=entry["ko"], en=entry["en"]),
            cwes=frozenset(entry["cwes"]),
            by_people=bool(entry.get("by_people")) if chosen.attested is None else key in chosen.attested,
        )
        for key, entry in _table()[chosen.edition].items()
    )


def check_categories(document: Document, chosen: OwaspFile) -> None:
    """Note categories that the edition does not have."""
    known: Sequence[str] = tuple(_table()[chosen.edition])
    for index, key in enumerate(chosen.attested or ()):
        if key not in known:
            hint = did_you_mean(key, known) or f"the edition of {chosen.edition} has {', '.join(known)}"
            document.add(("owasp", "attested", index), f"unknown category {key!r}", hint)


@cache
def _table() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    text = files("signoff.config").joinpath(_TABLE).read_text(encoding="utf-8")
    editions: Mapping[str, Mapping[str, Mapping[str, Any]]] = yaml.safe_load(text)["editions"]
    return editions
