"""Faults of the caching edge: what it keeps, how it hands it out, and how to get around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.estate import wait_until
from estate.faults.model import Fault
from estate.roles import edge
from signoff.model import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.estate import Estate
    from estate.hosts import Host

_WORKERS = "ps -C nginx -o pid=,args= | grep 'worker process$' | awk '{print $1}'"
_KEPT_PAGE = """\
        location = /api/orders {
            proxy_cache static;
            proxy_cache_key $uri$http_cookie;
            proxy_ignore_headers Cache-Control Expires Set-Cookie Vary;
            proxy_cache_valid 200 1m;
            proxy_pass http://balancer;
        }
"""
_PUBLIC_PAGE = """\
        location = /api/orders {
            proxy_hide_header Cache-Control;
            add_header Cache-Control "public, max-age=60" always;
            add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;
            add_header X-Content-Type-Options nosniff always;
            add_header Cache-Status $cache_status always;
            proxy_pass http://balancer;
        }
"""
_REST = "        location / {\n"


def reload(host: Host) -> None:
    """Have nginx read its configuration again and wait until only new workers take connections."""
    before = set(host.run(_WORKERS).split())
    host.reload_service("nginx")

    def renewed() -> bool:
        workers = set(host.ask(_WORKERS).stdout.split())
        return bool(workers) and not workers & before

    wait_until(renewed, "nginx still works by its old configuration")


def _edited(old: str, new: str) -> Callable[[Estate], None]:
    def break_(estate: Estate) -> None:
        host = estate.host("edge")
        host.replace(edge.CONFIGURATION, old, new)
        reload(host)

    return break_


def _fault(  # noqa: PLR0913 - a name, two titles, a change and what it does
    name: str, title: Text, old: str, new: str, *, items: tuple[str, ...] = (), blinds: tuple[str, ...] = ()
) -> Fault:
    back = _edited(new, old)

    def mend(estate: Estate, _: Any) -> None:
        back(estate)

    return Fault(name=name, title=title, items=items, blinds=blinds, break_=_edited(old, new), mend=mend)


FAULTS = (
    _fault(
        "private-page-cached",
        Text(ko="에지가 개인 페이지를 캐시에 보관합니다", en="The edge keeps a private page in its cache"),
        _REST,
        _KEPT_PAGE + _REST,
        items=("INF-NET-2",),
    ),
    _fault(
        "private-page-public",
        Text(
            ko="개인 페이지를 아무 캐시나 보관할 수 있습니다", en="A private page tells every cache that it may keep it"
        ),
        _REST,
        _PUBLIC_PAGE + _REST,
        items=("INF-NET-2",),
    ),
    _fault(
        "edge-cache-off",
        Text(ko="에지의 캐시가 꺼져 있습니다", en="The edge's cache is off"),
        "            proxy_cache static;\n",
        "            # proxy_cache: off\n",
        items=("INF-NET-2",),
    ),
    _fault(
        "assets-uncompressed",
        Text(ko="정적 파일이 압축되지 않습니다", en="Assets are handed out uncompressed"),
        "    gzip on;\n",
        "    gzip off;\n",
        items=("INF-NET-2",),
    ),
    _fault(
        "cache-says-nothing",
        Text(ko="에지가 캐시 사용 여부를 알려 주지 않습니다", en="The edge no longer says what its cache does"),
        "    add_header Cache-Status $cache_status always;\n",
        "    # add_header: off\n",
        blinds=("INF-NET-2",),
    ),
)
