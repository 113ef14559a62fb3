"""Our checks against the embedded environment: healthy, broken on purpose, and out of reach."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.demo.layout import Layout

pytestmark = pytest.mark.demo

OURS = ("SEC-", "BAK-", "INT-", "RBK-")
SHOWN_LATER = {
    "static_analysis_found_nothing[source-analysis]",  # without ruff nobody analyses the source
}


def _red(cells: dict[str, dict[str, Any]]) -> dict[str, str]:
    bad = {name: cell for name, cell in cells.items() if cell["item"].startswith(OURS) and cell["state"] == "FAIL"}
    return {name: f"{cell['item']}: {cell['reason']}" for name, cell in bad.items()}


def test_a_healthy_environment_passes(demo_cells: Any, demo: Layout) -> None:
    cells = demo_cells(demo.env_file)

    asked = {name: cell for name, cell in cells.items() if cell["item"].startswith(OURS) and cell["note"] != "not run"}
    assert len(asked) > 40
    open_ = {name: (cell["state"], cell["reason"]) for name, cell in asked.items() if cell["state"] != "PASS"}
    assert {name: said for name, said in open_.items() if name not in SHOWN_LATER or said[0] != "NOT_VERIFIED"} == {}


def test_what_is_out_of_reach_is_an_error_and_never_a_failure(demo_cells: Any, demo: Layout, tmp_path: Path) -> None:
    # The same inventory with ports on which nobody listens.
    (tmp_path / ".env").write_text(re.sub(r"(_PORT)='\d+'", r"\1='1'", demo.env_file.read_text()))

    cells = demo_cells(tmp_path / ".env")

    assert _red(cells) == {}
    assert sum(cell["state"] == "ERROR" for cell in cells.values()) > 20
