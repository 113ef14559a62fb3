"""Faults of the switch between blue and green, and of its rehearsals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.estate import wait_until
from estate.faults.model import Fault
from estate.rehearsals import records, switch
from estate.roles import app, balancer
from signoff.model import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.estate import Estate

_UNKNOWN = "shop_gren"
"""A backend that HAProxy does not have: visitors get no answer while the traffic is sent there."""
_PATIENCE = 0.5
_HESITATION = 20.0
"""Seconds; by ten any two rehearsals may differ, says the inventory."""
_VICTIM = "app2"
_BACKEND, _RENAMED = f"backend {balancer.GREEN}\n", "backend shop_next\n"


def _rehearse(name: str, **how: Any) -> Callable[[Estate], dict[str, Any]]:
    def break_(estate: Estate) -> dict[str, Any]:
        before = records.read(estate, name)
        records.write(estate, name, switch.run(estate, **how))
        return before

    return break_


def _restore(name: str) -> Callable[[Estate, Any], None]:
    def mend(estate: Estate, before: dict[str, Any]) -> None:
        records.write(estate, name, before)

    return mend


def _stop_green(estate: Estate) -> None:
    estate.host(_VICTIM).stop_service(app.GREEN)
    _wait_for_green(estate, balancer.GREEN, up=False)


def _start_green(estate: Estate, _: Any) -> None:
    estate.host(_VICTIM).start_service(app.GREEN)
    _wait_for_green(estate, balancer.GREEN, up=True)


def _lose_key(estate: Estate) -> None:
    balancer.lead_to(estate.host("edge"), "")


def _find_key(estate: Estate, _: Any) -> None:
    balancer.lead_to(estate.host("edge"), balancer.BLUE)


def _rename_green(estate: Estate) -> None:
    _edit(estate, _BACKEND, _RENAMED)
    _wait_for_green(estate, "shop_next", up=True)


def _name_green(estate: Estate, _: Any) -> None:
    _edit(estate, _RENAMED, _BACKEND)
    _wait_for_green(estate, balancer.GREEN, up=True)


def _edit(estate: Estate, old: str, new: str) -> None:
    host = estate.host("edge")
    host.replace(balancer.CONFIGURATION, old, new)
    host.restart_service("haproxy")


def _wait_for_green(estate: Estate, backend: str, *, up: bool) -> None:
    def is_so() -> bool:
        rows = [row.split(",") for row in balancer.command(estate.host("edge"), "show stat").splitlines()]
        found = [row for row in rows if row[:2] == [backend, _VICTIM]]
        return bool(found) and found[0][17].startswith("UP") is up and not found[0][36].startswith("*")

    wait_until(is_so, f"HAProxy does not notice that {_VICTIM} is {'up' if up else 'down'} in {backend}")


FAULTS = (
    Fault(
        name="rollback-rehearsal-failed",
        title=Text(
            ko="롤백 연습이 잘못 적힌 백엔드 이름 때문에 실패했습니다",
            en="The rehearsal of the rollback failed: the runbook misspells a backend",
        ),
        items=("RBK-TST-1",),
        blinds=("RBK-TST-2",),
        break_=_rehearse(records.ROLLBACK, other=_UNKNOWN, patience=_PATIENCE),
        mend=_restore(records.ROLLBACK),
    ),
    Fault(
        name="rollback-slower",
        title=Text(
            ko="롤백이 지난번보다 훨씬 오래 걸렸습니다",
            en="The rollback took much longer than the last time: somebody looked for the right command",
        ),
        items=("RBK-TST-2",),
        break_=_rehearse(records.ROLLBACK, hesitate=_HESITATION),
        mend=_restore(records.ROLLBACK),
    ),
    Fault(
        name="switch-noticed",
        title=Text(
            ko="전환하는 동안 사용자가 응답을 받지 못했습니다",
            en="Users got no answers during the last switch of colours",
        ),
        items=("RBK-PRC-3",),
        break_=_rehearse(records.SWITCH, other=_UNKNOWN, patience=_PATIENCE),
        mend=_restore(records.SWITCH),
    ),
    Fault(
        name="green-stopped",
        title=Text(ko="app2의 green 인스턴스가 중지되었습니다", en="The green instance on app2 is stopped"),
        items=("RBK-PRC-1",),
        break_=_stop_green,
        mend=_start_green,
    ),
    Fault(
        name="switch-key-lost",
        title=Text(
            ko="전환 맵에 키가 없어 트래픽이 기본값으로 갑니다",
            en="The map that switches lost its key, and the traffic goes where it goes by default",
        ),
        items=("RBK-PRC-1",),
        break_=_lose_key,
        mend=_find_key,
    ),
    Fault(
        name="green-renamed",
        title=Text(
            ko="로드 밸런서에서 green 백엔드의 이름이 바뀌었습니다", en="The load balancer's green backend was renamed"
        ),
        items=("RBK-PRC-1",),
        break_=_rename_green,
        mend=_name_green,
    ),
)
