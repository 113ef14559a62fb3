"""Faults of PgBouncer: it opens more than the server has, or admits fewer than the applications need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.faults.model import Fault
from estate.roles import database
from signoff.model import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.estate import Estate

_SETTINGS = "/etc/pgbouncer/pgbouncer.ini"
_CLIENTS = ("max_client_conn = 200", "max_client_conn = 15")
_SIZE = ("default_pool_size = 40", "default_pool_size = 400")


def _edit(right: str, wrong: str) -> Callable[[Estate], None]:
    def change(estate: Estate) -> None:
        _replace(estate, right, wrong)

    return change


def _take_back(right: str, wrong: str) -> Callable[[Estate, Any], None]:
    def mend(estate: Estate, _: Any) -> None:
        _replace(estate, wrong, right)

    return mend


def _replace(estate: Estate, old: str, new: str) -> None:
    host = estate.host(database.PRIMARY)
    host.replace(_SETTINGS, old, new)
    host.reload_service("pgbouncer")


FAULTS = (
    Fault(
        name="pooler-opens-too-many",
        title=Text(
            ko="PgBouncer가 서버의 연결 한도보다 많이 열 수 있음",
            en="PgBouncer may open more connections than the server has",
        ),
        items=("SW-DB-3",),
        break_=_edit(*_SIZE),
        mend=_take_back(*_SIZE),
    ),
    Fault(
        name="pooler-admits-too-few",
        title=Text(
            ko="PgBouncer의 클라이언트 한도가 애플리케이션보다 작음",
            en="PgBouncer admits fewer clients than the applications may open",
        ),
        items=("SW-DB-3",),
        break_=_edit(*_CLIENTS),
        mend=_take_back(*_CLIENTS),
    ),
)
