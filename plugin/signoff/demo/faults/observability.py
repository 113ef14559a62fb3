"""Faults of what watches the shop: metrics, alerts, error tracking."""

from __future__ import annotations

import dataclasses
import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import yaml

from signoff.demo import errortracking, prometheus, supervision
from signoff.demo.faults import instances
from signoff.demo.faults.model import Fault
from signoff.demo.layout import write_atomically
from signoff.model import Text

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.demo.layout import Layout

_EVENTS = 12
_UNWATCHED_HOST = "db2"
_LOST_RULE = "DatabaseDown"


def _limit_events(layout: Layout) -> int:
    """Let the client key take one event an hour, and return how much the tracker knew before."""
    file = errortracking.outcomes_file(layout)
    size = file.stat().st_size
    project = errortracking.read_project(layout)
    errortracking.write_project(layout, dataclasses.replace(project, limit_events=1, limit_seconds=3600))
    # As many as it takes for the loss to show, however much was accepted before.
    for number in range(_EVENTS + file.read_text(encoding="utf-8").count("\n") // 4):
        _send_event(layout, number)
    return size


def _rebuild_tracker(layout: Layout, size: int) -> None:
    """Give the key its limit back, and put the statistics back to where they were before the incident."""
    errortracking.write_project(layout, errortracking.Project())
    program = errortracking.NAME
    supervision.stop(layout, program)
    with errortracking.outcomes_file(layout).open("r+b") as file:
        file.truncate(size)
    supervision.start(layout, program)
    instances.wait(lambda: errortracking.is_ready(layout), "error tracking does not answer")
    for number in range(_EVENTS):
        _send_event(layout, number)


def _send_event(layout: Layout, number: int) -> None:
    address = f"http://127.0.0.1:{layout.port('sentry')}/api/{errortracking.PROJECT_ID}/store/"
    body = json.dumps({"message": "checkout failed", "level": "error", "extra": {"number": number}}).encode()
    headers = {"X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={errortracking.CLIENT_KEY}"}
    request = urllib.request.Request(address, body, headers)
    try:
        urllib.request.urlopen(request, timeout=30).close()  # noqa: S310 - same
    except urllib.error.HTTPError as refusal:
        refusal.close()


def _mute_alerts(layout: Layout) -> list[Any]:
    rules = errortracking.read_rules(layout)
    errortracking.write_rules(layout, [{**rule, "actions": []} for rule in rules])
    return [rule["actions"] for rule in rules]


def _unmute_alerts(layout: Layout, actions: list[Any]) -> None:
    rules = errortracking.read_rules(layout)
    errortracking.write_rules(layout, [{**rule, "actions": own} for rule, own in zip(rules, actions, strict=True)])


def _lose_rule(layout: Layout) -> list[Any]:
    document = _read(prometheus.rules_file(layout))
    rules = document["groups"][0]["rules"]
    index = next(number for number, rule in enumerate(rules) if rule["alert"] == _LOST_RULE)
    lost = rules.pop(index)
    _write(prometheus.rules_file(layout), document)
    return [index, lost]


def _restore_rule(layout: Layout, memory: list[Any]) -> None:
    document = _read(prometheus.rules_file(layout))
    document["groups"][0]["rules"].insert(*memory)
    _write(prometheus.rules_file(layout), document)


def _break_exporter(layout: Layout) -> None:
    """Leave a half-written file where the exporter picks metrics up; it answers nothing any more."""
    file = _textfile(layout)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("vacuum_last_run_seconds{database=", encoding="utf-8")
    instances.wait_for_scrape(layout, "node", _UNWATCHED_HOST)


def _mend_exporter(layout: Layout, _: Any) -> None:
    _textfile(layout).unlink()
    instances.wait_for_scrape(layout, "node", _UNWATCHED_HOST)


def _textfile(layout: Layout) -> Path:
    return layout.host(_UNWATCHED_HOST) / "var" / "lib" / "node_exporter" / "vacuum.prom"


def _read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def _write(file: Path, document: Any) -> None:
    write_atomically(file, yaml.safe_dump(document, sort_keys=False, width=200), mode=0o644)


FAULTS = (
    Fault(
        name="error-tracking-degraded",
        title=Text(
            ko="오류 추적 시스템이 이벤트 대부분을 거부합니다 (잘못된 수집 한도)",
            en="Error tracking refuses most events (wrong rate limit)",
        ),
        items=("MON-SYS-5",),
        break_=_limit_events,
        mend=_rebuild_tracker,
    ),
    Fault(
        name="error-alert-silent",
        title=Text(ko="오류 알림 규칙에 수신자가 없습니다", en="The alert rule for new errors tells nobody"),
        items=("MON-LOG-3", "MON-SYS-5"),
        break_=_mute_alerts,
        mend=_unmute_alerts,
    ),
    Fault(
        name="alert-rule-missing",
        title=Text(ko="DatabaseDown 알림 규칙이 없습니다", en="The alert rule DatabaseDown is missing"),
        items=("MON-SYS-3",),
        break_=_lose_rule,
        mend=_restore_rule,
    ),
    Fault(
        name="exporter-broken",
        title=Text(
            ko="쓰다 만 지표 파일 때문에 db2의 익스포터가 응답하지 않습니다",
            en="A half-written metrics file keeps db2's exporter from answering",
        ),
        items=("INF-SRV-4", "MON-SYS-1"),
        break_=_break_exporter,
        mend=_mend_exporter,
    ),
)
