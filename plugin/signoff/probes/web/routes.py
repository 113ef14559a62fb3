"""Routes of an application against its OpenAPI document, both ways: in use but not described, described but gone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from signoff.probes.web.http import Session
    from signoff.probes.web.openapi import Document, Operation

_PARAMETER = re.compile(r"\{[^}/]*\}|<[^>/]*>|(?<=/):\w+")
_LINE = re.compile(r'"(?P<method>[A-Z]+) (?P<target>\S+) HTTP/[\d.]+" (?P<status>\d{3}) ')
_NO_ROUTE = frozenset({404, 410})
_MOST_ASKED = 50
_ERROR = 400


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What stands on one side only."""

    undocumented: tuple[str, ...]
    """In use, and not in the document."""
    unused: tuple[Operation, ...]
    """In the document, and not asked for within the window."""


def compare(in_use: Iterable[str], document: Document) -> Comparison:
    """Return the differences.

    Args:
        in_use: Routes, with or without their method before them; however a framework writes a parameter: `/x/{id}`,
            `/x/<int:id>` and `/x/:id` are the same.
        document: What describes them.
    """
    described = {(one.method, plain(document.prefix + one.path)): one for one in document.operations}
    paths = {path for _, path in described}
    seen: set[tuple[str, str]] = set()
    undocumented = []
    for route in in_use:
        method, _, path = route.rpartition(" ")
        # Frameworks answer HEAD and OPTIONS by themselves; nobody describes them.
        fits = plain(path) in paths and (method in {"", "HEAD", "OPTIONS"} or (method, plain(path)) in described)
        seen.add((method, plain(path)))
        if not fits:
            undocumented.append(route)
    asked = {path for method, path in seen if not method}
    unused = tuple(one for key, one in described.items() if key not in seen and key[1] not in asked)
    return Comparison(undocumented=tuple(sorted(undocumented)), unused=unused)


def plain(route: str) -> str:
    """Return the route with every parameter written as `{}`."""
    return _PARAMETER.sub("{}", route).rstrip("/") or "/"


def gone(session: Session, base_url: str, document: Document, unused: Collection[Operation]) -> tuple[str, ...]:
    """Return the described operations whose path the application does not know, by one OPTIONS each, 50 at most.

    Paths with parameters are left out: whether the route or only the object is missing cannot be told from outside.
    """
    plain_ones = [one for one in unused if "{" not in one.path][:_MOST_ASKED]
    return tuple(
        str(one)
        for one in plain_ones
        if session.options(f"{base_url.rstrip('/')}{document.prefix}{one.path}", allow_redirects=False).status_code
        in _NO_ROUTE
    )


def read_access_log(host: Any, path: str, *, lines: int, document: Document) -> frozenset[str]:
    """Return what was asked for and answered without an error, as routes of the document or, failing that, as paths.

    Queries are dropped where they are read: they may hold what people typed.

    Raises:
        NotVerifiedError: the log cannot be read, or holds no line of the common or combined format.
    """
    result = host.run("tail -n %s -- %s", str(lines), path)
    if result.rc != 0:
        reason = (result.stderr.strip().splitlines() or [f"exit status {result.rc}"])[0]
        raise NotVerifiedError(f"{path}: {reason}; let the checking account read it")
    matches = list(_LINE.finditer(result.stdout))
    if not matches:
        raise NotVerifiedError(f"{path}: no line of the common or combined format; name the right log in access_log")
    templates = [(document.prefix + one.path, _pattern(document.prefix + one.path)) for one in document.operations]
    asked = {(match["method"], match["target"].partition("?")[0]) for match in matches if int(match["status"]) < _ERROR}
    return frozenset(
        f"{method} {next((template for template, pattern in templates if pattern.fullmatch(target)), target)}"
        for method, target in asked
    )


def _pattern(template: str) -> re.Pattern[str]:
    parts = _PARAMETER.split(template)
    return re.compile("[^/]+".join(map(re.escape, parts)))
