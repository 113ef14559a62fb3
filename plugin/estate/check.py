"""Run the checklist against the estate, from the controller's network, and read what it found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estate.layout import EstateError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from estate.estate import Estate

ROOT = Path(__file__).parents[2]
"""The repository: the checklist and its inventories."""

INVENTORY = "estate"
AREAS = "infra or security"
"""The areas that the estate is made for, as `pytest -m` takes them."""

COMPUTED = frozenset({"SEC-VUL-4"})
"""Items that also follow from others: what their own checks saw is what counts here, else they repeat every fault."""
_RANK = ("FAIL", "ERROR", "NOT_VERIFIED", "STALE")
_TIMEOUT = 1800.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What one run found, by item."""

    states: Mapping[str, str]
    output: str
    """What the run printed."""

    def in_state(self, *states: str) -> frozenset[str]:
        """Return the items in one of the states."""
        return frozenset(item for item, state in self.states.items() if state in states)


def command(estate: Estate, *arguments: str) -> list[str]:
    """Return the command line of a run with these arguments for pytest, in the controller's network."""
    return estate.controller.command(sys.executable, "-m", "pytest", "--inventory", INVENTORY, *arguments)


def environment(estate: Estate) -> dict[str, str]:
    """Return the environment of a run: this one, with the estate's `.env`, without settings of a run around it."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "ESTATE_"))}
    return {**own, "SIGNOFF_ENV_FILE": str(estate.layout.env_file)}


def selection(items: Sequence[str]) -> str:
    """Return what `pytest -m` selects exactly these items by."""
    return " or ".join(f"checklist(id='{item}')" for item in items)


def run(
    estate: Estate, reports: Path, *, marks: str = AREAS, also: Collection[str] = (), extra: Sequence[str] = ()
) -> Found:
    """Check what the marks select, with fresh eyes: nothing of earlier runs counts.

    Args:
        estate: The running estate.
        reports: An empty folder for evidence and reports.
        marks: For `pytest -m`.
        also: Items of other areas, which are checked and looked at too.
        extra: More arguments for pytest.

    Raises:
        EstateError: the run came to no decision.
    """
    chosen = f"{marks} or {selection(sorted(also))}" if also else marks
    line = command(estate, "-q", "-m", chosen, "-o", f"signoff_reports={reports}", *extra)
    try:
        done = subprocess.run(
            line,
            cwd=ROOT,
            env=environment(estate),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise EstateError(f"the run took longer than {_TIMEOUT:g} s") from error
    written = sorted((reports / INVENTORY).glob("readiness_check_*.json"))
    if not written:
        raise EstateError(f"the run came to no decision:\n{done.stdout}{done.stderr}")
    decision = json.loads(written[-1].read_text(encoding="utf-8"))
    areas = AREAS.split(" or ")
    states = {item["id"]: _state(item) for item in decision["items"] if item["area"] in areas or item["id"] in also}
    return Found(states=states, output=done.stdout + done.stderr)


def _state(item: Mapping[str, Any]) -> str:
    """Return the item's state; of a computed one, that of its own checks."""
    if item["id"] not in COMPUTED or not item["cells"]:
        return str(item["state"])
    states = {str(cell["state"]) for cell in item["cells"]}
    return next((state for state in _RANK if state in states), "PASS")
