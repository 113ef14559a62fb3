"""Where this machine's own apt takes Debian from: the estate's hosts are made of the same archives."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from estate.layout import EstateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FOLDER = Path("/etc/apt")
_LINE = re.compile(r"deb\s+(?:\[[^\]]*\]\s*)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>.+)")


def sources(suites: Iterable[str], folder: Path = _FOLDER) -> tuple[str, ...]:
    """Return one line of a sources.list for each suite, of its component `main`.

    Raises:
        EstateError: this machine's apt knows no archive of a suite.
    """
    known: dict[str, str] = {}
    for path in (folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))):
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        for uri, suite in _blocks(text) if path.suffix == ".sources" else _lines(text):
            known.setdefault(suite, uri)
    wanted = tuple(suites)
    if missing := [suite for suite in wanted if suite not in known]:
        raise EstateError(
            f"apt on this machine knows no archive of {', '.join(missing)}; add it to {folder}/sources.list"
        )
    return tuple(f"deb {known[suite]} {suite} main" for suite in wanted)


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield archive and suite of the classic format."""
    for line in text.splitlines():
        found = _LINE.match(line.strip())
        if found and "main" in found["components"].split():
            yield found["uri"], found["suite"]


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield archive and suite of the format of paragraphs (deb822)."""
    for block in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^([\w-]+):[ \t]*(.*)$", block, re.MULTILINE))
        words = {name: fields.get(name, "").split() for name in ("Types", "URIs", "Suites", "Components")}
        if "deb" in words["Types"] and "main" in words["Components"] and fields.get("Enabled", "yes") != "no":
            yield from ((uri, suite) for uri in words["URIs"] for suite in words["Suites"])
