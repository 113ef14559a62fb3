"""The policy's rollback criteria: what is left out is the plan's, and what cannot work is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.config.inventory import Inventory

POLICY = (
    "schema_version: 1\nproduct: P\nenvironment: demo\nrelease: {version: 1.0.0, commit: abcdef1}\n"
    "roster:\n  - {name: Kim, roles: [tech]}\n"
)


def test_what_is_left_out_is_the_plans(load: Callable[..., Inventory]) -> None:
    rule = load({"policy.yaml": f"{POLICY}rollback: {{}}\n"}).policy.rollback
    assert rule is not None
    assert (rule.error_ratio, rule.response_seconds, rule.mean_limit, rule.percentile) == (0.05, 1.0, 1.0, 0.95)
    assert (rule.window, rule.watch, rule.step) == (timedelta(minutes=5), timedelta(minutes=30), timedelta(seconds=30))
    assert rule.deciders == ()


def test_everything_can_be_set(load: Callable[..., Inventory]) -> None:
    given = (
        "{error_ratio: 0.01, response_seconds: 0.5, mean_seconds: 0.2, percentile: 0.99, window: 2m, min_samples: 9,"
        " watch: 1h, step: 10s, stale_after: 45s, deciders: [tech]}"
    )
    rule = load({"policy.yaml": f"{POLICY}rollback: {given}\n"}).policy.rollback
    assert rule is not None
    assert (rule.mean_limit, rule.percentile, rule.watch) == (0.2, 0.99, timedelta(hours=1))
    assert (rule.stale_after, rule.deciders) == (timedelta(seconds=45), ("tech",))


@pytest.mark.parametrize(
    ("criteria", "says"),
    [
        ("{window: 40m}", "rollback.watch: is shorter than the window"),
        ("{step: 6m}", "rollback.step: is longer than the window"),
        ("{window: 0s}", "rollback.window: is no time at all"),
        ("{stale_after: 0s}", "rollback.stale_after: is no time at all"),
        ("{deciders: [teck]}", "nobody on the roster is 'teck' (did you mean 'tech'?)"),
        ("{deciders: [executive]}", "nobody on the roster is 'executive'"),
        ("{mean_seconds: 0}", "greater than 0"),
        ("{percentile: 95}", "less than 1"),
        ("{min_samples: 0}", "greater than or equal to 1"),
        ("{watches: 1h}", "unknown key (did you mean 'watch'?)"),
    ],
)
def test_criteria_that_cannot_work_are_refused(refused: Callable[..., list[str]], criteria: str, says: str) -> None:
    problems = refused({"policy.yaml": f"{POLICY}rollback: {criteria}\n"})
    assert says in " ".join(problems)
