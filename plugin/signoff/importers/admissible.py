"""Whether evidence that was made elsewhere speaks of this release, and of these days."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from signoff.errors import DamagedReportError, NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from pathlib import Path

SKEW = timedelta(minutes=5)
"""Clocks may differ by this much before a time stamp counts as lying in the future."""
MAX_BYTES = 50_000_000
"""A report that is larger is not read: no tool writes one, and it would fill the memory."""
_SHORTEST = 7


def read_file(path: Path) -> bytes:
    """Return the file's content.

    Raises:
        NotVerifiedError: there is no such file, or it cannot be read.
        DamagedReportError: it is larger than `MAX_BYTES`.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise NotVerifiedError(f"{path.name}: {error.strerror}; put it where the inventory says") from error
    if len(content) > MAX_BYTES:
        raise DamagedReportError(f"{path.name}: larger than {MAX_BYTES // 1_000_000} MB; import the report alone")
    return content


def require_release(what: str, commit: str, released: str) -> None:
    """Return if both name the same commit; either may be shortened, to seven characters at least.

    Raises:
        NotVerifiedError: another commit, or none.
    """
    if min(len(commit), len(released)) < _SHORTEST or not (commit.startswith(released) or released.startswith(commit)):
        raise NotVerifiedError(
            f"{what} is about commit {commit[:12] or 'unknown'}, not about {released[:12]}; make it for this release"
        )


def require_environment(what: str, environment: str, accepted: Collection[str]) -> None:
    """Return if the evidence comes from one of the accepted environments.

    Raises:
        NotVerifiedError: from another one.
    """
    if environment not in accepted:
        raise NotVerifiedError(
            f"{what} comes from {environment or 'nowhere'}, not from {' or '.join(accepted)}; repeat it there"
        )


def require_recent(what: str, at: datetime | None, now: datetime, limit: timedelta) -> timedelta:
    """Return the age, which is at most `limit`.

    Raises:
        NotVerifiedError: older, undated, or dated in the future.
    """
    if at is None:
        raise NotVerifiedError(f"{what} does not say when it was made; use a producer that writes it")
    if at > now + SKEW:
        raise NotVerifiedError(f"{what} is dated {at:%Y-%m-%d %H:%M} UTC, in the future; correct the clock")
    age = max(now - at, timedelta(0))
    if age > limit:
        raise NotVerifiedError(f"{what} is {age.days} days old, limit is {limit.days}; make it again")
    return age
