"""Reading XML that somebody else wrote: no entities, no document type, and every complaint names its place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from signoff.errors import DamagedReportError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import tzinfo
    from xml.etree.ElementTree import Element


class XmlNode:
    """An element that knows where it stands. Namespaces are left out of names."""

    __slots__ = ("_element", "_kind", "_path")

    def __init__(self, element: Element, *, kind: str, path: str) -> None:
        self._element = element
        self._kind = kind
        self._path = path

    @classmethod
    def parse(cls, text: bytes | str, *, kind: str, tags: Sequence[str]) -> XmlNode:
        """Return the root, which is one of `tags`.

        Raises:
            DamagedReportError: no XML (with line and column), a DTD or entities in it, or another root.
        """
        try:
            root: Element = fromstring(text, forbid_dtd=True)
        except ParseError as error:
            raise DamagedReportError(f"{kind}: not well-formed XML: {error}; it may be truncated") from error
        except (DefusedXmlException, ValueError, LookupError) as error:
            raise DamagedReportError(f"{kind}: refused: {type(error).__name__}; no report needs a DTD") from error
        for element in root.iter():
            element.tag = element.tag.rpartition("}")[2]
        if root.tag not in tags:
            raise DamagedReportError(f"{kind}: the root element is <{root.tag[:40]}>, not <{'> or <'.join(tags)}>")
        return cls(root, kind=kind, path=f"/{root.tag}")

    @property
    def tag(self) -> str:
        """The element's name."""
        return self._element.tag

    def all(self, tag: str) -> list[XmlNode]:
        """Return the children of the name."""
        return [self._child(child, index) for index, child in enumerate(self._element.findall(tag), 1)]

    def inside(self, tag: str) -> Iterator[XmlNode]:
        """Yield the descendants of the name, in the document's order; the element itself is one if it has the name."""
        for index, element in enumerate(self._element.iter(tag), 1):
            yield XmlNode(element, kind=self._kind, path=f"{self._path}//{tag}[{index}]")

    def first(self, tag: str) -> XmlNode | None:
        """Return the first child of the name; None if there is none."""
        return next(iter(self.all(tag)), None)

    def one(self, tag: str) -> XmlNode:
        """Return the first child of the name, which must be there."""
        found = self.first(tag)
        if found is None:
            raise self.refuse(f"no <{tag}> in it; import a complete report")
        return found

    def said(self, tag: str) -> str:
        """Return the text of the first child of the name; empty if there is none."""
        found = self.first(tag)
        return found.text() if found else ""

    def text(self) -> str:
        """Return the element's own text."""
        return (self._element.text or "").strip()

    def attribute(self, name: str, default: str | None = None) -> str:
        """Return an attribute; the default stands for an absent one."""
        found = self._element.get(name, default)
        if found is None:
            raise self.refuse(f"no attribute {name!r}; import a complete report")
        return found

    def number(self, name: str, default: str | None = None) -> int:
        """Return an attribute that is a whole number of 0 or more."""
        return whole_number(self.attribute(name, default), self.refuse(f"{name} is no whole number"))

    def instant(self, name: str, timezone: tzinfo | None = None) -> datetime:
        """Return an attribute that is an ISO 8601 instant, as UTC; without an offset it is one of the time zone."""
        try:
            instant = datetime.fromisoformat(self.attribute(name))
            if instant.tzinfo is None and timezone is None:
                raise self.refuse(f"{name} has no offset; name the time zone of the scanner")
            return (instant if instant.tzinfo else instant.replace(tzinfo=timezone)).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise self.refuse(f"{name} is no ISO 8601 instant") from error

    def refuse(self, why: str) -> DamagedReportError:
        """Return the error that says why this place proves nothing."""
        return DamagedReportError(f"{self._kind}: {self._path}: {why}")

    def _child(self, element: Element, index: int) -> XmlNode:
        return XmlNode(element, kind=self._kind, path=f"{self._path}/{element.tag}[{index}]")


def whole_number(text: str, wrong: Exception) -> int:
    """Return the number written in ASCII digits; at most 15 of them, so that it is also a time."""
    if not (text.isascii() and text.isdigit() and len(text) <= 15):  # noqa: PLR2004 - any 15 digits are an exact float
        raise wrong
    return int(text)


def epoch(seconds: int, wrong: Exception) -> datetime:
    """Return the instant of a Unix time."""
    try:
        return datetime.fromtimestamp(seconds, tz=UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise wrong from error
