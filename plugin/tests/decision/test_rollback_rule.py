"""The rollback rule: strictly over a limit rolls back, what is not known is never kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.decision.rollback.rule import Measurement, Missing, Unknown, brief, judge, percent, plain
from signoff.decision.rollback.watch import Watch, decide, tightened
from signoff.model import RollbackRule, RollbackValue, RollbackVerdict

KEEP, HOLD, ROLL_BACK = RollbackVerdict.KEEP, RollbackVerdict.HOLD, RollbackVerdict.ROLL_BACK
NOW = datetime(2025, 6, 28, 5, 0, tzinfo=UTC)
RULE = RollbackRule(
    error_ratio=0.05,
    response_seconds=1.0,
    percentile=0.95,
    window=timedelta(minutes=5),
    min_samples=100,
    watch=timedelta(minutes=10),
    step=timedelta(minutes=1),
)


def measured(**fields: Any) -> Measurement:
    values = {"requests": "1000", "errors": "0", "timed": "1000", "percentile_seconds": "0.4", "mean_seconds": "0.1"}
    given_values = {
        name: None if value is None else Decimal(str(value))
        for name, value in {**values, **{name: fields.pop(name) for name in list(fields) if name in values}}.items()
    }
    return Measurement(**{"service": "shop", "at": NOW, **given_values, **fields})


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


WATCH = Watch.of(RULE, NOW)


def window(at: datetime, verdict: RollbackVerdict, service: str = "shop") -> Any:
    fields = {KEEP: {}, HOLD: {"requests": 3}, ROLL_BACK: {"errors": 500}}[verdict]
    return judge(measured(at=at, service=service, **fields), RULE)


def test_windows_lie_wholly_after_the_release_and_cover_the_watch() -> None:
    assert WATCH.instants[0] == NOW + RULE.window
    assert WATCH.ended == NOW + RULE.watch
    assert len(WATCH.instants) == 6
    uneven = Watch.of(replace(RULE, step=timedelta(minutes=2)), NOW)
    assert [int((at - NOW).total_seconds() / 60) for at in uneven.instants] == [5, 7, 9, 10]
    assert Watch.of(replace(RULE, watch=RULE.window), NOW).instants == (NOW + RULE.window,)


def test_a_watch_is_kept_only_when_all_of_it_was_seen() -> None:
    seen = [window(at, KEEP) for at in WATCH.instants]
    assert decide(WATCH, ["shop"], seen).verdict is KEEP
    for number in range(len(seen)):
        rest = seen[:number] + seen[number + 1 :]
        decision = decide(WATCH, ["shop"], rest)
        assert decision.verdict is HOLD
        assert decision.reasons[0].en == "1 of 6 windows could not be judged"
    assert decide(WATCH, ["shop", "api"], seen).verdict is HOLD
    assert decide(WATCH, [], seen).verdict is HOLD
    assert decide(WATCH, ["shop"], []).verdict is HOLD


def test_the_first_broken_window_decides_and_names_its_values() -> None:
    seen = [window(at, KEEP) for at in WATCH.instants]
    seen[2] = window(WATCH.instants[2], ROLL_BACK)
    decision = decide(WATCH, ["shop"], seen)
    assert decision.verdict is ROLL_BACK
    assert decision.at == WATCH.instants[2]
    assert decision.reasons[0].en == "shop: error rate 50 %, limit 5 %"
    assert {value.name for value in decision.values} >= {"error-ratio", "response-mean", "response-percentile"}


def test_a_watch_that_is_kept_says_what_was_seen_last() -> None:
    decision = decide(
        WATCH, ["shop", "api"], [window(at, KEEP, name) for at in WATCH.instants for name in ("shop", "api")]
    )
    assert (decision.service, decision.at, decision.verdict) == ("shop, api", WATCH.ended, KEEP)
    assert [(reason.ko, reason.en) for reason in decision.reasons] == [
        ("구간 12개가 모두 한도 이내", "all 12 windows are within the limits")
    ]
    assert {value.service for value in decision.values} == {"shop", "api"}


def test_a_watch_that_is_held_counts_what_is_missing_and_says_why() -> None:
    seen = [window(at, HOLD) for at in WATCH.instants[:2]] + [window(at, KEEP) for at in WATCH.instants[2:]]
    decision = decide(WATCH, ["shop"], seen)
    assert (decision.service, decision.at, decision.verdict) == ("shop", WATCH.ended, HOLD)
    assert [(reason.ko, reason.en) for reason in decision.reasons] == [
        ("구간 6개 가운데 2개를 판정하지 못함", "2 of 6 windows could not be judged"),
        ("shop: 요청 3건, 최소 100건 필요", "shop: 3 requests, at least 100 are needed"),
    ]
    nothing = decide(WATCH, [], seen)
    assert [reason.en for reason in nothing.reasons] == ["0 of 0 windows could not be judged"]
    assert (nothing.service, nothing.values) == ("", ())


def test_only_those_to_blame_give_reasons_and_of_many_the_first_five() -> None:
    names = [f"shop{number}" for number in range(7)]
    seen = [window(at, KEEP, name) for at in WATCH.instants for name in [*names, "api"]]
    seen += [window(WATCH.instants[1], ROLL_BACK, name) for name in names]
    seen += [window(WATCH.instants[0], HOLD, "api"), window(WATCH.instants[3], ROLL_BACK, "api")]
    decision = decide(WATCH, ["api", *names], seen)
    assert (decision.verdict, decision.at) == (ROLL_BACK, WATCH.instants[1])
    assert [reason.en for reason in decision.reasons] == [f"{name}: error rate 50 %, limit 5 %" for name in names[:5]]


def test_what_broke_later_is_no_reason_of_the_first_broken_window() -> None:
    seen = [window(at, KEEP) for at in WATCH.instants]
    seen += [judge(measured(at=WATCH.instants[n], errors=errors), RULE) for n, errors in ((3, 900), (1, 500))]
    assert [reason.en for reason in decide(WATCH, ["shop"], seen).reasons] == ["shop: error rate 50 %, limit 5 %"]


AGAIN = {
    "nothing, then good": (HOLD, KEEP, KEEP),
    "good, then nothing": (KEEP, HOLD, KEEP),
    "good, then broken": (KEEP, ROLL_BACK, ROLL_BACK),
    "broken, then good": (ROLL_BACK, KEEP, ROLL_BACK),
    "broken, then nothing": (ROLL_BACK, HOLD, ROLL_BACK),
    "nothing, then broken": (HOLD, ROLL_BACK, ROLL_BACK),
}


@pytest.mark.parametrize(("first", "second", "verdict"), AGAIN.values(), ids=AGAIN)
def test_asking_again_about_a_window(first: Any, second: Any, verdict: RollbackVerdict) -> None:
    rest = [window(at, KEEP) for at in WATCH.instants[1:]]
    asked = [window(WATCH.instants[0], each) for each in (first, second)]
    assert decide(WATCH, ["shop"], [*rest, *asked]).verdict is verdict


def test_of_two_answers_of_one_kind_it_is_always_the_same_that_counts() -> None:
    rest = [window(at, KEEP) for at in WATCH.instants[1:]]
    asked = [judge(measured(at=WATCH.instants[0], errors=errors), RULE) for errors in (500, 900)]
    assert decide(WATCH, ["shop"], [*asked, *rest]) == decide(WATCH, ["shop"], [*rest, *asked[::-1]])


def test_a_window_longer_than_the_watch_is_waited_for() -> None:
    short = Watch.of(replace(RULE, watch=timedelta(minutes=2)), NOW)
    assert (short.started, short.instants) == (NOW, (NOW + RULE.window,))


def test_one_of_several_services_is_enough_to_roll_back() -> None:
    seen = [window(at, KEEP, name) for at in WATCH.instants for name in ("shop", "api")]
    assert decide(WATCH, ["shop", "api"], seen).verdict is KEEP
    assert decide(WATCH, ["shop", "api"], [*seen, window(WATCH.ended, ROLL_BACK, "api")]).verdict is ROLL_BACK
    assert decide(WATCH, ["shop"], [*seen, window(WATCH.ended, ROLL_BACK, "api")]).verdict is KEEP


histories = st.lists(st.tuples(st.sampled_from(WATCH.instants), st.sampled_from(RollbackVerdict)), max_size=20)


@given(histories, st.randoms(use_true_random=False))
def test_the_order_of_windows_is_irrelevant(history: list[tuple[datetime, RollbackVerdict]], chance: Any) -> None:
    seen = [window(at, verdict) for at, verdict in history]
    shuffled = list(seen)
    chance.shuffle(shuffled)
    assert decide(WATCH, ["shop"], seen) == decide(WATCH, ["shop"], [*shuffled, *shuffled])


@given(histories, st.sampled_from(WATCH.instants), st.sampled_from([HOLD, ROLL_BACK]))
def test_bad_news_never_keeps_a_release(history: Any, at: datetime, bad: RollbackVerdict) -> None:
    seen = [window(when, verdict) for when, verdict in history]
    before, after = decide(WATCH, ["shop"], seen), decide(WATCH, ["shop"], [*seen, window(at, bad)])
    assert after.verdict.badness >= before.verdict.badness


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
