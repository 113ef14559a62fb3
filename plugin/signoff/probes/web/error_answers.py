"""How a web application answers a wrong request: status, form, and what it gives away."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

    from signoff.probes.web.http import Session

_LEAKS = {
    "Python traceback": r"Traceback \(most recent call last\)|File \"[^\"]+\", line \d+",
    "Java stack trace": r"\bat [\w.$]+\([\w]+\.(java|kt):\d+\)|java\.lang\.\w+(Exception|Error)",
    ".NET stack trace": r"\bat [\w.]+\(.*\) in .+:line \d+|System\.\w+Exception",
    "Node.js stack trace": r"\bat .+ \((/|file:|node:).+:\d+:\d+\)",
    "PHP error": r"<b>(Fatal error|Warning|Notice)</b>:|Stack trace:\s*#0",
    "Go panic": r"goroutine \d+ \[running\]",
    "Ruby stack trace": r"\.rb:\d+:in [`']",
    "SQL error": r"SQLSTATE|syntax error at or near|ORA-\d{5}|You have an error in your SQL syntax|psycopg\.|sqlite3\.",
    "file path": r"(?<![\w/])/(home|srv|opt|usr|var|app)/[\w./-]+\.\w+",
}
_BANNERS = ("Server", "X-Powered-By", "X-AspNet-Version", "X-AspNetMvc-Version", "X-Runtime")


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorAnswer:
    """The answer to one wrong request; its body stays here."""

    status: int
    content_type: str
    is_problem: bool
    """The body is a problem detail (RFC 9457) that agrees with the status."""
    correlation_id: str
    """What the answer calls itself, so that its log line is found; empty: nothing."""
    allowed: str
    """Methods that the answer offers instead (header Allow)."""
    leaks: tuple[str, ...]
    """Kinds of internals that the answer shows."""


def ask(session: Session, method: str, url: str, headers: Mapping[str, str], correlation_header: str) -> ErrorAnswer:
    """Send one wrong request and return how it was answered; redirects are not followed."""
    response = session.request(method, url, headers=dict(headers), allow_redirects=False)
    content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return ErrorAnswer(
        status=response.status_code,
        content_type=content_type,
        is_problem=content_type == "application/problem+json" and _is_problem(response),
        correlation_id=response.headers.get(correlation_header, "").strip(),
        allowed=response.headers.get("Allow", "").strip(),
        leaks=_leaks(response),
    )


def _is_problem(response: requests.Response) -> bool:
    if response.request.method == "HEAD":
        return True
    try:
        body = response.json()
    except ValueError:
        return False
    if not isinstance(body, dict) or not isinstance(body.get("title"), str):
        return False
    return bool(body.get("status", response.status_code) == response.status_code)


def _leaks(response: requests.Response) -> tuple[str, ...]:
    found = [kind for kind, pattern in _LEAKS.items() if re.search(pattern, response.text)]
    # A product name alone tells little; its version tells an attacker which holes to try.
    versions = [name for name in _BANNERS if re.search(r"\d+\.\d+", response.headers.get(name, ""))]
    return (*found, *(f"version in {name}" for name in versions))
