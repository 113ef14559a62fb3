"""What a Markdown document says about itself: headings, date, version, who approved it, and what it links to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.probes.repository.headings import missing

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEADING = re.compile(r"^#{1,6}\s+(?P<text>.+?)\s*#*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_STATEMENT = re.compile(r"^[\s>*_|-]*(?P<label>[A-Za-z가-힣_ ]{2,30}?)[\s*_]*[:|][\s*_]*(?P<value>[^|]+?)[\s*_|]*$")
_DATES = {
    "date",
    "updated",
    "last updated",
    "last reviewed",
    "reviewed",
    "작성일",
    "최초 작성일",
    "개정일",
    "검토일",
    "최종 업데이트",
}
_APPROVERS = {"approver", "approved by", "승인자", "승인"}
_VERSIONS = {"version", "버전"}
_LINKS = (
    re.compile(r"(?<!!)\[[^\]]*\]\(\s*<?([^)\s>]+)[^)]*\)"),
    re.compile(r"^\s*\[[^\]]+\]:\s*<?([^\s>]+)"),
    re.compile(r"<(https?://[^>\s]+)>"),
)
_CODE = re.compile(r"`[^`]*`")


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One document. `dated` is the latest date that it states; approver and version are empty if it states none."""

    headings: tuple[str, ...]
    dated: date
    version: str
    approver: str
    words: int
    links: tuple[str, ...] = ()
    """What it links to, each once: addresses, and paths relative to the document."""

    def lacks(self, headings: Iterable[str]) -> tuple[str, ...]:
        """Return those of the wanted headings that none of the document's headings names, in Korean or English."""
        return missing(self.headings, headings)


def read(text: bytes | str, *, today: date, changed: date | None = None, version: str = "") -> Document:
    """Return what the document says; statements are lines such as `Approver: Kim`, `승인자: Kim` or front matter.

    Args:
        text: Markdown.
        today: No date after it is believed.
        changed: When it was last changed, if whoever keeps it knows; what it states itself does not count then.
        version: Its version, if whoever keeps it knows.

    Raises:
        NotVerifiedError: empty, not text, without any heading, without a date, or dated in the future.
    """
    lines = list(_prose(_decoded(text)))
    headings = tuple(match["text"] for line in lines if (match := _HEADING.match(line)))
    if not headings:
        raise NotVerifiedError("no heading in it: not the document, or not Markdown; name the right file")
    statements = [
        (m["label"].strip().casefold().replace("_", " "), m["value"]) for m in map(_STATEMENT.match, lines) if m
    ]
    stated = [found for label, value in statements if label in _DATES and (found := _date(value))]
    dates = [changed] if changed else stated
    if not dates:
        raise NotVerifiedError("it states no date; add a line such as `Date: 2026-11-22` or `작성일: 2026-11-22`")
    if max(dates) > today:
        raise NotVerifiedError(f"it is dated {max(dates)}, after today; correct the date")
    return Document(
        headings=headings,
        dated=max(dates),
        version=version or _first(statements, _VERSIONS),
        approver=_first(statements, _APPROVERS),
        words=sum(len(line.split()) for line in lines),
        links=tuple(dict.fromkeys(link for line in lines for link in _links(line))),
    )


def age_in_days(document: Document, now: datetime) -> int:
    """Return how many whole days ago the document was dated."""
    return (now.astimezone(UTC).date() - document.dated).days


def _decoded(text: bytes | str) -> str:
    try:
        return text.decode("utf-8-sig") if isinstance(text, bytes) else text
    except UnicodeDecodeError as error:
        raise NotVerifiedError("not UTF-8 text; name a Markdown file") from error


def _prose(text: str) -> Iterable[str]:
    """Yield the lines outside of code blocks: examples state nothing."""
    inside = False
    for line in text.splitlines():
        if _FENCE.match(line):
            inside = not inside
        elif not inside and not line.startswith("    "):
            yield line


def _links(line: str) -> Iterable[str]:
    plain = _CODE.sub("", line)
    return [link for pattern in _LINKS for link in pattern.findall(plain)]


def _date(value: str) -> date | None:
    match = re.search(r"\d{4}-\d{2}-\d{2}", value)
    try:
        return date.fromisoformat(match[0]) if match else None
    except ValueError:
        return None


def _first(statements: Iterable[tuple[str, str]], labels: set[str]) -> str:
    return next((value.strip() for label, value in statements if label in labels), "")
