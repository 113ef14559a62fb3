"""The guarded way to a log server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.probes.web.http import Session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BUDGET = 400
_MAX_BODY = 20_000_000
_PER_SECOND = 50


def open_session(
    origins: Sequence[str], *, ca_file: str = "", user: str = "", secret: str = "", headers: Mapping[str, str]
) -> Session:
    """Return a way to ask the servers: with user and password, or with whatever the headers say."""
    session = Session(
        origins=origins,
        ca_file=ca_file or None,
        headers=headers,
        budget=_BUDGET,
        max_body=_MAX_BODY,
        per_second=_PER_SECOND,
    )
    if user:
        session.auth = (user, secret)
    return session
