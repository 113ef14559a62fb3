"""The page in a real browser: nothing hostile runs, no script is needed, a phone suffices, paper has everything."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from signoff.reports.page import render_page

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import SimpleNamespace

    from signoff.model import Signoff
    from signoff.reports.background import Background

CONTENT = """
return {
  title: page.title, filter: !page.getElementById("filter").hidden, items: page.querySelectorAll(".item").length,
  sections: page.querySelectorAll("main > section").length, text: page.body.innerText.length,
};
"""
HOSTILE = """
const choose = (name, value) => {
  const field = page.querySelector(`#filter [name=${name}]`);
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
};
choose("host", HOST); choose("text", HOST); choose("owner", HOST);
view.location.hash = `#filter?host=${encodeURIComponent(HOST)}&text=${HOST}&state=${HOST}`;
await new Promise((done) => setTimeout(done, 100));
page.querySelectorAll("details").forEach((each) => { each.open = true; });
return {
  title: page.title, owned: view.owned ?? 0, scripts: page.scripts.length, images: page.images.length,
  handlers: [...page.querySelectorAll("*")].flatMap((each) => each.getAttributeNames())
    .filter((name) => /^on|^style$/.test(name)).length,
  options: page.querySelectorAll("#filter-hosts option").length,
};
"""
NARROW = """
const root = page.documentElement;
const found = {};
for (const width of [320, 390, 768]) {
  frame.width = width;
  const wide = [...page.querySelectorAll("body *")].filter(
    (e) => e.getBoundingClientRect().right > root.clientWidth + 1 && !e.closest(".scroll") && !e.closest(".skip"));
  found[width] = { wide: wide.map((e) => e.outerHTML.slice(0, 120)), over: root.scrollWidth - root.clientWidth };
}
return found;
"""


def test_no_hostile_text_becomes_markup_even_without_the_policy(
    hostile: Signoff, background: Background, look: Callable[..., Any], make: SimpleNamespace
) -> None:
    script = HOSTILE.replace("HOST", json.dumps(make.xss).replace("<", "\\u003c"))
    seen = look(render_page(hostile, "ko", background), script, policy=False)
    assert "owned" not in seen["title"]
    assert (seen["owned"], seen["scripts"], seen["images"], seen["handlers"]) == (0, 1, 0, 0)
    assert seen["options"] == len({cell.cell.target for result in hostile.items for cell in result.cells} - {"-"})


@pytest.mark.parametrize("which", ["storied", "hostile"])
def test_nothing_overflows_a_phone(
    which: str, request: pytest.FixtureRequest, background: Background, look: Callable[..., Any]
) -> None:
    seen = look(render_page(request.getfixturevalue(which), "ko", background), NARROW)
    assert seen == {width: {"wide": [], "over": 0} for width in ("320", "390", "768")}


def test_the_page_needs_no_script(storied: Signoff, background: Background, look: Callable[..., Any]) -> None:
    """In a frame that may not run any, everything is there, and nothing is offered that would not work."""
    page = render_page(storied, "en", background)
    without, alone = (look(page, CONTENT, sandbox=limits) for limits in ("allow-same-origin", None))
    assert (without["filter"], alone["filter"]) == (False, True)
    assert without["items"] == len(storied.items)
    assert without["sections"] == alone["sections"] == 14
    assert without["text"] > 5_000


def test_the_page_works_in_a_frame_without_an_origin(
    storied: Signoff, background: Background, look: Callable[..., Any]
) -> None:
    """Wikis show attachments so: scripts may run, but there is no address and no storage."""
    script = """
    const field = page.querySelector("#filter [name=state]");
    field.value = "FAIL";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    return page.getElementById("filter-count").textContent;
    """
    seen = look(render_page(storied, "en", background), script, sandbox="allow-scripts", inside=True)
    assert seen == "6 of 83 items shown"


def test_the_strictest_server_leaves_the_page_complete(
    storied: Signoff, background: Background, browse: Callable[..., str]
) -> None:
    """With neither style nor script (as build servers show artifacts), the words are all there."""
    content = render_page(storied, "en", background).encode()

    class Strict(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", "sandbox; default-src 'none'")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Strict) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            dom = browse(f"http://127.0.0.1:{server.server_port}/", "--dump-dom")
        finally:
            server.shutdown()
    assert 'id="filter" role="search"' in dom
    assert dom[dom.index('id="filter"') :].partition(">")[0].endswith('hidden=""')
    for result in storied.items:
        assert f'id="i-{result.item.id}"' in dom


def test_a_dark_screen_gets_a_dark_page(storied: Signoff, background: Background, look: Callable[..., Any]) -> None:
    script = "return view.getComputedStyle(page.body).backgroundColor.match(/[0-9]+/g).map(Number);"
    page = render_page(storied, "ko", background)
    dark, light = (look(page, script, f"--blink-settings=preferredColorScheme={scheme}") for scheme in (0, 1))
    assert max(dark) < 60
    assert min(light) > 200


def test_paper_starts_with_the_decision_and_has_all_evidence(
    storied: Signoff, background: Background, browse: Callable[..., str], tmp_path: Path
) -> None:
    """Whatever the filter has chosen: a printed page that lacked items without saying so would mislead."""
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("needs pdftotext (apt-get install poppler-utils)")
    page, paper = tmp_path / "page.html", tmp_path / "page.pdf"
    page.write_text(render_page(storied, "en", background), encoding="utf-8")
    address = f"{page.as_uri()}#filter?owner=dba&state=FAIL"
    browse(address, f"--print-to-pdf={paper}", "--no-pdf-header-footer")
    text = subprocess.run([reader, "-layout", str(paper), "-"], capture_output=True, text=True, check=True).stdout
    first = text.split("\f")[0]
    assert "Do not release" in first
    assert "Every secret value is stored safely" in first
    assert "Waiting" in first
    assert text.count("How we know") == len(storied.items)
    headings = [
        "What blocks the release",
        "Areas",
        "Rollback criteria",
        "Waivers and",
        "What changed",
        "Issue register",
    ]
    places = [text.index(heading) for heading in [*headings, "All 83 items", "Targets by item", "Evidence and history"]]
    assert places == sorted(places)
