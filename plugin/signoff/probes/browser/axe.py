"""axe-core (Deque, MPL-2.0): found where it is installed, run inside a page unchanged, its answer read strictly."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.browser.model import Accessibility, Barrier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
"""Rules for WCAG 2.1, levels A and AA, which KWCAG 2.2 is made of."""
RUN = """async (tags) => {
  const found = await globalThis.axe.run(document, { runOnly: { type: "tag", values: tags }, elementRef: false });
  const short = ({ id, impact, nodes }) =>
    ({ id, impact: impact || "", nodes: nodes.length, example: nodes[0] ? nodes[0].target.flat(9).join(" ") : "" });
  return {
    version: found.testEngine.version,
    passes: found.passes.length,
    violations: found.violations.map(short),
    incomplete: found.incomplete.map(short),
  };
}"""
_PACKAGE, _FILE = "axe_playwright_python", "axe.min.js"


def program(path: Path | None) -> str:
    """Return axe-core's source: the file, else the one in the package axe-playwright-python.

    Raises:
        NotVerifiedError: neither is there, or the file is none of axe-core's.
    """
    try:
        source = (path or files(_PACKAGE).joinpath(_FILE)).read_text(encoding="utf-8")
    except (OSError, ModuleNotFoundError, UnicodeDecodeError) as error:
        what = f"{path.name} cannot be read" if path else "axe-core is not installed"
        raise NotVerifiedError(
            f"{what}; run pip install 'pytest-signoff[web]', or name an axe.min.js (npm install axe-core) in `axe`"
        ) from error
    if "axe" not in source[:500].lower():
        raise NotVerifiedError(f"{path}: not axe-core; name its axe.min.js")
    return source


def read(answer: Mapping[str, Any]) -> Accessibility:
    """Return what axe-core found."""
    return Accessibility(
        version=str(answer["version"]),
        passed=int(answer["passes"]),
        violations=_barriers(answer["violations"]),
        undecided=_barriers(answer["incomplete"]),
    )


def _barriers(answers: Sequence[Mapping[str, Any]]) -> tuple[Barrier, ...]:
    return tuple(
        Barrier(rule=one["id"], impact=one["impact"], nodes=int(one["nodes"]), example=str(one["example"])[:200])
        for one in answers
    )
