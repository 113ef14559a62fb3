"""The rollback rule: strictly over a limit rolls back, what is not known is never kept."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import product
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.decision.rollback.rule import Measurement, Missing, Unknown, brief, judge, percent, plain
from signoff.model import RollbackValue, RollbackVerdict
from tests.decision.rollback.conftest import HOLD, KEEP, NOW, ROLL_BACK, RULE, measured


@pytest.mark.parametrize(
    ("fields", "verdict", "says"),
    [
        ({}, KEEP, ""),
        ({"errors": 50}, KEEP, ""),
        ({"errors": "50.00001"}, ROLL_BACK, "error rate 5.000001 %, limit 5 %"),
        ({"errors": 51}, ROLL_BACK, "error rate 5.1 %, limit 5 %"),
        ({"percentile_seconds": 1}, KEEP, ""),
        ({"percentile_seconds": "1.000001"}, ROLL_BACK, "p95 response time 1.000001 s, limit 1 s"),
        ({"mean_seconds": 1}, KEEP, ""),
        ({"mean_seconds": "1.2"}, ROLL_BACK, "mean response time 1.2 s, limit 1 s"),
        ({"requests": 100, "timed": 100}, KEEP, ""),
        ({"requests": 99}, HOLD, "99 requests, at least 100 are needed"),
        ({"timed": 99}, HOLD, "99 response times, at least 100 are needed"),
        ({"requests": 99, "errors": 99}, HOLD, "99 requests"),
        ({"requests": 99, "mean_seconds": 9}, ROLL_BACK, "mean response time 9 s"),
        ({"requests": 0, "timed": 0, "mean_seconds": None}, HOLD, "0 requests"),
        ({"errors": None}, HOLD, "error-ratio: the value is no number"),
        ({"percentile_seconds": "NaN"}, HOLD, "response-percentile"),
        ({"mean_seconds": "Infinity"}, HOLD, "response-mean"),
        ({"errors": -1}, HOLD, "error-ratio"),
        ({"requests": None, "errors": None, "timed": None}, HOLD, "error-ratio, response-mean, response-percentile"),
        ({"unknown": (Unknown(why="stale", what="http_requests_total"),)}, HOLD, "no recent sample"),
        ({"timed": 99, "percentile_seconds": 9}, HOLD, "99 response times"),
        ({"timed": 99, "mean_seconds": 9}, HOLD, "99 response times"),
        ({"requests": 10**15, "errors": 10**15}, ROLL_BACK, "error rate 100 %"),
        ({"requests": 10**15 + 1, "errors": 10**15}, HOLD, "error-ratio: the value is no number"),
        ({"unknown": (Unknown(why="stale", what="x"),), "errors": 900}, ROLL_BACK, "error rate 90 %"),
    ],
)
def test_one_window(fields: dict[str, Any], verdict: RollbackVerdict, says: str) -> None:
    judgement = judge(measured(**fields), RULE)
    assert judgement.verdict is verdict
    assert says in " · ".join(reason.en for reason in judgement.reasons)
    assert bool(judgement.reasons) == (verdict is not KEEP)
    assert all(reason.ko.startswith("shop: ") for reason in judgement.reasons)


@pytest.mark.parametrize("why", get_args(Missing))
def test_what_is_missing_is_said_once_and_in_both_languages(why: Missing) -> None:
    (reason,) = judge(measured(unknown=(Unknown(why=why, what="http_requests_total"),), errors=None), RULE).reasons
    assert reason.en.startswith("shop: http_requests_total: ")
    assert reason.ko.startswith("shop: http_requests_total: ")
    assert reason.ko != reason.en


@pytest.mark.parametrize(
    ("fields", "korean"),
    [
        ({"errors": 51}, "shop: 오류율 5.1 %, 한도 5 %"),
        ({"percentile_seconds": 2}, "shop: 응답 시간 p95 2초, 한도 1초"),
        ({"mean_seconds": 2}, "shop: 응답 시간 평균 2초, 한도 1초"),
        ({"requests": 99}, "shop: 요청 99건, 최소 100건 필요"),
        ({"timed": 99}, "shop: 응답 시간 표본 99건, 최소 100건 필요"),
    ],
)
def test_reasons_are_said_in_korean(fields: dict[str, Any], korean: str) -> None:
    assert judge(measured(**fields), RULE).reasons[0].ko == korean


def test_exactly_five_percent_is_kept_however_counters_were_extrapolated() -> None:
    """Prometheus stretches each counter to the window's edges by a factor of its own machine arithmetic."""
    for hits, total, factor in product((5, 15, 35, 41), (1, 3), (1.0344827586206897, 15.1 / 14.9, 1 / 3 + 1)):
        errors, requests = hits * total * factor, hits * 20 * total * factor
        fields = {"errors": repr(errors), "requests": repr(requests)}
        assert judge(measured(**fields), replace(RULE, min_samples=30)).verdict is KEEP


def test_the_mean_may_have_a_limit_of_its_own() -> None:
    rule = replace(RULE, mean_seconds=0.2)
    assert judge(measured(mean_seconds="0.2"), rule).verdict is KEEP
    assert judge(measured(mean_seconds="0.21"), rule).verdict is ROLL_BACK


numbers = st.none() | st.decimals(min_value=0, max_value=10_000, places=4) | st.sampled_from([Decimal("NaN")])
measurements = st.builds(
    Measurement,
    service=st.just("shop"),
    at=st.just(NOW),
    requests=numbers,
    errors=numbers,
    timed=numbers,
    percentile_seconds=numbers,
    mean_seconds=numbers,
    unknown=st.just(()) | st.just((Unknown(why="no-series", what="x"),)),
)


@given(measurements, st.decimals(min_value=0, max_value=1_000, places=3))
def test_more_errors_never_save_a_release(one: Measurement, more: Decimal) -> None:
    worse = replace(one, errors=None if one.errors is None else one.errors + more)
    before, after = judge(one, RULE).verdict, judge(worse, RULE).verdict
    assert before is not ROLL_BACK or after is ROLL_BACK
    assert after is not KEEP or before is KEEP


@given(measurements, st.sampled_from(["requests", "errors", "timed", "percentile_seconds", "mean_seconds"]))
def test_what_is_not_measured_is_never_kept(one: Measurement, name: str) -> None:
    for lost in (None, Decimal("NaN"), Decimal("Infinity"), Decimal(-1)):
        changed: dict[str, Any] = {name: lost}
        assert judge(replace(one, **changed), RULE).verdict is not KEEP


@given(measurements)
def test_whatever_is_kept_is_known_and_within_every_limit(one: Measurement) -> None:
    if judge(one, RULE).verdict is KEEP:
        assert not one.unknown
        assert one.requests is not None
        assert one.errors is not None
        assert one.requests >= 100
        assert one.errors * 20 <= one.requests * (1 + Decimal("1e-7"))
        assert one.mean_seconds is not None
        assert one.percentile_seconds is not None
        assert max(one.mean_seconds, one.percentile_seconds) <= 1


def test_numbers_are_short_unless_that_would_hide_what_they_break() -> None:
    def said(**fields: Any) -> str:
        return judge(measured(**fields), RULE).reasons[0].en

    assert said(errors="123.4567") == "shop: error rate 12.35 %, limit 5 %"
    assert said(errors="50.001") == "shop: error rate 5.0001 %, limit 5 %"
    assert said(mean_seconds="2.40890787") == "shop: mean response time 2.4089 s, limit 1 s"
    assert said(mean_seconds="1.00000001") == "shop: mean response time 1.00000001 s, limit 1 s"
    at_limit = RollbackValue(service="shop", name="response-mean", value=Decimal("0.12344"), limit=Decimal("0.12344"))
    assert brief(at_limit) == Decimal("0.1234")
    assert percent(Decimal("0.0600")) == "6 %"
    assert plain(Decimal("1.200000000")) == "1.2"
    assert plain(Decimal(100)) == "100"
