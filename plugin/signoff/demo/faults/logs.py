"""Faults of the central log and of error tracking: lines that do not arrive, are lost, or tell nobody."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import yaml

from signoff.demo import central_log, errortracking, prometheus
from signoff.demo.faults import instances
from signoff.demo.faults.model import Fault
from signoff.demo.layout import write_atomically
from signoff.demo.log_shipper import counts_file, policy_file, settings_file
from signoff.model import Text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from signoff.demo.layout import Layout

_SILENT_HOST, _LATE_HOST, _EMPTIED_HOST = "db1", "db2", "cache1"
_LATE = "late"
"""Name of the log whose lines are late: they carry it as their service."""
_LATE_SECONDS = 600
_RULE = "ErrorLogBurst"
_REQUEST_ID = "request_id"
_VIEW = "log-request"
_SHORT_DAYS, _SHORT_EVENT_DAYS = 3, 7


def _forget_host(layout: Layout) -> None:
    """Leave a host out of the collector's list, just after its file was rotated away."""
    _set(layout, hosts=[host for host in _settings(layout)["hosts"] if host != _SILENT_HOST])
    log = _file(layout, _SILENT_HOST)
    _wait_for_collector(layout)  # it may be writing to it
    log.rename(log.with_name(f"{_SILENT_HOST}.log.1"))


def _wait_for_collector(layout: Layout) -> None:
    """Wait until the collector has gone round with the settings as they are now: it counts twice from here."""
    seen: set[int] = set()

    def counted_twice() -> bool:
        seen.add(counts_file(layout).stat().st_mtime_ns)
        return len(seen) > 2  # noqa: PLR2004 - the first one is from before

    instances.wait(counted_twice, "nothing is collected")


def _remember_host(layout: Layout, _: Any) -> None:
    log = _file(layout, _SILENT_HOST)
    log.with_name(f"{_SILENT_HOST}.log.1").rename(log)
    _set(layout, hosts=[*_settings(layout)["hosts"], _SILENT_HOST])


def _queue_lines(layout: Layout) -> None:
    """Let lines arrive that waited for ten minutes, as after a jam in a queue."""
    log = layout.host(_LATE_HOST) / "var" / "log" / f"{_LATE}.log"
    # The collector looks for *.log: it must not see the line before that is old.
    fresh = log.with_suffix(".new")
    fresh.write_text("checkpoint complete\n", encoding="utf-8")
    then = time.time() - _LATE_SECONDS
    os.utime(fresh, (then, then))
    fresh.rename(log)
    instances.wait(lambda: f'"service": "{_LATE}"' in _text(layout, _LATE_HOST), "the late line does not arrive")


def _drop_late_lines(layout: Layout, _: Any) -> None:
    (layout.host(_LATE_HOST) / "var" / "log" / f"{_LATE}.log").unlink()
    lines = _text(layout, _LATE_HOST).splitlines(keepends=True)
    kept = [line for line in lines if f'"service": "{_LATE}"' not in line]
    _file(layout, _LATE_HOST).write_text("".join(kept), encoding="utf-8")


def _lose_history(layout: Layout) -> list[str]:
    """Keep the newest lines only, as a clean-up of a full disk does."""
    lines = _text(layout, _EMPTIED_HOST).splitlines(keepends=True)
    lost = lines[: central_log.RETENTION_DAYS]
    _file(layout, _EMPTIED_HOST).write_text("".join(lines[len(lost) :]), encoding="utf-8")
    return lost


def _restore_history(layout: Layout, lost: list[str]) -> None:
    text = _text(layout, _EMPTIED_HOST)
    _file(layout, _EMPTIED_HOST).write_text("".join(lost) + text, encoding="utf-8")


def _keep_for(text: str) -> Callable[[Layout], None]:
    def break_(layout: Layout) -> None:
        write_atomically(policy_file(layout), text, mode=0o644)

    return break_


def _keep_as_agreed(layout: Layout, _: Any) -> None:
    write_atomically(policy_file(layout), central_log.policy(central_log.RETENTION_DAYS), mode=0o644)


def _drop_request_id(layout: Layout) -> None:
    _set(layout, without=[_REQUEST_ID])


def _keep_request_id(layout: Layout, _: Any) -> None:
    _set(layout, without=[])


def _spoil_view(layout: Layout) -> None:
    _view(layout).chmod(0o644)


def _mend_view(layout: Layout, _: Any) -> None:
    _view(layout).chmod(0o755)


def _lose_rule(layout: Layout) -> list[Any]:
    document = yaml.safe_load(prometheus.rules_file(layout).read_text(encoding="utf-8"))
    rules = document["groups"][0]["rules"]
    index = next(number for number, rule in enumerate(rules) if rule["alert"] == _RULE)
    lost = rules.pop(index)
    _write_rules(layout, document)
    return [index, lost]


def _restore_rule(layout: Layout, memory: list[Any]) -> None:
    document = yaml.safe_load(prometheus.rules_file(layout).read_text(encoding="utf-8"))
    document["groups"][0]["rules"].insert(*memory)
    _write_rules(layout, document)


def _forget_events(layout: Layout) -> None:
    errortracking.set_retention(layout, _SHORT_EVENT_DAYS)


def _keep_events(layout: Layout, _: Any) -> None:
    errortracking.set_retention(layout, errortracking.RETENTION_DAYS)


def _snooze_rules(layout: Layout) -> None:
    errortracking.write_rules(layout, [{**rule, "snooze": True} for rule in errortracking.read_rules(layout)])


def _wake_rules(layout: Layout, _: Any) -> None:
    errortracking.write_rules(layout, [{**rule, "snooze": False} for rule in errortracking.read_rules(layout)])


def _delete_project(layout: Layout) -> None:
    project = errortracking.read_project(layout)
    errortracking.write_project(layout, replace(project, status="pending_deletion"))


def _keep_project(layout: Layout, _: Any) -> None:
    errortracking.write_project(layout, replace(errortracking.read_project(layout), status="active"))


def _settings(layout: Layout) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads(settings_file(layout).read_text(encoding="utf-8"))
    return settings


def _set(layout: Layout, **changes: Any) -> None:
    write_atomically(settings_file(layout), json.dumps({**_settings(layout), **changes}) + "\n", mode=0o644)


def _file(layout: Layout, host: str) -> Path:
    return layout.central_log / f"{host}.log"


def _text(layout: Layout, host: str) -> str:
    return _file(layout, host).read_text(encoding="utf-8")


def _view(layout: Layout) -> Path:
    return layout.host("mon1") / "bin" / _VIEW


def _write_rules(layout: Layout, document: Any) -> None:
    text = yaml.safe_dump(document, sort_keys=False, width=200)
    write_atomically(prometheus.rules_file(layout), text, mode=0o644)


FAULTS = (
    Fault(
        name="central-log-silent",
        title=Text(ko="db1의 로그가 중앙 로그에 도착하지 않습니다", en="Nothing of db1 arrives in the central log"),
        items=("MON-LOG-1",),
        break_=_forget_host,
        mend=_remember_host,
    ),
    Fault(
        name="log-lines-late",
        title=Text(
            ko="db2의 로그가 10분 늦게 중앙 로그에 도착합니다",
            en="Lines of db2 arrive ten minutes late in the central log",
        ),
        items=("MON-LOG-1",),
        break_=_queue_lines,
        mend=_drop_late_lines,
    ),
    Fault(
        name="log-retention-short",
        title=Text(ko="로그 보존 기간이 3일로 설정되어 있습니다", en="Logs are kept for 3 days only"),
        items=("MON-LOG-2",),
        break_=_keep_for(central_log.policy(_SHORT_DAYS)),
        mend=_keep_as_agreed,
    ),
    Fault(
        name="log-retention-endless",
        title=Text(ko="로그를 지우는 기준이 없어 무기한 보존됩니다", en="Nothing ever removes old log lines"),
        items=("MON-LOG-2",),
        break_=_keep_for("var/log/central/*.log {\n    daily\n    rotate -1\n}\n"),
        mend=_keep_as_agreed,
    ),
    Fault(
        name="log-history-lost",
        title=Text(ko="cache1의 지난달 로그가 사라졌습니다", en="The last month's lines of cache1 are gone"),
        items=("MON-LOG-2",),
        break_=_lose_history,
        mend=_restore_history,
    ),
    Fault(
        name="error-events-forgotten",
        title=Text(ko="오류 추적의 이벤트 보존 기간이 7일입니다", en="Error tracking keeps events for 7 days only"),
        items=("MON-LOG-2",),
        break_=_forget_events,
        mend=_keep_events,
    ),
    Fault(
        name="error-log-rule-missing",
        title=Text(ko="오류 로그 알림 규칙이 없습니다", en="The alert rule for errors in the log is missing"),
        items=("MON-LOG-3",),
        break_=_lose_rule,
        mend=_restore_rule,
    ),
    Fault(
        name="error-alert-snoozed",
        title=Text(
            ko="오류 추적의 알림 규칙이 일시 중지되어 있습니다", en="The alert rules of error tracking are snoozed"
        ),
        items=("MON-LOG-3", "MON-SYS-5"),
        break_=_snooze_rules,
        mend=_wake_rules,
    ),
    Fault(
        name="error-project-removed",
        title=Text(ko="오류 추적의 프로젝트가 삭제 예정입니다", en="Error tracking's project is about to be deleted"),
        items=("MON-SYS-5",),
        break_=_delete_project,
        mend=_keep_project,
    ),
    Fault(
        name="request-id-dropped",
        title=Text(ko="중앙 로그가 요청 ID를 버립니다", en="The central log drops the id of requests"),
        items=("MON-LOG-4",),
        break_=_drop_request_id,
        mend=_keep_request_id,
    ),
    Fault(
        name="log-view-broken",
        title=Text(ko="저장된 로그 검색을 실행할 수 없습니다", en="A saved search of the log cannot be run"),
        items=("MON-LOG-4",),
        break_=_spoil_view,
        mend=_mend_view,
    ),
)
