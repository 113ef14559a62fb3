"""The whole checklist against every fault: exactly the named items turn red."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from estate import faults, matrix
from estate.groups import together

if TYPE_CHECKING:
    from estate.check import Found
    from estate.estate import Estate
    from estate.faults.model import Fault


@pytest.fixture(scope="module")
def before(estate: Estate) -> Found:
    return matrix.healthy(estate)


USUAL = 4
"""Groups that are always measured: on every item, and half of all faults."""


def groups() -> list[tuple[Fault, ...]]:
    """Return faults that concern different items together: a few groups that leave no item out.

    ESTATE_FAULTS=all measures all groups, ESTATE_FAULTS=alone gives each fault a run of its own.
    """
    every, wanted = list(faults.CATALOGUE.values()), os.environ.get("ESTATE_FAULTS", "")
    if wanted == "alone":
        return [(one,) for one in every]
    rest = together(every)
    chosen: list[tuple[Fault, ...]] = []
    while rest and (wanted == "all" or len(chosen) < USUAL):
        seen = items(*chosen)
        chosen.append(max(rest, key=lambda group: (len(items(group) - seen), len(group))))
        rest.remove(chosen[-1])
    return chosen


def items(*some: tuple[Fault, ...]) -> set[str]:
    return {item for group in some for fault in group for item in fault.items}


def test_usual_groups_leave_no_item_out() -> None:
    assert items(*groups()) == items(tuple(faults.CATALOGUE.values()))


@pytest.mark.parametrize("group", groups(), ids=lambda group: "+".join(one.name for one in group))
def test_faults_turn_exactly_their_items_red(estate: Estate, before: Found, group: tuple[Fault, ...]) -> None:
    row = matrix.measure(estate, group, before, again=False)
    assert row.red == row.expected
    assert row.unknown == row.blinded


def test_mended_it_is_as_healthy_as_before(estate: Estate, before: Found) -> None:
    assert matrix.healthy(estate).states == before.states
