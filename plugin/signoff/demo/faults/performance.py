"""Faults of load tests and of drills: what they found, and what makes them say nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from signoff.demo import evidence
from signoff.demo.exercises.recovery import KILLED
from signoff.demo.faults.edits import replace
from signoff.demo.faults.model import Fault
from signoff.demo.layout import write_atomically
from signoff.model import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.demo.layout import Layout

_LOAD, _NOTE, _AFTER = "load/locust.json", "load/context.json", "load/statements-after.json"
_DRILL = "game-day.json"
_HAPROXY = "etc/supervisor/haproxy.conf"
_YES, _NO = "autorestart = true", "autorestart = false"


def _edited(name: str, change: Callable[[Any], Any]) -> tuple[Callable[[Layout], str], Callable[[Layout, str], None]]:
    """Return how a record is changed, and how it is put back."""

    def make(layout: Layout) -> str:
        path = evidence.directory(layout) / name
        before = path.read_text(encoding="utf-8")
        write_atomically(path, json.dumps(change(json.loads(before)), indent=1) + "\n", mode=0o644)
        return before

    def take_back(layout: Layout, before: str) -> None:
        write_atomically(evidence.directory(layout) / name, before, mode=0o644)

    return make, take_back


def _fail_requests(entries: Any) -> Any:
    return [{**entry, "num_failures": entry["num_requests"] // 5} for entry in entries]


def _slow_down(entries: Any) -> Any:
    return [{**entry, "response_times": {"2500": entry["num_requests"]}} for entry in entries]


def _saturate(note: Any) -> Any:
    return {**note, "generator": {**note["generator"], "cpu_peak_ratio": 0.99}}


def _load_elsewhere(note: Any) -> Any:
    return {**note, "target": "https://production.example.test"}


def _dominate(snapshot: Any) -> Any:
    first, *others = sorted(snapshot["statements"], key=lambda one: -one["calls"])
    return {**snapshot, "statements": [{**first, "total_ms": first["total_ms"] + 1e7}, *others]}


def _reset(snapshot: Any) -> Any:
    return {**snapshot, "reset": snapshot["taken"]}


def _drop(snapshot: Any) -> Any:
    return {**snapshot, "evictions": snapshot["evictions"] + 1}


def _of_fault(**facts: Any) -> Callable[[Any], Any]:
    return lambda day: {**day, "faults": [{**fault, **facts} for fault in day["faults"]]}


def _stay_down(layout: Layout) -> None:
    replace(layout.host("lb1") / _HAPROXY, _YES, _NO)


def _come_back(layout: Layout, _: Any) -> None:
    replace(layout.host("lb1") / _HAPROXY, _NO, _YES)


def _fault(  # noqa: PLR0913 - a fault has as many sides
    name: str,
    ko: str,
    en: str,
    how: tuple[Callable[[Layout], Any], Callable[[Layout, Any], None]],
    *,
    items: tuple[str, ...] = (),
    blinds: tuple[str, ...] = (),
) -> Fault:
    return Fault(name=name, title=Text(ko=ko, en=en), items=items, blinds=blinds, break_=how[0], mend=how[1])


FAULTS = (
    _fault(
        "load-test-failing",
        "부하 테스트에서 요청의 20%가 실패했습니다",
        "A fifth of the requests failed in the load test",
        _edited(_LOAD, _fail_requests),
        items=("PERF-LOAD-1",),
    ),
    _fault(
        "load-test-slow",
        "부하 테스트의 응답이 2.5초 걸렸습니다",
        "Answers took 2.5 seconds in the load test",
        _edited(_LOAD, _slow_down),
        items=("PERF-LOAD-1",),
    ),
    _fault(
        "load-generator-saturated",
        "부하 발생기가 포화되어 자기 자신을 측정했습니다",
        "The load generator was saturated and measured itself",
        _edited(_NOTE, _saturate),
        blinds=("PERF-LOAD-1",),
    ),
    _fault(
        "load-test-elsewhere",
        "부하 테스트가 다른 대상에서 실행되었습니다",
        "The load test was run against something else",
        _edited(_NOTE, _load_elsewhere),
        blinds=("PERF-LOAD-1",),
    ),
    _fault(
        "statement-dominates-under-load",
        "부하 중 한 쿼리가 실행 시간의 대부분을 차지했습니다",
        "One statement took most of the time under load",
        _edited(_AFTER, _dominate),
        items=("PERF-LOAD-4",),
    ),
    _fault(
        "statistics-reset-under-load",
        "부하 테스트 중에 쿼리 통계가 초기화되었습니다",
        "The statistics of statements were reset during the load test",
        _edited(_AFTER, _reset),
        blinds=("PERF-LOAD-4",),
    ),
    _fault(
        "statistics-dropped-under-load",
        "부하 테스트 중에 쿼리 통계가 일부 버려졌습니다",
        "Statistics of statements were dropped during the load test",
        _edited(_AFTER, _drop),
        blinds=("PERF-LOAD-4",),
    ),
    _fault(
        "fault-drill-not-recovered",
        "장애 시뮬레이션에서 인스턴스가 복구되지 않았습니다",
        "The instance did not come back in the fault drill",
        _edited(_DRILL, _of_fault(passed=False)),
        items=("PERF-STAB-2",),
        blinds=("PERF-STAB-4",),
    ),
    _fault(
        "fault-drill-slow",
        "장애 시뮬레이션의 복구가 제한 시간을 넘었습니다",
        "Recovery in the fault drill took longer than its limit",
        _edited(_DRILL, _of_fault(injected_at="2026-01-01T00:00:00Z")),
        items=("PERF-STAB-2",),
    ),
    _fault(
        "fault-drill-too-old",
        "장애 시뮬레이션이 180일보다 오래되었습니다",
        "The fault drill is older than 180 days",
        _edited(_DRILL, _of_fault(injected_at="2020-01-01T00:00:00Z", recovered_at="2020-01-01T00:00:09Z")),
        blinds=("PERF-STAB-2", "PERF-STAB-4"),
    ),
    _fault(
        "fault-drill-of-something-else",
        "기록에 목록의 장애가 없습니다",
        "The record is about another fault than the one listed",
        _edited(_DRILL, _of_fault(name=f"{KILLED} (by hand)")),
        blinds=("PERF-STAB-2", "PERF-STAB-4"),
    ),
    _fault(
        "no-automatic-restart",
        "로드 밸런서의 자동 재시작이 꺼져 있습니다",
        "Automatic restart of the load balancer is switched off",
        (_stay_down, _come_back),
        items=("PERF-STAB-4",),
    ),
)
