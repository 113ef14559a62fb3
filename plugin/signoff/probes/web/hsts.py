"""The Strict-Transport-Security header, as browsers read it (RFC 6797)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Hsts:
    """What the header promises."""

    max_age: timedelta
    include_subdomains: bool


def parse_hsts(header: str | None) -> Hsts | None:
    """Return what the header promises; None where a browser would ignore it: absent, malformed, or switched off."""
    directives: dict[str, str] = {}
    for part in (header or "").split(";"):
        name, _, value = (word.strip() for word in part.partition("="))
        if name.lower() in directives:
            return None
        if name:
            directives[name.lower()] = value.strip('"')
    if not re.fullmatch(r"\d{1,10}", directives.get("max-age", "")):
        return None
    seconds = int(directives["max-age"])
    if not seconds:
        return None
    return Hsts(max_age=timedelta(seconds=seconds), include_subdomains="includesubdomains" in directives)
