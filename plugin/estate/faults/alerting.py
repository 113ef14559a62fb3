"""Faults between an alert and whoever must get up for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from estate.companions import pager
from estate.estate import wait_until
from estate.faults.model import Fault
from estate.roles import database, monitoring
from estate.topology import CONTROLLER_ADDRESS
from signoff.model import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.estate import Estate

_API = "http://127.0.0.1:9093/api/v2"
_TELLS = f"  - name: pager\n    webhook_configs:\n      - url: {pager.URL}/pager/page\n"
_TELLS_NOBODY = "  - name: pager\n"
_CRITICAL, _MISSPELT = "['severity=\"critical\"']", "['severity=\"critcal\"']"
_TOO_OLD = 32.0
"""Seconds; the inventory accepts 30."""
_FRESH = 2.0
_WALL = "pager-moved"
_MEASURED = "pg_replication_lag_seconds"
_ASKED = f" --extend.query-path={database.QUERIES}"
_EXPORTER = f"/etc/default/{database.EXPORTER}"


def _misroute(right: str, wrong: str) -> Callable[[Estate], None]:
    def break_(estate: Estate) -> None:
        _route(estate, right, wrong)

    return break_


def _reroute(right: str, wrong: str) -> Callable[[Estate, Any], None]:
    def mend(estate: Estate, _: Any) -> None:
        _route(estate, wrong, right)
        _wait_for_heartbeat(estate)

    return mend


def _route(estate: Estate, old: str, new: str) -> None:
    host = estate.host("mon")
    before = _configuration(estate)
    host.replace(monitoring.ROUTES, old, new)
    host.reload_service(monitoring.ALERTMANAGER)
    wait_until(lambda: _configuration(estate) != before, "Alertmanager does not read its routes again")


def _configuration(estate: Estate) -> str:
    status = estate.host("mon").run("curl", "--silent", "--max-time", "30", f"{_API}/status")
    return str(json.loads(status)["config"]["original"])


def _silence_watchdog(estate: Estate) -> str:
    now = datetime.now(UTC)
    silence = {
        "matchers": [{"name": "alertname", "value": "Watchdog", "isRegex": False}],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=2)).isoformat(),
        "createdBy": "Han Operations",
        "comment": "It fires all the time.",
    }
    asked = ("curl", "--silent", "--fail", "--max-time", "30", "--json", json.dumps(silence), f"{_API}/silences")
    return str(json.loads(estate.host("mon").run(*asked))["silenceID"])


def _hear_watchdog(estate: Estate, silence: str) -> None:
    estate.host("mon").run("curl", "--silent", "--fail", "--request", "DELETE", f"{_API}/silence/{silence}")
    _wait_for_heartbeat(estate)


def _wall_in(estate: Estate) -> None:
    mon = estate.host("mon")
    chain = f"inet {_WALL} output"
    rules = (
        f"add table inet {_WALL}",
        f"add chain {chain} {{ type filter hook output priority 0; }}",
        f"add rule {chain} ip daddr {CONTROLLER_ADDRESS} tcp dport {pager.PORT} drop",
    )
    mon.run("nft", "-f", "-", stdin="\n".join(rules) + "\n")
    _wait_for_silence(estate)


def _open_wall(estate: Estate, _: Any) -> None:
    estate.host("mon").run("nft", "delete", "table", "inet", _WALL)
    _wait_for_heartbeat(estate)


def _wait_for_silence(estate: Estate) -> None:
    late = _TOO_OLD + 15
    wait_until(lambda: pager.heartbeat_age(estate) > _TOO_OLD, "the watchdog still arrives", seconds=late)


def _wait_for_heartbeat(estate: Estate) -> None:
    wait_until(lambda: pager.heartbeat_age(estate) < _FRESH, "the watchdog does not arrive")


def _measure_less(estate: Estate) -> None:
    _ask_for_lag(estate, _ASKED, "", measured=False)


def _measure_all(estate: Estate, _: Any) -> None:
    _ask_for_lag(estate, ":9187", f":9187{_ASKED}", measured=True)


def _ask_for_lag(estate: Estate, old: str, new: str, *, measured: bool) -> None:
    for host in estate.with_role("database"):
        host.replace(_EXPORTER, old, new)
        host.restart_service(database.EXPORTER)
    wait_until(lambda: bool(monitoring.query(estate, _MEASURED)) is measured, "Prometheus does not see the change")


FAULTS = (
    Fault(
        name="pager-receiver-empty",
        title=Text(ko="호출 수신자가 아무에게도 알리지 않습니다", en="The pager's receiver tells nobody"),
        items=("MON-SYS-3",),
        break_=_misroute(_TELLS, _TELLS_NOBODY),
        mend=_reroute(_TELLS, _TELLS_NOBODY),
    ),
    Fault(
        name="critical-alerts-to-chat",
        title=Text(
            ko="긴급 알림이 호출기가 아니라 채팅으로 갑니다 (경로의 오타)",
            en="Critical alerts go to the chat and not to the pager (a misspelt route)",
        ),
        items=("MON-SYS-3",),
        break_=_misroute(_CRITICAL, _MISSPELT),
        mend=_reroute(_CRITICAL, _MISSPELT),
    ),
    Fault(
        name="watchdog-silenced",
        title=Text(ko="감시 알림(watchdog)이 무음 처리되었습니다", en="Somebody silenced the watchdog"),
        items=("MON-SYS-3",),
        break_=_silence_watchdog,
        mend=_hear_watchdog,
    ),
    Fault(
        name="replication-lag-unmeasured",
        title=Text(
            ko="복제 지연을 측정하지 않아 알림 규칙이 울릴 수 없습니다",
            en="Replication lag is not measured, so its alert can never fire",
        ),
        items=("MON-SYS-3",),
        break_=_measure_less,
        mend=_measure_all,
    ),
    Fault(
        name="pager-unreachable",
        title=Text(
            ko="Alertmanager가 호출 서비스에 연결할 수 없습니다", en="Alertmanager cannot reach the pager any more"
        ),
        items=("MON-SYS-3",),
        break_=_wall_in,
        mend=_open_wall,
    ),
)
