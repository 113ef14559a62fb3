"""Cell fold: every rule of the semantics by a named data set."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.decision.fold import fold_cell
from signoff.model import CellResult, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.model import Observation

Fold = "Callable[..., CellResult]"


@pytest.fixture
def fold(make: Any) -> Callable[..., CellResult]:
    def _fold(*observations: Observation, **fields: Any) -> CellResult:
        given = {
            "max_age": timedelta(days=7),
            "flaky_allowed": False,
            "now": make.now,
            "release": "1.0",
            "environment": "demo",
        }
        planned = fields.pop("planned", make.planned(make.cell()))
        return fold_cell(planned, observations, **(given | fields))

    return _fold


# outcome, minutes ago, run, attempt
HISTORIES = {
    "nothing": ([], State.NOT_VERIFIED),
    "one pass": ([("pass", 9, "A", 1)], State.PASS),
    "one failure": ([("fail", 9, "A", 1)], State.FAIL),
    "one error": ([("error", 9, "A", 1)], State.ERROR),
    "only skipped": ([("skip", 9, "A", 1)], State.NOT_VERIFIED),
    "a skip never clears": ([("fail", 9, "A", 1), ("skip", 5, "B", 1)], State.FAIL),
    "a skip never withdraws": ([("pass", 9, "A", 1), ("skip", 5, "B", 1)], State.PASS),
    "a later pass clears a failure": ([("fail", 9, "A", 1), ("pass", 5, "B", 1)], State.PASS),
    "a later failure withdraws a pass": ([("pass", 9, "A", 1), ("fail", 5, "B", 1)], State.FAIL),
    "an error withdraws a pass": ([("pass", 9, "A", 1), ("error", 5, "B", 1)], State.ERROR),
    "an error never clears a failure": ([("fail", 9, "A", 1), ("error", 5, "B", 1)], State.FAIL),
    "error on error on failure": ([("fail", 9, "A", 1), ("error", 5, "B", 1), ("error", 4, "C", 1)], State.FAIL),
    "pass after failure and error": ([("fail", 9, "A", 1), ("error", 5, "B", 1), ("pass", 4, "C", 1)], State.PASS),
    "a retry after failure stays a failure": ([("fail", 9, "A", 1), ("pass", 8, "A", 2)], State.FAIL),
    "two retries after failure stay a failure": (
        [("fail", 9, "A", 1), ("pass", 8, "A", 2), ("pass", 7, "A", 3)],
        State.FAIL,
    ),
    "an error between does not launder a failure": (
        [("fail", 9, "A", 1), ("error", 8, "A", 2), ("pass", 7, "A", 3)],
        State.FAIL,
    ),
    "a retry after error may pass": ([("error", 9, "A", 1), ("pass", 8, "A", 2)], State.PASS),
    "a retry after error within one instant may pass": ([("error", 9, "A", 1), ("pass", 9, "A", 2)], State.PASS),
    "a retry after failure within one instant": ([("fail", 9, "A", 1), ("error", 9, "A", 2)], State.FAIL),
    "the next run is not a retry": ([("fail", 9, "A", 1), ("pass", 8, "A", 2), ("pass", 5, "B", 1)], State.PASS),
    "doubled attempt: worst of pass and failure": ([("pass", 8, "A", 1), ("fail", 9, "A", 1)], State.FAIL),
    "doubled attempt: worst of pass and skip is no evidence": (
        [("pass", 8, "A", 1), ("skip", 9, "A", 1)],
        State.NOT_VERIFIED,
    ),
    "doubled attempt: worst of pass and error": ([("pass", 8, "A", 1), ("error", 9, "A", 1)], State.ERROR),
    "two runs at one instant: failure beats pass": ([("pass", 9, "B", 1), ("fail", 9, "A", 1)], State.FAIL),
    "two runs at one instant: error beats pass": ([("pass", 9, "B", 1), ("error", 9, "A", 1)], State.ERROR),
    "overlapping runs: the later end wins": ([("fail", 9, "B", 1), ("pass", 8, "A", 1)], State.PASS),
    "a failed run passes no later than it ends": (
        [("fail", 9, "A", 1), ("pass", 8, "B", 1), ("pass", 7, "A", 2)],
        State.FAIL,
    ),
    "a skip does not prolong a failed run": (
        [("fail", 9, "A", 1), ("pass", 8, "B", 1), ("skip", 7, "A", 2)],
        State.PASS,
    ),
    "doubled attempt: a skip does not prolong an error": (
        [("error", 9, "A", 1), ("pass", 8, "B", 1), ("skip", 7, "A", 1)],
        State.PASS,
    ),
    "doubled attempt: an error counts from the newest word on it": (
        [("error", 9, "A", 1), ("pass", 8, "B", 1), ("error", 7, "A", 1)],
        State.ERROR,
    ),
}
# Retrying is no shame here: the run's last word counts.
ALLOWED_TO_BE_FLAKY = {
    "a retry passes": ([("fail", 9, "A", 1), ("pass", 8, "A", 2)], State.PASS, True),
    "nothing failed": ([("error", 9, "A", 1), ("pass", 8, "A", 2)], State.PASS, False),
    "a retry within one instant, later in the run": (
        [("pass", 9, "A", 1), ("error", 8, "A", 2), ("pass", 8, "A", 3)],
        State.PASS,
        False,
    ),
    "an error within one instant withdraws a pass, not the failure before it": (
        [("fail", 9, "A", 1), ("pass", 8, "A", 2), ("error", 8, "A", 3)],
        State.FAIL,
        False,
    ),
    "an error within one instant never hides the failure before it": (
        [("pass", 9, "A", 1), ("fail", 8, "A", 2), ("error", 8, "A", 3)],
        State.FAIL,
        False,
    ),
    "a pass within one instant, later in the run than a failure": (
        [("fail", 8, "A", 1), ("pass", 8, "A", 2)],
        State.PASS,
        True,
    ),
    "a failure is not forgotten over an error": (
        [("fail", 9, "A", 1), ("error", 8, "A", 2), ("pass", 7, "A", 3)],
        State.PASS,
        True,
    ),
    "the last word by the clock, not by its number": (
        [("fail", 9, "A", 2), ("pass", 8, "A", 1)],
        State.PASS,
        True,
    ),
}


@pytest.mark.parametrize(("history", "state"), HISTORIES.values(), ids=HISTORIES)
@pytest.mark.parametrize("backwards", [False, True], ids=["in order", "backwards"])
def test_history_folds_to_its_state(make: Any, fold: Any, history: list[Any], state: State, backwards: bool) -> None:
    seen = [make.seen(outcome, ago, run, attempt=attempt) for outcome, ago, run, attempt in history]
    assert fold(*(reversed(seen) if backwards else seen)).state is state


def test_flaky_failure_is_marked_and_keeps_the_failure_as_evidence(make: Any, fold: Any) -> None:
    result = fold(make.seen("fail", 9, "A"), make.seen("pass", 8, "A", attempt=2))
    assert (result.flaky, result.observation.outcome, result.note) == (True, "fail", "failed first, passed on a retry")


@pytest.mark.parametrize(("history", "state", "flaky"), ALLOWED_TO_BE_FLAKY.values(), ids=ALLOWED_TO_BE_FLAKY)
def test_item_that_may_be_flaky_is_what_its_run_says_last(
    make: Any, fold: Any, history: list[Any], state: State, flaky: bool
) -> None:
    seen = [make.seen(outcome, ago, run, attempt=attempt) for outcome, ago, run, attempt in history]
    result = fold(*seen, flaky_allowed=True)
    assert (result.state, result.flaky) == (state, flaky)


def test_newest_failure_of_a_run_is_shown_and_failing_twice_is_not_flaky(make: Any, fold: Any) -> None:
    twice = [make.seen("fail", 9, "A", reason="first"), make.seen("fail", 8, "A", attempt=2, reason="second")]
    result = fold(*twice)
    assert (result.observation.reason, result.flaky) == ("second", False)


@pytest.mark.parametrize("outcome", ["pass", "fail", "error"])
def test_plain_answer_needs_no_explanation(make: Any, fold: Any, outcome: str) -> None:
    assert fold(make.seen(outcome)).note == ""


def test_flaky_item_that_is_allowed_to_be_passes_and_is_marked(make: Any, fold: Any) -> None:
    result = fold(make.seen("fail", 9, "A"), make.seen("pass", 8, "A", attempt=2), flaky_allowed=True)
    assert (result.state, result.flaky) == (State.PASS, True)


def test_flaky_allowance_does_not_excuse_a_last_failure(make: Any, fold: Any) -> None:
    history = [make.seen("pass", 9, "A"), make.seen("fail", 8, "A", attempt=2), make.seen("error", 7, "A", attempt=3)]
    assert fold(*history, flaky_allowed=True).state is State.FAIL


@pytest.mark.parametrize(
    "fields", [{"environment": "staging"}, {"release": "0.9"}], ids=["other environment", "other release"]
)
def test_evidence_of_elsewhere_does_not_count(make: Any, fold: Any, fields: dict[str, str]) -> None:
    assert fold(make.seen(**fields)).note == "not run"


def test_evidence_of_another_check_or_target_does_not_count(make: Any, fold: Any) -> None:
    others = [make.cell(check="open"), make.cell(target="web2"), make.cell(item="SEC-CFG-2")]
    assert fold(*(make.seen(cell=cell) for cell in others)).state is State.NOT_VERIFIED


def test_evidence_goes_stale_at_its_age_and_not_before(make: Any, fold: Any) -> None:
    week = make.seen(finished=make.now - timedelta(days=7))
    assert fold(week).state is State.STALE
    assert fold(week).note == "older than 7d"
    assert fold(week, now=make.now - timedelta(seconds=1)).state is State.PASS


@pytest.mark.parametrize("outcome", ["fail", "error"])
def test_bad_news_never_goes_stale(make: Any, fold: Any, outcome: str) -> None:
    old = make.seen(outcome, finished=make.ago(days=400), code_sha256="changed", target_sha256="changed")
    assert fold(old).state is State(outcome.upper())


@pytest.mark.parametrize(
    ("planned", "note"),
    [
        ({"code": "e" * 64}, "the check has changed since"),
        ({"definition": "e" * 64}, "the target's definition has changed since"),
        ({"implemented": False}, "the check no longer exists"),
    ],
    ids=["check changed", "target changed", "check deleted"],
)
def test_pass_is_stale_when_the_question_has_changed(make: Any, fold: Any, planned: dict[str, Any], note: str) -> None:
    result = fold(make.seen(), planned=make.planned(make.cell(), **planned))
    assert (result.state, result.note) == (State.STALE, note)


def test_observation_from_the_future_is_not_believed(make: Any, fold: Any) -> None:
    result = fold(make.seen(minutes_ago=-6))
    assert result.state is State.NOT_VERIFIED
    assert result.note.startswith("clock: ")
    assert result.note.endswith("check the clocks")  # and not that it was not run
    assert fold(make.seen(minutes_ago=-5)).state is State.PASS


def test_clock_warning_stays_beside_good_evidence(make: Any, fold: Any) -> None:
    result = fold(make.seen(minutes_ago=-60, run="B"), make.seen(run="A"))
    assert result.state is State.PASS
    assert "clock: an observation from 2026-06-01T13:00:00+00:00 lies in the future" in result.note


def test_pass_that_inspected_nothing_is_no_evidence(make: Any, fold: Any) -> None:
    result = fold(make.seen(inspected=0))
    assert (result.state, result.note) == (State.NOT_VERIFIED, "zero objects inspected")
    assert fold(make.seen("pass", 9, "A"), make.seen("pass", 5, "B", inspected=0)).observation.run == "A"
    assert fold(make.seen("fail", inspected=0)).state is State.FAIL


def test_reasons_for_no_evidence_are_told_apart(make: Any, fold: Any) -> None:
    gone = make.planned(make.cell(), implemented=False)
    assert fold(planned=gone).note == "no implementation"
    assert fold().note == "not run"
    assert fold(make.seen("skip", reason="psql is missing: install it")).note == "psql is missing: install it"
    assert fold(make.seen("skip", reason="")).note == "not run"


def test_newest_skip_gives_the_reason(make: Any, fold: Any) -> None:
    skips = [make.seen("skip", 9, "A", reason="old"), make.seen("skip", 5, "B", reason="new")]
    assert fold(*skips).note == fold(*reversed(skips)).note == "new"
    assert fold(*skips).observation == skips[1]
    other_names = [make.seen("skip", 9, "B", reason="old"), make.seen("skip", 5, "A", reason="new")]
    assert fold(*other_names).note == "new"


def test_doubled_pass_is_as_old_as_its_oldest_part(make: Any, fold: Any) -> None:
    parts = [make.seen(finished=make.ago(days=7)), make.seen(finished=make.ago(days=6))]
    assert fold(*parts).state is State.STALE
    assert fold(*parts).observation == fold(*reversed(parts)).observation == parts[0]


def test_doubled_attempt_shows_what_was_bad(make: Any, fold: Any) -> None:
    assert fold(make.seen("pass", 9), make.seen("error", 8)).observation.outcome == "error"
