"""Tries a session that an earlier run left, and leaves one for the next run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.probes.web.kept_session import Kept

if TYPE_CHECKING:
    from signoff.probes.web.kept_session import Keeper
    from signoff.probes.web.sign_in import Answer, Visitor


@dataclass(frozen=True, kw_only=True, slots=True)
class Revisited:
    """An old session that was tried: how old it was, and how long nobody had used it."""

    answer: Answer
    age: timedelta
    unused: timedelta


def revisit(  # noqa: PLR0913 - two visitors, what they ask, and when
    keeper: Keeper,
    fresh: Visitor,
    returning: Visitor,
    *,
    path: str,
    after: timedelta,
    idle: timedelta | None = None,
    now: datetime | None = None,
) -> Revisited:
    """Return what an old session still opens, once it is old enough to tell.

    Args:
        keeper: Where the session is kept.
        fresh: Somebody who has just signed in: the next one to keep, and the proof that the path opens for people.
        returning: Somebody who has not signed in: gets the old session.
        path: What a session opens.
        after: When the old one must have ended: since its last use, or with `idle` since it was opened.
        idle: With it, the session is used in every run; after this long without use it ends anyhow.
        now: The instant of this visit; default: now.

    Raises:
        NotVerifiedError: no session was kept, it is too young to tell, or the path opens for nobody; says when to
            come back.
    """
    now = now or datetime.now(UTC)
    opened = fresh.ask(path)
    if not opened.shown:
        raise NotVerifiedError(f"{opened} although signed in; correct private_path")
    kept = keeper.load()
    new = Kept(opened=now, used=now, tokens=fresh.tokens())
    if kept is None or kept.used > now:
        keeper.save(new)
        raise NotVerifiedError(f"the first run: a session is kept now; come back after {_minutes(after)}")
    if idle is None and now - kept.used < after:
        fresh.sign_out()
        raise NotVerifiedError(
            f"the kept session is too young to tell; come back after {_minutes(kept.used + after - now)}"
        )
    returning.resume(kept.tokens)
    found = Revisited(answer=returning.ask(path), age=now - kept.opened, unused=now - kept.used)
    if idle is not None:
        _require_telling(keeper, kept, new, found, after=after, idle=idle)
    keeper.save(new)
    return found


def _require_telling(  # noqa: PLR0913 - private, one caller
    keeper: Keeper, kept: Kept, new: Kept, found: Revisited, *, after: timedelta, idle: timedelta
) -> None:
    """Return if the session that is used in every run tells something of its lifetime."""
    if found.answer.shown and found.age < after:
        keeper.save(Kept(opened=kept.opened, used=new.used, tokens=kept.tokens))
        raise NotVerifiedError(f"the kept session is in use; its lifetime is over in {_minutes(after - found.age)}")
    if found.answer.refused and found.unused >= idle:
        keeper.save(new)
        raise NotVerifiedError(
            f"nobody used the kept session for {_minutes(found.unused)}, so it ended of that;"
            f" run every {_minutes(idle / 2)}"
        )


def _minutes(span: timedelta) -> str:
    return f"{max(1, -(-int(span.total_seconds()) // 60))} min"
