"""Faults of what the operators use: dashboards, the way of an alert, the status page."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import yaml

from signoff.demo import certificates, operations, prometheus, supervision
from signoff.demo.faults import instances
from signoff.demo.faults.model import Fault
from signoff.demo.layout import load, write_atomically
from signoff.model import Text

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.demo.layout import Layout

_OVERVIEW = "shop-overview"


def _edited(file: Path, old: str, new: str) -> str:
    """Replace a passage of a file and return what the file was."""
    before = file.read_text(encoding="utf-8")
    if old not in before:
        raise AssertionError(f"{file.name}: {old} is not in it")
    write_atomically(file, before.replace(old, new), mode=0o644)
    return before


def _put_back(file: Path, before: str) -> None:
    write_atomically(file, before, mode=0o644)


def _rename_metric(layout: Layout) -> str:
    return _edited(
        operations.dashboard(layout, _OVERVIEW), "sum(rate(http_requests_total", "sum(rate(shop_requests_total"
    )


def _restore_overview(layout: Layout, before: str) -> None:
    _put_back(operations.dashboard(layout, _OVERVIEW), before)


def _delete_dashboard(layout: Layout) -> str:
    file = operations.dashboard(layout, "hosts")
    before = file.read_text(encoding="utf-8")
    file.unlink()
    return before


def _restore_dashboard(layout: Layout, before: str) -> None:
    _put_back(operations.dashboard(layout, "hosts"), before)


def _open_to_strangers(layout: Layout) -> str:
    return _edited(operations.grafana(layout) / "settings.json", '"anonymous": false', '"anonymous": true')


def _close_to_strangers(layout: Layout, before: str) -> None:
    _put_back(operations.grafana(layout) / "settings.json", before)


def _misdirect_source(layout: Layout) -> str:
    port = load(layout).ports["pg"]
    return _edited(operations.grafana(layout) / "datasources.json", f"127.0.0.1:{port}", "127.0.0.1:9")


def _restore_source(layout: Layout, before: str) -> None:
    _put_back(operations.grafana(layout) / "datasources.json", before)


def _route_to_chat(layout: Layout) -> str:
    return _edited(operations.alertmanager(layout), 'severity="critical"', 'severity="crit"')


def _ping_nobody(layout: Layout) -> str:
    before = _edited(operations.alertmanager(layout), "ping/watchdog", "ping/old-watchdog")
    _forget_heartbeat(layout)
    return before


def _forget_heartbeat(layout: Layout) -> None:
    # The check of the dead man's switch was made anew, and its address was not carried over. Whatever is on its way to
    # the old address now arrives first.
    def forgotten() -> bool:
        file = operations.state(layout)
        if operations.read(file)["last_ping"] is not None:
            operations.write(file, {**operations.read(file), "last_ping": None})
            return False
        return True

    instances.wait(forgotten, "the watchdog still arrives")


def _restore_routes(layout: Layout, before: str) -> None:
    _put_back(operations.alertmanager(layout), before)
    instances.wait(
        lambda: operations.read(operations.state(layout))["last_ping"] is not None, "the watchdog does not arrive"
    )


def _silence_for_a_month(layout: Layout) -> str:
    now = datetime.now(UTC)
    silence = {
        "matchers": [{"name": "alertname", "value": "InstanceDown", "isRegex": False, "isEqual": True}],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(days=30)).isoformat(),
        "createdBy": "Kim Tech",
        "comment": "too loud",
    }
    answer = _ask(layout, "POST", "silences", silence)
    return str(answer["silenceID"])


def _end_silence(layout: Layout, number: str) -> None:
    _ask(layout, "DELETE", f"silence/{number}")


def _ask(layout: Layout, method: str, path: str, content: Any = None) -> Any:
    url = f"{operations.url(layout, 'alertmanager')}/api/v2/{path}"
    body = json.dumps(content).encode() if content is not None else None
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method=method)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
        return json.load(answer)


def _raise_threshold(layout: Layout) -> str:
    file = prometheus.rules_file(layout)
    before = file.read_text(encoding="utf-8")
    document = yaml.safe_load(before)
    rule = next(one for one in document["groups"][0]["rules"] if one["alert"] == "HighErrorRate")
    rule["expr"] = rule["expr"].replace("> 0.05", "> 0.5")
    write_atomically(file, yaml.safe_dump(document, sort_keys=False, width=200), mode=0o644)
    return before


def _restore_rules(layout: Layout, before: str) -> None:
    _put_back(prometheus.rules_file(layout), before)


def _forget_component(layout: Layout) -> str:
    return _edited(operations.status_page(layout), '"name": "Shop"', '"name": "Old shop"')


def _restore_page(layout: Layout, before: str) -> None:
    _put_back(operations.status_page(layout), before)


def _expire_certificate(layout: Layout) -> str:
    return _renew(layout, days=3)


def _renew_certificate(layout: Layout, before: str) -> None:
    write_atomically(operations.status_certificate(layout), before)
    _restart(layout)


def _renew(layout: Layout, *, days: int) -> str:
    file = operations.status_certificate(layout)
    before = file.read_text(encoding="ascii")
    issued = certificates.issue(layout, address=operations.STATUS_ADDRESS, days=days)
    write_atomically(file, (issued.certificate + issued.key).decode("ascii"))
    _restart(layout)
    return before


def _restart(layout: Layout) -> None:
    supervision.restart(layout, operations.NAME)
    instances.wait(lambda: operations.answers(layout), "the operators' products do not answer")
    instances.wait(lambda: bool(_ask(layout, "GET", "alerts")), "no alert arrives at Alertmanager")


def _fault(name: str, item: str, title: tuple[str, str], way: tuple[Any, Any]) -> Fault:
    """Return a fault of one item: its title in Korean and English, how it is made and how it is mended."""
    ko, en = title
    break_, mend = way
    return Fault(name=name, title=Text(ko=ko, en=en), items=(item,), break_=break_, mend=mend)


FAULTS = (
    _fault(
        "panel-empty",
        "MON-SYS-2",
        (
            "이름이 바뀐 지표 때문에 대시보드 패널이 비어 있습니다",
            "A panel asks for a metric that was renamed, and is empty",
        ),
        (_rename_metric, _restore_overview),
    ),
    _fault(
        "dashboard-deleted",
        "MON-SYS-2",
        ("서버 대시보드가 삭제되었습니다", "The dashboard of the hosts was deleted"),
        (_delete_dashboard, _restore_dashboard),
    ),
    _fault(
        "dashboards-open",
        "MON-SYS-2",
        ("Grafana 익명 접근이 켜져 있습니다", "Anonymous access to Grafana is on"),
        (_open_to_strangers, _close_to_strangers),
    ),
    _fault(
        "data-source-lost",
        "MON-SYS-2",
        ("Grafana 데이터 소스가 잘못된 주소를 가리킵니다", "A data source of Grafana points to the wrong address"),
        (_misdirect_source, _restore_source),
    ),
    _fault(
        "alerts-to-chat",
        "MON-SYS-3",
        ("심각한 알림이 호출기가 아니라 채팅으로 갑니다", "Critical alerts go to the chat instead of the pager"),
        (_route_to_chat, _restore_routes),
    ),
    _fault(
        "watchdog-unheard",
        "MON-SYS-3",
        ("Watchdog 알림이 수신자에게 도착하지 않습니다", "The watchdog does not arrive at whoever waits for it"),
        (_ping_nobody, _restore_routes),
    ),
    _fault(
        "silence-for-a-month",
        "MON-SYS-3",
        ("알림이 한 달 동안 차단되어 있습니다", "An alert is silenced for a month"),
        (_silence_for_a_month, _end_silence),
    ),
    _fault(
        "alert-threshold-loose",
        "MON-SYS-3",
        ("오류율 알림 임계값이 50%입니다", "The alert on errors fires only over 50 %"),
        (_raise_threshold, _restore_rules),
    ),
    _fault(
        "status-component-missing",
        "MON-SYS-4",
        ("상태 페이지에 쇼핑몰 구성 요소가 없습니다", "The status page has no component of the shop"),
        (_forget_component, _restore_page),
    ),
    _fault(
        "status-certificate-ending",
        "MON-SYS-4",
        ("상태 페이지 인증서가 곧 만료됩니다", "The status page's certificate ends within days"),
        (_expire_certificate, _renew_certificate),
    ),
)
