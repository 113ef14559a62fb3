"""The page against axe-core, in the light and the dark, with everything unfolded: no violation of WCAG 2.1 A and AA."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from signoff.reports.page import render_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.model import Signoff
    from signoff.reports.background import Background

RUN = """
const program = page.createElement("script");
program.textContent = AXE;
page.head.append(program);
const sheet = page.createElement("style");
sheet.textContent = ".item { content-visibility: visible !important }";
page.head.append(sheet);
page.querySelectorAll("details").forEach((each) => { each.open = true; });
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];
const found = await view.axe.run(page, { runOnly: { type: "tag", values: tags }, elementRef: false });
return {
  passes: found.passes.length,
  violations: found.violations.map((each) => [each.id, each.nodes.length, each.nodes[0].html.slice(0, 160)]),
};
"""


@pytest.fixture(scope="module")
def axe() -> str:
    """Return axe-core's source."""
    path = Path(os.environ.get("SIGNOFF_AXE", ""))
    if not path.is_file():
        pytest.skip("needs axe-core: `npm install axe-core`, and SIGNOFF_AXE naming its axe.min.js")
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("which", "language", "scheme"), [("storied", "ko", 1), ("storied", "en", 0), ("hostile", "en", 1)]
)
def test_axe_finds_nothing(  # noqa: PLR0913, PLR0917 - every way to look at it
    which: str,
    language: Any,
    scheme: int,
    axe: str,
    background: Background,
    look: Callable[..., Any],
    request: pytest.FixtureRequest,
) -> None:
    signoff: Signoff = request.getfixturevalue(which)
    script = RUN.replace("AXE", json.dumps(axe).replace("</", "<\\/").replace("<!--", "<\\!--"))
    page = render_page(signoff, language, background)
    seen = look(page, script, f"--blink-settings=preferredColorScheme={scheme}", policy=False)
    assert isinstance(seen, dict), seen
    assert seen["violations"] == []
    assert seen["passes"] > 30
