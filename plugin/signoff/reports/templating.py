"""The one place where HTML is made: autoescaping templates and their style sheets, both part of the package."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

_LOADER = PackageLoader("signoff.reports", "templates")


@cache
def _environment() -> Environment:
    return Environment(loader=_LOADER, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def render(template: str, **values: Any) -> Markup:
    """Return the rendered template; every value is escaped unless it is `Markup`."""
    return Markup(_environment().get_template(template).render(**values))  # noqa: S704 - autoescaped above


@cache
def style(name: str) -> Markup:
    """Return a style sheet of ours without its indentation."""
    source, _, _ = _LOADER.get_source(_environment(), name)
    lines = (line.strip() for line in source.splitlines())
    return Markup("\n".join(line for line in lines if line))  # noqa: S704 - our own file


@cache
def script(name: str) -> Markup:
    """Return a script of ours without its indentation and comments."""
    lines = (line.strip() for line in _LOADER.get_source(_environment(), name)[0].splitlines())
    return Markup("\n".join(line for line in lines if line and not line.startswith("//")))  # noqa: S704 - our own file


def csp_hash(text: str) -> str:
    """Return the text's hash as a content security policy wants it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
