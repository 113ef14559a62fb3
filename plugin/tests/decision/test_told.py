"""What each run said of each item: the worst of it, and never a pass where an answer is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.decision.told import LAST, told
from signoff.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

ITEM = "SEC-CFG-1"


def said(make: Any, *outcomes: str, left_out: int = 0, flaky: Sequence[str] = (), **fields: Any) -> Outcome | None:
    """Return what a run said that planned two targets and saw these outcomes on the first."""
    cells = [make.cell(target="web1"), make.cell(target="web2")]
    seen = [make.seen(each, attempt=number, **fields) for number, each in enumerate(outcomes, 1)]
    run = make.run(planned=tuple(cells))
    (found,) = told([run], seen, {run.id: {ITEM: left_out}} if left_out else {}, flaky)
    return found.items.get(ITEM)


@pytest.mark.parametrize(
    ("outcomes", "left_out", "expected"),
    [
        ([], 2, Outcome.PASS),
        (["pass"], 1, Outcome.PASS),
        (["pass"], 0, Outcome.SKIP),
        ([], 0, Outcome.SKIP),
        (["skip"], 1, Outcome.SKIP),
        (["error"], 0, Outcome.ERROR),
        (["fail"], 0, Outcome.FAIL),
        (["error", "pass"], 1, Outcome.PASS),
        (["fail", "pass"], 1, Outcome.FAIL),
    ],
)
def test_the_worst_counts_and_a_missing_answer_is_none(
    make: Any, outcomes: list[str], left_out: int, expected: Outcome
) -> None:
    assert said(make, *outcomes, left_out=left_out) is expected


def test_an_item_that_may_be_flaky_passes_on_its_retry(make: Any) -> None:
    assert said(make, "fail", "pass", left_out=1, flaky=[ITEM]) is Outcome.PASS


def test_a_pass_that_looked_at_nothing_is_no_answer(make: Any) -> None:
    assert said(make, "pass", left_out=1, inspected=0) is Outcome.SKIP


def test_an_item_that_was_not_asked_is_not_told_of(make: Any) -> None:
    (found,) = told([make.run()], [make.seen(run="another")], {})
    assert found.items == {}


def test_the_last_runs_are_told_of_oldest_first(make: Any) -> None:
    runs = [replace(make.run(), id=f"R{number}") for number in range(LAST + 3)]
    assert [each.run for each in told(runs, [], {})] == [run.id for run in runs[3:]]
