"""Faults of load balancer, name servers and certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.demo import certificates, dns, load_balancer, supervision
from signoff.demo.faults import edits, instances
from signoff.demo.faults.model import Fault
from signoff.demo.layout import DemoError
from signoff.demo.shop import programs
from signoff.model import Text

if TYPE_CHECKING:
    from signoff.demo.layout import Layout

_EXPIRES_IN_DAYS = 5
_WRONG_ADDRESS = "127.0.0.9"
_VICTIM = "app2"
_FILTER = "    http-request deny deny_status 403 if"
_FILTER_OFF = "    # off until the false positives are sorted out\n    # http-request deny deny_status 403 if"


def _let_certificate_run_out(layout: Layout) -> str:
    old = layout.server_pem.read_text(encoding="ascii")
    certificates.write_server_certificate(layout, days=_EXPIRES_IN_DAYS)
    _use_certificate(layout)
    return old


def _renew_certificate(layout: Layout, _: Any) -> None:
    certificates.write_server_certificate(layout)
    _use_certificate(layout)


def _use_certificate(layout: Layout) -> None:
    # At run time: no connection is cut, as a careful administrator would do it.
    content = layout.server_pem.read_text(encoding="ascii").replace("\n\n", "\n").strip()
    _tell(layout, f"set ssl cert {layout.server_pem} <<\n{content}\n")
    _tell(layout, f"commit ssl cert {layout.server_pem}", expecting="Success")


def _tell(layout: Layout, command: str, *, expecting: str = "") -> None:
    answer = load_balancer.command(layout, command).decode()
    if expecting not in answer:
        raise DemoError(f"HAProxy: {answer.strip()}")


def _move_site_on_one_server(layout: Layout) -> str:
    return _set_address(layout, "dns2", _WRONG_ADDRESS)


def _move_site_back(layout: Layout, address: str) -> None:
    _set_address(layout, "dns2", address)


def _set_address(layout: Layout, server: str, address: str) -> str:
    """Change the site's address on one server, without a new serial, and return the old one."""
    zone = dns.read_zone(layout, server)
    record = next(one for one in zone["records"] if (one["name"], one["type"]) == (f"{certificates.SITE}.", "A"))
    old, record["value"] = str(record["value"]), address
    dns.write_zone(layout, server, zone)
    return old


def _leave_in_maintenance(layout: Layout) -> None:
    load_balancer.command(layout, f"set server {load_balancer.BLUE}/{_VICTIM} state maint")


def _end_maintenance(layout: Layout, _: Any) -> None:
    load_balancer.command(layout, f"set server {load_balancer.BLUE}/{_VICTIM} state ready")
    instances.wait_in_balancer(layout, _VICTIM)


def _stop_instance(layout: Layout) -> None:
    supervision.stop(layout, programs.name_of(_VICTIM))
    instances.wait_in_balancer(layout, _VICTIM, used=False)
    instances.wait_for_scrape(layout, "shop", _VICTIM)


def _start_instance(layout: Layout, _: Any) -> None:
    supervision.start(layout, programs.name_of(_VICTIM))
    instances.wait_in_balancer(layout, _VICTIM)
    instances.wait_for_scrape(layout, "shop", _VICTIM)


def _stop_green(layout: Layout) -> None:
    supervision.stop(layout, programs.name_of(_VICTIM, green=True))
    instances.wait_in_balancer(layout, _VICTIM, backend=load_balancer.GREEN, used=False)


def _start_green(layout: Layout, _: Any) -> None:
    supervision.start(layout, programs.name_of(_VICTIM, green=True))
    instances.wait_in_balancer(layout, _VICTIM, backend=load_balancer.GREEN)


def _switch_filter_off(layout: Layout) -> None:
    edits.replace(load_balancer.configuration(layout), _FILTER, _FILTER_OFF)
    _restart_balancer(layout)


def _switch_filter_on(layout: Layout, _: Any) -> None:
    edits.replace(load_balancer.configuration(layout), _FILTER_OFF, _FILTER)
    _restart_balancer(layout)


def _restart_balancer(layout: Layout) -> None:
    supervision.restart(layout, load_balancer.program(layout).name)
    for host in programs.APP_HOSTS:
        instances.wait(lambda: _answers(layout), "HAProxy does not answer")
        instances.wait_in_balancer(layout, host)
    instances.wait_for_scrape(layout, "haproxy", "lb1")


def _answers(layout: Layout) -> bool:
    try:
        return bool(load_balancer.command(layout, "show info"))
    except OSError:
        return False


FAULTS = (
    Fault(
        name="certificate-expiring",
        title=Text(ko="TLS 인증서가 5일 뒤에 만료됩니다", en="The TLS certificate expires in 5 days"),
        items=("INF-NET-5",),
        break_=_let_certificate_run_out,
        mend=_renew_certificate,
    ),
    Fault(
        name="dns-drift",
        title=Text(
            ko="두 번째 DNS 서버가 같은 시리얼로 다른 주소를 답합니다",
            en="The second name server answers another address, under the same serial",
        ),
        items=("INF-NET-4",),
        break_=_move_site_on_one_server,
        mend=_move_site_back,
    ),
    Fault(
        name="server-in-maintenance",
        title=Text(
            ko="배포 뒤 app2를 로드 밸런서의 점검 모드에서 해제하지 않았습니다",
            en="app2 was left in the load balancer's maintenance mode after a deployment",
        ),
        items=("INF-NET-1", "RBK-PRC-1"),
        break_=_leave_in_maintenance,
        mend=_end_maintenance,
    ),
    Fault(
        name="instance-down",
        title=Text(ko="app2의 인스턴스가 중지되었습니다", en="The instance on app2 is stopped"),
        items=("INF-NET-1", "MON-SYS-1", "INT-SYS-2", "RBK-PRC-1"),
        blinds=("SW-DEP-1",),
        break_=_stop_instance,
        mend=_start_instance,
    ),
    Fault(
        name="green-down",
        title=Text(ko="대기 중인 그린 인스턴스가 중지되었습니다", en="An idle green instance is stopped"),
        items=("RBK-PRC-1",),
        break_=_stop_green,
        mend=_start_green,
    ),
    Fault(
        name="request-filter-off",
        title=Text(
            ko="로드 밸런서의 요청 필터(WAF)가 꺼져 있습니다",
            en="The load balancer's request filter (WAF) is switched off",
        ),
        items=("SEC-CFG-2",),
        break_=_switch_filter_off,
        mend=_switch_filter_on,
    ),
)
