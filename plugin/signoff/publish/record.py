"""What was published before, and where: read from the ledger, and added to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from signoff.errors import IntegrityError, PublishError, RecordError, StoreError
from signoff.model import Publication

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from signoff.config.publishing import Channel
    from signoff.store.base import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of one publication."""

    subject: str
    what: Literal["created", "updated", "unchanged", "told", "closed", "reopened", "commented", "left", "failed"]
    place: str = ""
    text: str = ""
    """More for people: an address, or why it failed."""

    @property
    def failed(self) -> bool:
        """Whether something was not published that should have been."""
        return self.what == "failed"


class Publications:
    """The publications of one channel for one release in one environment.

    Args:
        store: keeps the ledger.
        channel: whose publications.
        environment: of the decision.
        release: of the decision.
        clock: returns the present instant, UTC.
        by: the account that publishes.
        dry: whether nothing is recorded.

    Raises:
        PublishError: the ledger cannot be trusted, so that nobody knows what was published.
    """

    def __init__(  # noqa: PLR0913 - what a record says
        self,
        store: Store,
        channel: Channel,
        *,
        environment: str,
        release: str,
        clock: Callable[[], datetime],
        by: str,
        dry: bool,
    ) -> None:
        self._store, self._clock, self._by, self._dry = store, clock, by, dry
        self._blank = Publication(channel=channel, environment=environment, release=release, subject="")
        ledger = store.ledger()
        if ledger.broken:
            raise PublishError(f"the ledger cannot be trusted: {ledger.broken[0]}; run signoff verify")
        self._records = [
            (record.at, record.body)
            for record in ledger.records
            if isinstance(record.body, Publication) and self._mine(record.body)
        ]

    def _mine(self, body: Publication) -> bool:
        blank = self._blank
        return (body.channel, body.environment, body.release) == (blank.channel, blank.environment, blank.release)

    def last(self, subject: str) -> Publication | None:
        """Return the last thing that was told about the subject."""
        return next((b for _, b in reversed(self._records) if b.subject == subject and b.step == "done"), None)

    def begun(self, subject: str) -> datetime | None:
        """Return when it was about to be created, if nothing is known of it since."""
        for at, body in reversed(self._records):
            if body.subject == subject:
                return at if body.step == "begun" else None
        return None

    def begin(self, subject: str) -> None:
        """Note that it is about to be created: should this process die, the next one looks for it.

        Raises:
            PublishError: that cannot be noted; without the note, a second one might be created later.
        """
        self._keep(replace(self._blank, subject=subject, step="begun"))

    def note(  # noqa: PLR0913 - the fields of the record
        self, subject: str, *, place: str, digest: str, url: str = "", version: int = 0, told: tuple[str, ...] = ()
    ) -> None:
        """Note what was told.

        Raises:
            PublishError: it was told, and that cannot be noted.
        """
        words = {"place": place, "digest": digest, "url": url, "version": version, "told": told}
        self._keep(replace(self._blank, subject=subject, **words))  # type: ignore[arg-type]

    def _keep(self, body: Publication) -> None:
        if self._dry:
            return
        try:
            record = self._store.record(body, at=self._clock(), by=self._by)
        except (RecordError, IntegrityError, StoreError) as error:
            raise PublishError(f"{body.subject}: the ledger cannot be written: {error}") from error
        self._records.append((record.at, body))
