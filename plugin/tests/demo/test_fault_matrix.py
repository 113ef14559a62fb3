"""The whole checklist against every fault of the catalogue: exactly the items it names turn red, nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from signoff.config.checklist import load_checklist
from signoff.demo import environment, faults

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from signoff.demo.faults.model import Fault
    from signoff.demo.layout import Layout

pytestmark = pytest.mark.demo

ROOT = Path(__file__).parents[3]
FOLLOWS = frozenset({"INT-FIN-1", "INT-FIN-2", "SEC-VUL-4"})
"""Derived from the others: red or open with any of them."""


@pytest.fixture(scope="module")
def checked() -> frozenset[str]:
    """Items that have checks; a fault may also name an item whose checks are still to be written."""
    return frozenset(item.id for item in load_checklist(ROOT / "tests/checklist.yaml").items if item.checks)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layout]:
    """Return a copy of its own: what other tests broke stays in the metrics of the last hour."""
    directory = tmp_path_factory.mktemp("matrix") / "copy"
    yield environment.up(directory)
    environment.down(directory)


@pytest.fixture(scope="module")
def healthy(demo: Layout, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return states(demo, tmp_path_factory.mktemp("healthy"))


def states(demo: Layout, folder: Path) -> dict[str, str]:
    """Run everything as a nightly job would, and return the state of each item."""
    command = [sys.executable, "-m", "pytest", "-q", "--inventory", "demo", "-o", f"signoff_reports={folder}"]
    environment = {**os.environ, "SIGNOFF_ENV_FILE": str(demo.env_file)}
    # A run's own settings, not those of the run that is going on here.
    inner = {name: value for name, value in environment.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=ROOT, env=inner, capture_output=True, text=True, check=False, timeout=300)
    written = sorted((folder / "demo").glob("readiness_check_*.json"))
    assert written, done.stdout + done.stderr
    return {item["id"]: item["state"] for item in json.loads(written[-1].read_text())["items"]}


def test_a_healthy_environment_has_no_red_item_and_no_unanswered_question(healthy: dict[str, str]) -> None:
    assert {item for item, state in healthy.items() if state in {"FAIL", "ERROR", "STALE"}} == set()


VOLATILE = frozenset({"instance-down", "server-in-maintenance"})
"""Lost when a program starts anew, as other faults make it do: they come last."""


def groups() -> list[tuple[Fault, ...]]:
    """Return the faults of the catalogue, together where no two concern the same item: one run tells about all of them.

    With SIGNOFF_FAULTS=alone each has a run of its own.
    """
    most = 1 if os.environ.get("SIGNOFF_FAULTS") == "alone" else 6
    found: list[list[Fault]] = []
    for fault in faults.CATALOGUE.values():
        others = (group for group in found if len(group) < most and concerned([fault]).isdisjoint(concerned(group)))
        group = next(others, None)
        if group is None:
            found.append(group := [])
        group.append(fault)
    return [tuple(sorted(group, key=lambda fault: (fault.name in VOLATILE, len(fault.blinds)))) for group in found]


def concerned(group: Iterable[Fault]) -> set[str]:
    return {item for fault in group for item in (*fault.items, *fault.blinds)}


@pytest.mark.parametrize("group", groups(), ids=lambda group: "+".join(fault.name for fault in group))
def test_faults_turn_exactly_their_items_red(
    demo: Layout, healthy: dict[str, str], checked: frozenset[str], tmp_path: Path, group: tuple[Fault, ...]
) -> None:
    try:
        for fault in group:
            faults.inject(demo, fault.name)
        broken = states(demo, tmp_path)
    finally:
        faults.heal_all(demo)

    red = {item for item, state in broken.items() if state == "FAIL"} - FOLLOWS
    assert red == {item for fault in group for item in fault.items} & checked
    unknown = {
        item
        for item, state in broken.items()
        if state in {"ERROR", "NOT_VERIFIED"} and healthy[item] not in {"ERROR", "NOT_VERIFIED"}
    }
    assert unknown - FOLLOWS == {item for fault in group for item in fault.blinds}
