"""Keeps pages of a Confluence space equal to a decision: found again, and written only when the decision changed.

The content property is written last. A process that dies before that has published nothing as far as the next one can
tell, and the next one publishes again; a page is never taken for current because somebody began to write it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from signoff.errors import PublishError
from signoff.publish.http import RefusedError
from signoff.publish.record import Outcome
from signoff.publish.wiki import UNSENT, ConflictError, Mark, Page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from signoff.publish.http import File
    from signoff.publish.record import Publications
    from signoff.publish.wiki import Wiki

_TRIES = 3
MAX_BODY = 5_242_880
"""Bytes that a site takes as the body of a page."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What a page is to hold."""

    subject: str
    title: str
    body: str
    """In storage format."""
    digest: str
    """Of the decision that it tells: the same digest is not written again."""
    message: str
    """Comment of the page's version."""
    files: Sequence[File] = ()
    proof: Mapping[str, Any] = field(default_factory=dict)
    """More for the content property: checkpoints, by which a cut record is noticed."""


class Publisher:
    """Writes drafts as pages of one space.

    Args:
        wiki: the space.
        known: what was published before.
        owner: what the pages are about; a page of something else is never touched.
        adopt: whether pages that nobody has marked may be taken over.
    """

    def __init__(self, wiki: Wiki, known: Publications, owner: Mapping[str, str], *, adopt: bool = False) -> None:
        self._wiki, self._known, self._owner, self._adopt = wiki, known, owner, adopt

    def publish(self, draft: Draft, parent: str) -> Outcome:
        """Write the page if it does not hold the draft already.

        Raises:
            PublishError: the page is somebody else's, changes under our hands, or the site refuses.
        """
        if len(draft.body.encode("utf-8", "replace")) > MAX_BODY:
            raise PublishError(f"{draft.title}: the page is larger than the {MAX_BODY} bytes that a site takes")
        for _ in range(_TRIES):
            page = self._find(draft)
            mark = None if page is None else self._own_mark(page, draft)
            if page is not None and mark is not None and _holds(mark, draft, page):
                return self._complete(draft, page, mark, "unchanged")
            try:
                written = self._create(draft, parent) if page is None else self._update(page, draft, mark)
            except ConflictError:
                continue
            return self._complete(draft, written, mark, "created" if page is None else "updated")
        raise PublishError(f"{draft.title}: somebody else changes the page at the same time; run it again")

    def _find(self, draft: Draft) -> Page | None:
        before = self._known.last(draft.subject)
        known = self._wiki.page(before.place) if before is not None and before.place else None
        return known or self._wiki.find(draft.title)

    def _own_mark(self, page: Page, draft: Draft) -> Mark | None:
        """Return the page's mark; None if it has none and is ours all the same."""
        mark = self._wiki.mark(page.id)
        expected = {**self._owner, "subject": draft.subject}
        if mark is not None:
            if {key: mark.value.get(key) for key in expected} != expected:
                raise PublishError(f"{page.title}: the page tells of something else; write another title:")
            return mark
        before = self._known.last(draft.subject)
        ours = self._known.begun(draft.subject) is not None or (before is not None and before.place == page.id)
        if not (ours or self._adopt):
            raise PublishError(f"{page.title}: the page exists and was not made here; take it over with --adopt")
        return None

    def _create(self, draft: Draft, parent: str) -> Page:
        self._known.begin(draft.subject)
        return self._wiki.create(draft.title, draft.body, parent)

    def _update(self, page: Page, draft: Draft, mark: Mark | None) -> Page:
        by_hand = mark is not None and mark.value.get("digest") == draft.digest
        message = f"{draft.message}; restored after a change by hand" if by_hand else draft.message
        return self._wiki.update(page, draft.body, message)

    def _complete(self, draft: Draft, page: Page, mark: Mark | None, what: Any) -> Outcome:
        """Attach what is missing, mark the page, and note it."""
        if what != "unchanged" or (mark is not None and not mark.value.get("complete")):
            refused = [problem for file in draft.files if (problem := self._attach(page, file, draft.message))]
            value = {
                **self._owner,
                **draft.proof,
                "schema_version": 1,
                "subject": draft.subject,
                "digest": draft.digest,
                "version": page.version,
                "complete": not refused,
            }
            self._wiki.set_mark(page.id, mark, value)
            self._note(draft, page)
            if refused:
                raise PublishError(f"{draft.title}: {'; '.join(refused)}")
        else:
            before = self._known.last(draft.subject)
            if before is None or (before.place, before.digest) != (page.id, draft.digest):
                self._note(draft, page)
        return Outcome(subject=draft.subject, what=what, place=page.id, text=page.url)

    def _attach(self, page: Page, file: File, comment: str) -> str:
        """Attach the file; return why the site does not take it, if that is the file's own fault."""
        try:
            self._wiki.attach(page.id, file, comment)
        except RefusedError as error:
            if error.status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                raise
            return f"{file.name} is not attached: {error}"
        return ""

    def _note(self, draft: Draft, page: Page) -> None:
        if page.id != UNSENT:
            self._known.note(draft.subject, place=page.id, digest=draft.digest, url=page.url, version=page.version)


def _holds(mark: Mark, draft: Draft, page: Page) -> bool:
    """Whether the page tells the draft's decision, and nobody has changed it since."""
    return mark.value.get("digest") == draft.digest and mark.value.get("version") == page.version
