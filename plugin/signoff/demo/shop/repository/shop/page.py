"""The page that people see: plain HTML, readable on any screen and by any reader."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .database import Row

PRODUCTS = 12

STYLE = """\
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; }
ul { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); }
ul { list-style: none; padding: 0; }
li { border: 1px solid; border-radius: .5rem; padding: 1rem; }
a { display: inline-block; min-height: 1.5rem; }
"""

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="A small shop.">
<title>Shop</title>
<link rel="stylesheet" href="/static/style.css">
</head>
<body>
<header><h1>Shop</h1></header>
<main>
<h2>Products</h2>
<ul>
{products}
</ul>
</main>
<footer><p><a href="/openapi.json">API document</a></p></footer>
</body>
</html>
"""


def render(products: Iterable[Row]) -> str:
    """Return the page with these products."""
    return _PAGE.format(products="\n".join(_product(product) for product in products))


def _product(product: Row) -> str:
    return f"<li><h3>{escape(product['name'])}</h3><p>{product['price_krw']:,} KRW</p></li>"
