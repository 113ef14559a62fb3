"""The page in a real browser: nothing hostile runs, no script is needed, a phone suffices, paper has everything."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

from signoff.reports.page import render_page

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from signoff.model import Signoff
    from signoff.reports.background import Background

MEASURE = """
const page = frame.contentDocument, root = page.documentElement;
const wide = [...page.querySelectorAll("body *")].filter(
  e => e.getBoundingClientRect().right > root.clientWidth + 1 && !e.closest(".scroll") && !e.closest(".skip"));
document.title = "measured";
document.getElementById("out").textContent = JSON.stringify({
  title: page.title, scripts: page.scripts.length, images: page.images.length,
  width: root.clientWidth, scroll: root.scrollWidth, wide: wide.map(e => e.outerHTML.slice(0, 120)),
  details: page.querySelectorAll("details").length, text: page.body.innerText.length,
});
"""


@pytest.fixture
def measured(tmp_path: Path, browse: Callable[..., str]) -> Callable[..., dict[str, Any]]:
    """Load a page into a frame of a given width, and let the frame's parent look at it."""

    def measure(page: str, width: int, *, with_policy: bool = True) -> dict[str, Any]:
        if not with_policy:
            page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
        harness = tmp_path / "harness.html"
        source = json.dumps(page).replace("</", "<\\/").replace("<!--", "<\\!--")
        harness.write_text(
            '<!doctype html><meta charset="utf-8"><pre id="out"></pre><script>'
            f'const frame = document.createElement("iframe"); frame.width = {width}; frame.height = 800;'
            f"frame.style.border = 0; frame.onload = () => {{ {MEASURE} }};"
            f"frame.srcdoc = {source}; document.body.append(frame);</script>",
            encoding="utf-8",
        )
        found = re.search(r'<pre id="out">(.*?)</pre>', browse(harness, "--dump-dom"), re.DOTALL)
        assert found
        return dict(json.loads(unescape(found[1])))

    return measure


def test_no_hostile_text_becomes_markup_even_without_the_policy(
    small: Signoff, background: Background, measured: Callable[..., dict[str, Any]]
) -> None:
    seen = measured(render_page(small, "ko", background), 1200, with_policy=False)
    assert "owned" not in seen["title"]
    assert (seen["scripts"], seen["images"]) == (0, 0)
    assert seen["details"] == len(small.items)


@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_overflows_a_phone(
    realistic: Signoff, small: Signoff, background: Background, measured: Callable[..., dict[str, Any]], width: int
) -> None:
    for signoff in (realistic, small):
        seen = measured(render_page(signoff, "ko", background), width)
        assert seen["wide"] == []
        assert seen["scroll"] <= seen["width"] <= width


def test_the_page_needs_no_script(
    realistic: Signoff, background: Background, measured: Callable[..., dict[str, Any]]
) -> None:
    """Its own policy forbids every script, so what the browser shows is what a script-less one shows."""
    seen = measured(render_page(realistic, "en", background), 1200)
    assert seen["details"] == len(realistic.items)
    assert seen["text"] > 5_000


def test_paper_starts_with_the_decision_and_has_all_evidence(
    realistic: Signoff, background: Background, browse: Callable[..., str], tmp_path: Path
) -> None:
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("needs pdftotext (apt-get install poppler-utils)")
    page, paper = tmp_path / "page.html", tmp_path / "page.pdf"
    page.write_text(render_page(realistic, "en", background), encoding="utf-8")
    browse(page, f"--print-to-pdf={paper}", "--no-pdf-header-footer")
    text = subprocess.run([reader, "-layout", str(paper), "-"], capture_output=True, text=True, check=True).stdout
    first = text.split("\f")[0]
    assert "Do not release" in first
    assert "Every secret value is stored safely" in first
    assert text.count("How we know") == len(realistic.items)
