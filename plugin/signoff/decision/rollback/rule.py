"""The plan's rollback rule on one window: measured values in; keep, roll back or hold out, with every reason.

Three criteria: the share of errors, a percentile of the response time, and its mean. A limit is broken by what is
strictly greater. What was not measured, or rests on too few samples, is unknown, and unknown is never kept; a broken
limit is broken whatever else is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from signoff.model import RollbackValue, RollbackVerdict, Text

if TYPE_CHECKING:
    from datetime import datetime

    from signoff.model import RollbackRule

_EXACT = Decimal("0.000000001")
"""Counters are extrapolated to the window's edges: digits behind these are noise of that, and 5 % exactly is kept."""
_BRIEF = Decimal("0.0001")
_LARGEST = Decimal(10) ** 15
_CRITERIA = frozenset({"error-ratio", "response-percentile", "response-mean"})

Missing = Literal["no-series", "no-status", "no-histogram", "short-histogram", "stale", "no-number", "no-answer"]
_MISSING: dict[Missing, Text] = {
    "no-series": Text(
        ko="메트릭이 없음, 인벤토리의 metrics와 수집 상태를 확인할 것",
        en="no such series; check metrics in the inventory, and that they are collected",
    ),
    "no-status": Text(
        ko="상태 코드 레이블이 없는 요청이 있음, 인벤토리의 status_label을 확인할 것",
        en="requests without a status; check status_label in the inventory",
    ),
    "no-histogram": Text(
        ko="응답 시간 히스토그램이 없음, 인벤토리의 durations를 확인할 것",
        en="no histogram of response times; check durations in the inventory",
    ),
    "short-histogram": Text(
        ko="히스토그램 구간이 한도까지 닿지 않음, 한도보다 큰 구간을 추가할 것",
        en="the histogram ends at or below the limit; add a bucket above it",
    ),
    "stale": Text(
        ko="최근 표본이 없음, 수집이 멈췄는지 확인할 것", en="no recent sample; is it still being collected?"
    ),
    "no-number": Text(ko="값이 숫자가 아님", en="the value is no number"),
    "no-answer": Text(ko="Prometheus에 물어볼 수 없음", en="Prometheus could not be asked"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Unknown:
    """Why something could not be measured, and of what: an expression, or the error that was met."""

    why: Missing
    what: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """What was measured of one service over the window that ends `at`; None: not measured, `unknown` says why."""

    service: str
    at: datetime
    requests: Decimal | None = None
    errors: Decimal | None = None
    timed: Decimal | None = None
    """Requests whose response time was measured."""
    percentile_seconds: Decimal | None = None
    mean_seconds: Decimal | None = None
    unknown: tuple[Unknown, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What a window says."""

    service: str
    at: datetime
    verdict: RollbackVerdict
    reasons: tuple[Text, ...] = ()
    values: tuple[RollbackValue, ...] = ()


def judge(measured: Measurement, rule: RollbackRule) -> Judgement:
    """Return what the window says by the rule."""
    values = _values(measured, rule)
    compared = [value for value in values if value.name in _CRITERIA]
    broken = [_broken(value, rule) for value in compared if value.value > value.limit]
    unknown = [_unknown(measured.service, each) for each in measured.unknown]
    unknown += _too_few(values)
    if not unknown and len(compared) < len(_CRITERIA):
        unknown.append(_unknown(measured.service, Unknown(why="no-number", what=_left_out(compared))))
    verdict = RollbackVerdict.HOLD if unknown else RollbackVerdict.KEEP
    return Judgement(
        service=measured.service,
        at=measured.at,
        verdict=RollbackVerdict.ROLL_BACK if broken else verdict,
        reasons=(*broken, *unknown),
        values=values,
    )


def brief(value: RollbackValue) -> Decimal:
    """Return the value rounded for people, but never so that what is over its limit looks as if it were not."""
    rounded = value.value.quantize(_BRIEF)
    return value.value if (rounded > value.limit) != (value.value > value.limit) else rounded


def percent(ratio: Decimal) -> str:
    """Return the ratio in percent."""
    return f"{plain(ratio * 100)} %"


def plain(value: Decimal) -> str:
    """Return the number without exponent and without zeros at its end."""
    return f"{value.normalize():f}"


def _values(measured: Measurement, rule: RollbackRule) -> tuple[RollbackValue, ...]:
    """Return what was measured, and of the criteria only those that rest on enough samples."""
    requests, errors, timed = (_usable(each) for each in (measured.requests, measured.errors, measured.timed))
    percentile, mean = _usable(measured.percentile_seconds), _usable(measured.mean_seconds)
    least = Decimal(rule.min_samples)
    found: list[tuple[Literal["requests", "timed", "error-ratio", "response-percentile", "response-mean"], Decimal]]
    found = []
    limits = {
        "requests": least,
        "timed": least,
        "error-ratio": Decimal(str(rule.error_ratio)),
        "response-percentile": Decimal(str(rule.response_seconds)),
        "response-mean": Decimal(str(rule.mean_limit)),
    }
    if requests is not None:
        found.append(("requests", requests))
        if errors is not None and requests >= least:
            found.append(("error-ratio", (errors / requests).quantize(_EXACT)))
    if timed is not None:
        found.append(("timed", timed))
        if percentile is not None and timed >= least:
            found.append(("response-percentile", percentile))
        if mean is not None and timed >= least:
            found.append(("response-mean", mean))
    return tuple(
        RollbackValue(service=measured.service, name=name, value=value, limit=limits[name]) for name, value in found
    )


def _usable(value: Decimal | None) -> Decimal | None:
    """Return the value as exact as it can be, or None for what no counter can have counted."""
    if value is None or not value.is_finite() or not 0 <= value <= _LARGEST:
        return None
    return value.quantize(_EXACT)


def _too_few(values: tuple[RollbackValue, ...]) -> list[Text]:
    what = {"requests": Text(ko="요청", en="requests"), "timed": Text(ko="응답 시간 표본", en="response times")}
    return [
        Text(
            ko=f"{one.service}: {what[one.name].ko} {one.value:.0f}건, 최소 {plain(one.limit)}건 필요",
            en=f"{one.service}: {one.value:.0f} {what[one.name].en}, at least {plain(one.limit)} are needed",
        )
        for one in values
        if one.name in what and one.value < one.limit
    ]


def _broken(value: RollbackValue, rule: RollbackRule) -> Text:
    service = value.service
    if value.name == "error-ratio":
        shown, limit = percent(brief(value)), percent(value.limit)
        return Text(ko=f"{service}: 오류율 {shown}, 한도 {limit}", en=f"{service}: error rate {shown}, limit {limit}")
    shown, limit = plain(brief(value)), plain(value.limit)
    what = f"p{rule.percentile * 100:g}" if value.name == "response-percentile" else ""
    return Text(
        ko=f"{service}: 응답 시간 {what or '평균'} {shown}초, 한도 {limit}초",
        en=f"{service}: {what or 'mean'} response time {shown} s, limit {limit} s",
    )


def _unknown(service: str, unknown: Unknown) -> Text:
    why = _MISSING[unknown.why]
    return Text(ko=f"{service}: {unknown.what}: {why.ko}", en=f"{service}: {unknown.what}: {why.en}")


def _left_out(compared: list[RollbackValue]) -> str:
    return ", ".join(sorted(_CRITERIA - {value.name for value in compared}))
