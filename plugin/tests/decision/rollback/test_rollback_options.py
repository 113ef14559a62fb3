"""Options of a single run: they may make the rollback rule stricter, never looser."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from signoff.decision.rollback.watch import tightened
from tests.decision.rollback.conftest import RULE


def test_options_may_only_make_the_rule_stricter() -> None:
    strict, changed = tightened(RULE, {"error_ratio": 0.01, "min_samples": 500, "window": None, "step": RULE.step})
    assert (strict.error_ratio, strict.min_samples, strict.window) == (0.01, 500, RULE.window)
    assert changed == ("error_ratio=0.01", "min_samples=500")
    assert tightened(RULE, {}) == (RULE, ())


STRICTER: dict[str, Any] = {
    "response_seconds": 0.5,
    "mean_seconds": 0.5,
    "min_samples": 101,
    "watch": timedelta(minutes=11),
    "window": timedelta(minutes=1),
    "step": timedelta(seconds=30),
}


@pytest.mark.parametrize(("name", "value"), STRICTER.items())
def test_a_stricter_option_is_taken(name: str, value: Any) -> None:
    strict, changed = tightened(RULE, {name: value})
    assert strict == replace(RULE, **{name: value})
    assert changed == (f"{name}={value}",)


def test_the_mean_is_as_strict_as_its_own_limit() -> None:
    own = replace(RULE, mean_seconds=0.2)
    assert tightened(own, {"mean_seconds": 0.1})[0].mean_limit == 0.1
    with pytest.raises(ValueError, match=r"mean_seconds 0\.5 is looser than the policy's 0\.2"):
        tightened(own, {"mean_seconds": 0.5})
    assert tightened(RULE, {"mean_seconds": 1.0})[1] == ()


@pytest.mark.parametrize(
    "looser",
    [
        {"error_ratio": 0.06},
        {"response_seconds": 1.5},
        {"mean_seconds": 1.5},
        {"min_samples": 99},
        {"watch": timedelta(minutes=9)},
        {"window": timedelta(minutes=6)},
        {"step": timedelta(minutes=2)},
        {"window": timedelta(seconds=30)},
    ],
)
def test_a_looser_option_is_refused(looser: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"looser|longer"):
        tightened(RULE, looser)
