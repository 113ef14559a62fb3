"""Confluence's storage format as Markdown: what a document states, without its looks."""

from __future__ import annotations

from html.parser import HTMLParser

_LINES = frozenset({"p", "li", "tr", "br", "div", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_CODE = frozenset({"ac:plain-text-body", "pre", "code"})


def to_markdown(body: str) -> str:
    """Return headings, lines, table rows and links; code is left out, as examples state nothing."""
    reader = _Reader()
    reader.feed(body)
    reader.close()
    return "\n".join(line for line in map(str.strip, "".join(reader.parts).splitlines()) if line)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._links: list[str] = []
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line, a heading, a cell or a link."""
        if tag in _CODE:
            self._code += 1
        if tag in _LINES:
            self.parts.append("\n")
        if tag in _HEADINGS:
            self.parts.append("#" * int(tag[1]) + " ")
        if tag in {"td", "th"}:
            self.parts.append(" | ")
        if tag == "a":
            self._links.append(dict(attrs).get("href") or "")
            self.parts.append("[")

    def handle_endtag(self, tag: str) -> None:
        """End it."""
        if tag in _CODE:
            self._code = max(0, self._code - 1)
        if tag in _LINES:
            self.parts.append("\n")
        if tag == "a" and self._links:
            self.parts.append(f"]({self._links.pop()})")

    def handle_data(self, data: str) -> None:
        """Take the text in, on one line."""
        if not self._code:
            self.parts.append(" ".join(data.split(" ")).replace("\n", " "))
