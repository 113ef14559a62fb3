"""Programs that run inside a page, and how their answers are read."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from signoff.probes.browser.model import Layout, Loading, Small, Wide

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def source(name: str) -> str:
    """Return a program's source."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def layout(answer: Mapping[str, Any]) -> Layout:
    """Return what the layout program found."""
    return Layout(
        overflow=float(answer["overflow"]),
        wide=tuple(Wide(element=one["element"], beyond=float(one["beyond"])) for one in answer["wide"]),
        viewport=str(answer["viewport"]),
        targets=int(answer["targets"]),
        small=tuple(
            Small(element=one["element"], width=float(one["width"]), height=float(one["height"]))
            for one in answer["small"]
        ),
    )


def loading(answer: Mapping[str, Any]) -> Loading:
    """Return what the loading program found."""
    paint = answer["paint"]
    return Loading(
        largest_paint=None if paint is None else float(paint) / 1000,
        shift=float(answer["shift"]),
        first_byte=float(answer["firstByte"]) / 1000,
        handles_input=bool(answer["handlesInput"]),
    )
