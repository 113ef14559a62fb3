"""The whole checklist of infrastructure and security against every fault: exactly the named items turn red."""

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


def groups() -> list[tuple[Fault, ...]]:
    """Return faults that concern different items together; ESTATE_FAULTS=alone gives each a run of its own."""
    every = list(faults.CATALOGUE.values())
    return [(one,) for one in every] if os.environ.get("ESTATE_FAULTS") == "alone" else together(every)


@pytest.mark.parametrize("group", groups(), ids=lambda group: "+".join(one.name for one in group))
def test_faults_turn_exactly_their_items_red(estate: Estate, before: Found, group: tuple[Fault, ...]) -> None:
    row = matrix.measure(estate, group, before, again=False)
    assert row.red == row.expected
    assert row.unknown == row.blinded


def test_mended_it_is_as_healthy_as_before(estate: Estate, before: Found) -> None:
    assert matrix.healthy(estate).states == before.states
