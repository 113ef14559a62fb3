"""Limits of the operating system that are too low for what is planned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.faults.model import Fault
from signoff.model import Text

if TYPE_CHECKING:
    from estate.estate import Estate
    from estate.hosts import Host

_DROP_IN = "/etc/systemd/system/nginx.service.d/limits.conf"
_TOO_FEW = "[Service]\nLimitNOFILE=700\n"


def _lower(estate: Estate) -> None:
    host = estate.host("edge")
    host.write(_DROP_IN, _TOO_FEW)
    _restart(host)


def _raise(estate: Estate, _: Any) -> None:
    host = estate.host("edge")
    host.remove(_DROP_IN)
    _restart(host)


def _restart(host: Host) -> None:
    host.run("systemctl", "daemon-reload")
    host.restart_service("nginx")


FAULTS = (
    Fault(
        name="open-files-limit-low",
        title=Text(
            ko="웹 서버의 열린 파일 한도가 계획보다 낮음", en="The web server may not open as many files as planned"
        ),
        items=("INF-CLD-3",),
        break_=_lower,
        mend=_raise,
    ),
)
