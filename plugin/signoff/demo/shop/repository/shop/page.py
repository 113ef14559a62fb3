"""The page that people see: plain HTML, readable on any screen and by any reader."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .database import Row

PRODUCTS = 12
_FOLDER = Path(__file__).resolve().parent


def render(products: Iterable[Row]) -> str:
    """Return the page with these products."""
    template = (_FOLDER / "page.html").read_text(encoding="utf-8")
    return template.replace("{products}", "\n".join(_product(product) for product in products))


def style() -> str:
    """Return the page's style sheet."""
    return (_FOLDER / "style.css").read_text(encoding="utf-8")


def _product(product: Row) -> str:
    return f"<li><h3>{escape(product['name'])}</h3><p>{product['price_krw']:,} KRW</p></li>"
