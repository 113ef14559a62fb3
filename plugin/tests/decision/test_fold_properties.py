"""Cell fold: laws that hold for every history."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.decision.fold import fold_cell
from signoff.model import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.model import CellResult

# Few runs, attempts and instants, so that they often meet.
seen_once = st.tuples(
    st.sampled_from(["pass", "fail", "error", "skip"]),
    st.integers(0, 6),
    st.sampled_from("ABC"),
    st.integers(1, 3),
    st.sampled_from([None, 0, 4]),
)
histories = st.lists(seen_once, max_size=8)
bad = seen_once.filter(lambda seen: seen[0] in {"fail", "error"})


def _fold(make: Any, history: Sequence[Any], *, flaky: bool, hours_later: int = 0) -> CellResult:
    seen = [
        make.seen(outcome, ago, run, attempt=attempt, inspected=inspected)
        for outcome, ago, run, attempt, inspected in history
    ]
    return fold_cell(
        make.planned(make.cell()),
        seen,
        max_age=timedelta(hours=3),
        flaky_allowed=flaky,
        now=make.now + timedelta(hours=hours_later),
        release="1.0",
        environment="demo",
    )


@settings(max_examples=300, deadline=None)
@given(st.data(), histories, st.booleans())
def test_order_and_repetition_change_nothing(make: Any, data: Any, history: list[Any], flaky: bool) -> None:
    shuffled = data.draw(st.permutations(history))
    once = _fold(make, history, flaky=flaky)
    again = _fold(make, [*shuffled, *history], flaky=flaky)
    assert (again.state, again.flaky, again.note, again.observation) == (
        once.state,
        once.flaky,
        once.note,
        once.observation,
    )


@settings(max_examples=500, deadline=None)
@given(histories, bad, st.booleans())
def test_bad_news_never_improves(make: Any, history: list[Any], news: Any, flaky: bool) -> None:
    before = _fold(make, history, flaky=flaky).state
    after = _fold(make, [*history, news], flaky=flaky).state
    assert after.rank <= before.rank


@settings(max_examples=300, deadline=None)
@given(histories, seen_once.filter(lambda seen: seen[0] == "skip"), st.booleans())
def test_a_skip_never_improves(make: Any, history: list[Any], skip: Any, flaky: bool) -> None:
    before = _fold(make, history, flaky=flaky).state
    assert _fold(make, [*history, skip], flaky=flaky).state.rank <= before.rank


@settings(max_examples=300, deadline=None)
@given(histories, st.integers(0, 5), st.booleans())
def test_time_never_improves(make: Any, history: list[Any], hours: int, flaky: bool) -> None:
    before = _fold(make, history, flaky=flaky).state
    assert _fold(make, history, flaky=flaky, hours_later=hours).state.rank <= before.rank


@settings(max_examples=300, deadline=None)
@given(histories, st.booleans())
def test_nothing_passes_without_a_pass_that_looked_at_something(make: Any, history: list[Any], flaky: bool) -> None:
    proof = any(outcome == "pass" and inspected != 0 for outcome, _, _, _, inspected in history)
    result = _fold(make, history, flaky=flaky)
    assert proof or result.state in {State.NOT_VERIFIED, State.ERROR, State.FAIL}


@settings(max_examples=300, deadline=None)
@given(histories)
def test_a_run_that_failed_never_passes_by_itself(make: Any, history: list[Any]) -> None:
    of_one_run = [seen for seen in history if seen[2] == "A"]
    failed = any(outcome == "fail" for outcome, *_ in of_one_run)
    assert not failed or _fold(make, of_one_run, flaky=False).state is State.FAIL
