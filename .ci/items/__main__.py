"""Write docs/items/ from the checklist, its tests and the fault catalogues; with --check only compare.

`python .ci/items [--check]`
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pages import area_page, index_page
from questions import read_questions

from signoff.config.checklist import load_checklist
from signoff.demo.faults import CATALOGUE as DEMO

if TYPE_CHECKING:
    from signoff.model import Checklist, Language

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "items"


def _pages(checklist: Checklist) -> dict[str, str]:
    """Return the name and text of every page."""
    from estate.faults import CATALOGUE as ESTATE  # noqa: PLC0415 - needs plugin/ on the path, as an editable install has

    questions = read_questions(ROOT / "tests")
    faults = [("demo", fault) for fault in DEMO.values()] + [("estate", fault) for fault in ESTATE.values()]
    languages: tuple[tuple[Language, str], ...] = (("en", ""), ("ko", ".ko"))
    pages = {}
    for language, suffix in languages:
        pages[f"README{suffix}.md"] = index_page(checklist, language, suffix)
        for area in checklist.areas:
            pages[f"{area.key}{suffix}.md"] = area_page(checklist, area, questions, faults, language)
    return pages


def main(arguments: list[str]) -> int:
    """Return 1 if a page is not what it should be and was not to be written."""
    pages = _pages(load_checklist(ROOT / "tests" / "checklist.yaml"))
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    if "--check" in arguments:
        stale = sorted(name for name in pages.keys() | there.keys() if pages.get(name) != there.get(name))
        print(*(f"docs/items/{name} is not up to date; run python .ci/items" for name in stale), sep="\n")
        return 1 if stale else 0
    FOLDER.mkdir(exist_ok=True)
    for name in there.keys() - pages.keys():
        (FOLDER / name).unlink()
    for name, text in pages.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    print(f"{len(pages)} pages in docs/items")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
