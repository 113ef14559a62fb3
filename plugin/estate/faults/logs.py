"""Faults of the central log and of error tracking: lines that do not arrive, are lost, or tell nobody."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from estate.estate import wait_until
from estate.faults.model import Fault
from estate.roles import central_log, error_tracker, monitoring
from signoff.model import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.estate import Estate

_SHIPPING = "/etc/rsyslog.d/50-central.conf"
_COLLECTING = "/etc/rsyslog.d/40-collect.conf"
_JSON = 'if $msg startswith "{" then {'
_SILENT = "ns2"
_RULE = "ErrorLogBurst"
_RULES = f"{error_tracker.SETTINGS}/rules.json"
_PROJECT = f"{error_tracker.SETTINGS}/project.json"
_EVENTS = f"{error_tracker.SETTINGS}/.env"
_SENT = 20


def _silence(estate: Estate) -> str:
    """Lose the host's shipping rule, just after its file was turned over."""
    host, mon = estate.host(_SILENT), estate.host("mon")
    before = host.read(_SHIPPING)
    host.remove(_SHIPPING)
    host.restart_service("rsyslog")
    connected = f"ss -Htn 'sport = :{central_log.PORT} and dst {host.address}' | grep -q ."
    wait_until(lambda: mon.ask(connected).returncode != 0, f"the central log still listens to {_SILENT}")
    mon.run("mv", _file(_SILENT), f"{_file(_SILENT)}.1")
    mon.run("systemctl", "kill", "--signal=HUP", "rsyslog")
    return before


def _let_speak(estate: Estate, before: str) -> None:
    host, mon = estate.host(_SILENT), estate.host("mon")
    mon.run("mv", f"{_file(_SILENT)}.1", _file(_SILENT))
    mon.run("systemctl", "kill", "--signal=HUP", "rsyslog")
    host.write(_SHIPPING, before)
    host.restart_service("rsyslog")


def _delay(estate: Estate) -> None:
    """Let a line arrive that was written ten minutes ago, as after a jam in a queue."""
    host = estate.host("mon")
    line = {"host": "ns1", "service": "late", "level": "info", "message": "transfer complete"}
    now, then = (host.run("date", "--iso-8601=seconds", f"--date=-{ago} seconds").strip() for ago in (0, 600))
    text = json.dumps({"ts": then, "received": now, **line})
    host.run(f"cat >> {_file('ns1')}", stdin=f"{text}\n")


def _undelay(estate: Estate, _: Any) -> None:
    # In place: rsyslog holds the file open and appends to it.
    file = _file("ns1")
    copy = f"{file}.kept"
    estate.host("mon").run(f'grep -v \'"service": "late"\' {file} > {copy}; cat {copy} > {file}; rm {copy}')


def _replace(host: str, path: str, old: str, new: str) -> Callable[[Estate], None]:
    def break_(estate: Estate) -> None:
        estate.host(host).replace(path, old, new)

    return break_


def _restore(host: str, path: str, old: str, new: str) -> Callable[[Estate, Any], None]:
    def mend(estate: Estate, _: Any) -> None:
        estate.host(host).replace(path, new, old)

    return mend


def _drop_json(estate: Estate) -> None:
    _filter(estate, _JSON, f"{_JSON}\n        stop")


def _take_json(estate: Estate, _: Any) -> None:
    _filter(estate, f"{_JSON}\n        stop", _JSON)


def _filter(estate: Estate, old: str, new: str) -> None:
    host = estate.host("mon")
    host.replace(_COLLECTING, old, new)
    host.restart_service("rsyslog")


def _lose_rule(estate: Estate) -> str:
    before = estate.host("mon").read(monitoring.RULES)
    document = yaml.safe_load(before)
    for group in document["groups"]:
        group["rules"] = [rule for rule in group["rules"] if rule["alert"] != _RULE]
    _write_rules(estate, yaml.safe_dump(document, sort_keys=False, width=200), there=False)
    return before


def _restore_rule(estate: Estate, before: str) -> None:
    _write_rules(estate, before, there=True)


def _write_rules(estate: Estate, text: str, *, there: bool) -> None:
    host = estate.host("mon")
    host.write(monitoring.RULES, text)
    host.reload_service(monitoring.UNIT)
    wait_until(lambda: (_RULE in monitoring.ask(estate, "rules")) is there, "Prometheus does not read its rules again")


def _change_rules(**changes: Any) -> Callable[[Estate], str]:
    def break_(estate: Estate) -> str:
        host = estate.host("mon")
        before = host.read(_RULES)
        rules = [{**rule, **changes} for rule in json.loads(before)]
        host.write(_RULES, json.dumps(rules), owner=error_tracker.OWNER)
        return before

    return break_


def _restore_rules(estate: Estate, before: str) -> None:
    estate.host("mon").write(_RULES, before, owner=error_tracker.OWNER)


def _change_key(estate: Estate) -> str:
    """Take the client key back that the shop still uses, and let it report some errors."""
    host = estate.host("mon")
    before = host.read(_PROJECT)
    host.write(_PROJECT, json.dumps({**json.loads(before), "client_key": "rotated"}), owner=error_tracker.OWNER)
    _send(estate)
    return before


def _restore_key(estate: Estate, before: str) -> None:
    host = estate.host("mon")
    host.write(_PROJECT, before, owner=error_tracker.OWNER)
    # The refused ones are outweighed, as they are in time.
    for _ in range(_SENT):
        _send(estate)


def _send(estate: Estate) -> None:
    url = f"http://{estate.host('mon').address}:{error_tracker.PORT}/api/1/store/?[1-{_SENT}]"
    asked = ("curl", "--silent", "--output", "/dev/null", "--max-time", "20", "--data", "{}")
    estate.host("app1").run(*asked, "--header", "X-Sentry-Auth: Sentry sentry_version=7, sentry_key=shop", url)


def _lose_view(estate: Estate) -> None:
    estate.host("mon").run("mv", central_log.VIEWS[0], f"{central_log.VIEWS[0]}.off")


def _find_view(estate: Estate, _: Any) -> None:
    estate.host("mon").run("mv", f"{central_log.VIEWS[0]}.off", central_log.VIEWS[0])


def _file(host: str) -> str:
    return f"{central_log.FOLDER}/{host}/{central_log.FILE}"


_KEPT, _SHORT = "    rotate 30\n    maxage 30\n", "    rotate 3\n    maxage 3\n"
_DAYS, _FEW_DAYS = "DAYS=30", "DAYS=7"

FAULTS = (
    Fault(
        name="log-shipping-lost",
        title=Text(ko="ns2가 로그를 중앙 로그로 보내지 않습니다", en="ns2 sends no lines to the central log"),
        items=("MON-LOG-1",),
        break_=_silence,
        mend=_let_speak,
    ),
    Fault(
        name="log-lines-jammed",
        title=Text(ko="ns1의 로그가 10분 늦게 도착합니다", en="Lines of ns1 arrive ten minutes late"),
        items=("MON-LOG-1",),
        break_=_delay,
        mend=_undelay,
    ),
    Fault(
        name="log-rotation-short",
        title=Text(ko="logrotate가 로그를 3일만 보관합니다", en="logrotate keeps logs for 3 days only"),
        items=("MON-LOG-2",),
        break_=_replace("mon", central_log.ROTATION, _KEPT, _SHORT),
        mend=_restore("mon", central_log.ROTATION, _KEPT, _SHORT),
    ),
    Fault(
        name="events-kept-short",
        title=Text(ko="오류 추적의 이벤트 보존 기간이 7일입니다", en="Error tracking keeps events for 7 days only"),
        items=("MON-LOG-2",),
        break_=_replace("mon", _EVENTS, _DAYS, _FEW_DAYS),
        mend=_restore("mon", _EVENTS, _DAYS, _FEW_DAYS),
    ),
    Fault(
        name="error-rule-lost",
        title=Text(ko="오류 로그 알림 규칙이 없습니다", en="The alert rule for errors in the log is missing"),
        items=("MON-LOG-3",),
        break_=_lose_rule,
        mend=_restore_rule,
    ),
    Fault(
        name="error-rules-without-action",
        title=Text(ko="오류 추적의 알림 규칙에 동작이 없습니다", en="The alert rules of error tracking do nothing"),
        items=("MON-LOG-3", "MON-SYS-5"),
        break_=_change_rules(actions=[]),
        mend=_restore_rules,
    ),
    Fault(
        name="error-client-key-revoked",
        title=Text(
            ko="상점이 쓰는 오류 추적 키가 폐기되었습니다", en="The key that the shop reports errors with was revoked"
        ),
        items=("MON-SYS-5",),
        break_=_change_key,
        mend=_restore_key,
    ),
    Fault(
        name="json-lines-dropped",
        title=Text(
            ko="중앙 로그가 애플리케이션의 JSON 로그를 버립니다",
            en="The central log drops the JSON lines of applications",
        ),
        items=("MON-LOG-4",),
        break_=_drop_json,
        mend=_take_json,
    ),
    Fault(
        name="log-view-lost",
        title=Text(ko="저장된 로그 검색이 사라졌습니다", en="A saved search of the log is gone"),
        items=("MON-LOG-4",),
        break_=_lose_view,
        mend=_find_view,
    ),
)
