"""Faults of the services that everything rests on: cache and load balancer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.estate import wait_until
from estate.faults.model import Fault
from estate.roles import app, balancer, cache, edge
from signoff.model import Text

if TYPE_CHECKING:
    from estate.estate import Estate
    from estate.hosts import Host

_FILL = "for i = 1, 12000 do redis.call('SET', 'filler:' .. i, string.rep('x', 5000)) end"
_EMPTY = "for i = 1, 12000 do redis.call('DEL', 'filler:' .. i) end"
_VICTIM = "app2"
_HTTP_CHECK = "    option httpchk GET /readyz\n    http-check expect status 200\n    default-server check inter 1s"
_PORT_CHECK = "    default-server check inter 1001ms"
_REDIRECT = "        return 301 https://"
_NO_REDIRECT = "        location / { proxy_pass http://balancer; }\n        # return 301 https://"


def _redis(estate: Estate, *words: str, host: str = cache.PRIMARY) -> str:
    return cache.command(estate.host(host), estate, *words)


def _fill_cache(estate: Estate) -> None:
    _redis(estate, "EVAL", _FILL, "0")


def _empty_cache(estate: Estate, _: Any) -> None:
    _redis(estate, "EVAL", _EMPTY, "0")
    _redis(estate, "MEMORY", "PURGE")


def _forbid_eviction(estate: Estate) -> None:
    _redis(estate, "CONFIG", "SET", "maxmemory-policy", "noeviction")


def _allow_eviction(estate: Estate, _: Any) -> None:
    _redis(estate, "CONFIG", "SET", "maxmemory-policy", "allkeys-lru")


def _remove_limit(estate: Estate) -> str:
    before = _redis(estate, "CONFIG", "GET", "maxmemory").split()[-1]
    _redis(estate, "CONFIG", "SET", "maxmemory", "0")
    return before


def _set_limit(estate: Estate, before: str) -> None:
    _redis(estate, "CONFIG", "SET", "maxmemory", before)


def _break_replica(estate: Estate) -> None:
    # As after a change of passwords that forgot the replica: it shows at the next connection.
    _redis(estate, "CONFIG", "SET", "masterauth", "the-old-one", host="cache2")
    _redis(estate, "CLIENT", "KILL", "TYPE", "replica")
    _wait_for_link(estate, "down")


def _mend_replica(estate: Estate, _: Any) -> None:
    _redis(estate, "CONFIG", "SET", "masterauth", estate.secret("redis_replicator"), host="cache2")
    _wait_for_link(estate, "up")
    wait_until(lambda: "state=online" in _redis(estate, "INFO", "replication"), "the replica is not in step")


def _wait_for_link(estate: Estate, wanted: str) -> None:
    link = f"master_link_status:{wanted}"
    wait_until(
        lambda: link in _redis(estate, "INFO", "replication", host="cache2"), f"the replica's link is not {wanted}"
    )


def _stop_instance(estate: Estate) -> None:
    estate.host(_VICTIM).stop_service(app.BLUE)
    _wait_in_balancer(estate, "DOWN")


def _start_instance(estate: Estate, _: Any) -> None:
    estate.host(_VICTIM).start_service(app.BLUE)
    _wait_in_balancer(estate, "UP")


def _leave_in_maintenance(estate: Estate) -> None:
    balancer.command(_edge(estate), f"set server shop_blue/{_VICTIM} state maint")
    _wait_in_balancer(estate, "MAINT")


def _end_maintenance(estate: Estate, _: Any) -> None:
    balancer.command(_edge(estate), f"set server shop_blue/{_VICTIM} state ready")
    _wait_in_balancer(estate, "UP")


def _starve(estate: Estate) -> None:
    balancer.command(_edge(estate), "set server shop_blue/app1 weight 0")


def _feed(estate: Estate, _: Any) -> None:
    balancer.command(_edge(estate), "set server shop_blue/app1 weight 100%")


def _check_port_only(estate: Estate) -> None:
    _edit_balancer(estate, _HTTP_CHECK, _PORT_CHECK)


def _check_application(estate: Estate, _: Any) -> None:
    _edit_balancer(estate, _PORT_CHECK, _HTTP_CHECK)


def _edit_balancer(estate: Estate, old: str, new: str) -> None:
    host = _edge(estate)
    text = host.read(balancer.CONFIGURATION)
    host.write(balancer.CONFIGURATION, text.replace(old, new), mode=0o640, owner="root:haproxy")
    _reload_balancer(estate)


def _reload_balancer(estate: Estate) -> None:
    _edge(estate).restart_service("haproxy")
    for server in ("app1", "app2"):
        _wait_in_balancer(estate, "UP", server=server)


def _wait_in_balancer(estate: Estate, wanted: str, *, server: str = _VICTIM) -> None:
    def is_so() -> bool:
        rows = [row.split(",") for row in balancer.command(_edge(estate), "show stat").splitlines()]
        found = [row for row in rows if row[:2] == ["shop_blue", server]]
        return bool(found) and found[0][17].startswith(wanted) and not found[0][36].startswith("*")

    wait_until(is_so, f"HAProxy does not call {server} {wanted}")


def _serve_plain_http(estate: Estate) -> None:
    _edge(estate).replace(edge.CONFIGURATION, _REDIRECT, _NO_REDIRECT)
    edge.reload(estate)


def _redirect_to_https(estate: Estate, _: Any) -> None:
    _edge(estate).replace(edge.CONFIGURATION, _NO_REDIRECT, _REDIRECT)
    edge.reload(estate)


def _edge(estate: Estate) -> Host:
    return estate.host("edge")


FAULTS = (
    Fault(
        name="cache-full",
        title=Text(ko="캐시 메모리가 거의 가득 찼습니다", en="The cache's memory is almost used up"),
        items=("INF-SVC-1",),
        break_=_fill_cache,
        mend=_empty_cache,
    ),
    Fault(
        name="cache-refuses-writes",
        title=Text(
            ko="캐시가 가득 차면 오래된 값을 버리지 않고 쓰기를 거부합니다",
            en="The cache would refuse writes when full, instead of evicting",
        ),
        items=("INF-SVC-1",),
        break_=_forbid_eviction,
        mend=_allow_eviction,
    ),
    Fault(
        name="cache-without-limit",
        title=Text(ko="캐시에 메모리 한도가 없습니다", en="The cache has no memory limit"),
        items=("INF-SVC-1",),
        break_=_remove_limit,
        mend=_set_limit,
    ),
    Fault(
        name="replica-lost",
        title=Text(
            ko="비밀번호 변경 뒤 캐시 복제본이 연결되지 않습니다",
            en="The cache's replica cannot connect any more after a change of passwords",
        ),
        items=("INF-SVC-1",),
        break_=_break_replica,
        mend=_mend_replica,
    ),
    Fault(
        name="instance-down",
        title=Text(ko="app2의 인스턴스가 중지되었습니다", en="The instance on app2 is stopped"),
        items=("INF-NET-1",),
        break_=_stop_instance,
        mend=_start_instance,
    ),
    Fault(
        name="server-in-maintenance",
        title=Text(
            ko="배포 뒤 app2를 로드 밸런서의 점검 모드에서 해제하지 않았습니다",
            en="app2 was left in the load balancer's maintenance mode after a deployment",
        ),
        items=("INF-NET-1",),
        break_=_leave_in_maintenance,
        mend=_end_maintenance,
    ),
    Fault(
        name="server-without-traffic",
        title=Text(ko="app1의 가중치가 0이라 요청을 받지 않습니다", en="app1 has weight 0 and gets no traffic"),
        items=("INF-NET-1",),
        break_=_starve,
        mend=_feed,
    ),
    Fault(
        name="shallow-health-check",
        title=Text(
            ko="로드 밸런서가 애플리케이션이 아니라 포트만 확인합니다",
            en="The load balancer checks only the port, not the application",
        ),
        items=("INF-NET-1",),
        break_=_check_port_only,
        mend=_check_application,
    ),
    Fault(
        name="plain-http-served",
        title=Text(
            ko="HTTP가 HTTPS로 넘어가지 않고 그대로 제공됩니다",
            en="Plain HTTP is served instead of leading to HTTPS",
        ),
        items=("INF-NET-1", "SEC-CFG-3"),
        break_=_serve_plain_http,
        mend=_redirect_to_https,
    ),
)
