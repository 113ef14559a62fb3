"""A request as text, for a dry run: everything that it says, and nothing that proves who asks."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from signoff.publish.http import Request


def show_request(request: Request, base: str, credentials: Mapping[str, str]) -> str:
    """Return the request as text; values of credentials are masked."""
    return "\n".join(_lines(request, base, credentials))


def _lines(request: Request, base: str, credentials: Mapping[str, str]) -> Iterator[str]:
    query = f"?{urlencode(request.params)}" if request.params else ""
    yield f"{request.method} {base}{request.path}{query}  [{'asked' if request.reads else 'not sent'}]"
    yield from (f"  {name}: [redacted]" for name in credentials)
    yield from (f"  {name}: {value}" for name, value in request.headers.items())
    yield from (f"  {name}={value}" for name, value in request.form.items())
    if request.file is not None:
        sha256 = hashlib.sha256(request.file.content).hexdigest()
        yield f"  file {request.file.name}: {len(request.file.content)} bytes, sha256 {sha256}"
    if request.json is not None:
        for line in json.dumps(request.json, ensure_ascii=False, indent=2).splitlines():
            yield f"  {line}"
