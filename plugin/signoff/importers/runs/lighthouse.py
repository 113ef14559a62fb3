"""Lighthouse's report (JSON): how fast one page was in one run, and on what kind of device.

The form is that of https://github.com/GoogleChrome/lighthouse/blob/main/docs/understanding-results.md. It names no
commit; a note beside the files does, and binds them by their digests:

    {"schema_version": 1, "commit": "3f2a91c4…", "reports": {"home-1.json": "<sha256>", "home-2.json": "<sha256>"}}
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_KIND, _NOTE = "Lighthouse report", "note of Lighthouse reports"


@dataclass(frozen=True, kw_only=True, slots=True)
class LighthouseRun:
    """One load of one page, as Lighthouse simulated it."""

    url: str
    """Where the browser ended up."""
    started: datetime
    version: str
    form_factor: str
    lcp_seconds: float
    cls: float


def read(text: bytes) -> LighthouseRun:
    """Return the run.

    Raises:
        NotVerifiedError: not such a report, or a run that failed.
    """
    root = Node.parse(text, kind=_KIND)
    failed = root.at("runtimeError").at("code").text("NO_ERROR") if "runtimeError" in root else "NO_ERROR"
    if failed != "NO_ERROR":
        raise root.refuse(f"the run failed with {failed[:40]}; run it again")
    audits = root.at("audits")
    url = root.at("finalDisplayedUrl") if "finalDisplayedUrl" in root else root.at("finalUrl")
    return LighthouseRun(
        url=url.text(),
        started=root.at("fetchTime").instant(),
        version=root.at("lighthouseVersion").text(),
        form_factor=root.at("configSettings").at("formFactor").text(),
        lcp_seconds=audits.at("largest-contentful-paint").at("numericValue").seconds() / 1000,
        cls=audits.at("cumulative-layout-shift").at("numericValue").seconds(),
    )


def commit_of(note: bytes, files: Mapping[str, bytes]) -> str:
    """Return the commit that the note names, once it is proved to speak of exactly these files.

    Raises:
        NotVerifiedError: not such a note, another file, or one that is missing.
    """
    root = Node.parse(note, kind=_NOTE)
    if root.at("schema_version").count() != 1:
        raise root.at("schema_version").wrong("1")
    named = {name: digest.text() for name, digest in root.at("reports").members().items()}
    found = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    if different := sorted(set(named.items()) ^ set(found.items())):
        raise NotVerifiedError(f"{_NOTE}: it does not speak of {different[0][0]} as it is here; write it again")
    return root.at("commit").text()
