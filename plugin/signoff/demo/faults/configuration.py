"""Faults of settings: the cache's limits, an environment file."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

from signoff.demo import cache
from signoff.demo.faults import edits
from signoff.demo.faults.model import Fault
from signoff.demo.shop import programs
from signoff.model import Text

if TYPE_CHECKING:
    import redis

    from signoff.demo.layout import Layout

_VICTIM = "app1"
_FILLER = "import:picture:"
_PICTURES = 300
"""Enough that buffers of connections, which come and go, hardly change the share."""
_PICTURE = "0" * 65_536
_SECOND = "SHOP_SESSION_IDLE_SECONDS=86400\n"
_FULL = 0.9
"""Share of the cache's memory that is in use when it is degraded."""
_CALM = 5
"""Equal looks in a row after which the memory counts as settled."""
_LOOKS = 30


def _fill_cache(layout: Layout) -> int:
    with cache.connect_admin(layout) as client:
        limit = int(cast("dict[str, str]", client.config_get("maxmemory"))["maxmemory"])
        with client.pipeline(transaction=False) as pipeline:
            for number in range(_PICTURES):
                pipeline.set(f"{_FILLER}{number}", _PICTURE)
            pipeline.execute()
    with cache.connect_admin(layout) as client:
        client.config_set("maxmemory", str(int(_settled_memory(client) / _FULL)))
    return limit


def _settled_memory(client: redis.Redis) -> int:
    """Return the bytes in use once the buffers of the burst of writes are given back: that takes a moment."""
    used = [int(cast("dict[str, int]", client.info("memory"))["used_memory"])]
    while len(used) < _LOOKS and (len(used) < _CALM or max(used[-_CALM:]) - min(used[-_CALM:]) > used[-1] // 100):
        time.sleep(0.1)
        used.append(int(cast("dict[str, int]", client.info("memory"))["used_memory"]))
    return used[-1]


def _relieve_cache(layout: Layout, limit: int) -> None:
    with cache.connect_admin(layout) as client:
        client.config_set("maxmemory", str(limit))
        client.delete(*(f"{_FILLER}{number}" for number in range(_PICTURES)))


def _open_settings(layout: Layout) -> int:
    file = programs.source(layout, _VICTIM) / ".env"
    mode = file.stat().st_mode & 0o777
    file.chmod(0o640)
    return mode


def _close_settings(layout: Layout, mode: int) -> None:
    (programs.source(layout, _VICTIM) / ".env").chmod(mode)


def _set_twice(layout: Layout) -> None:
    """Write one setting a second time, as a hasty edit does: the later line wins silently."""
    file = programs.source(layout, _VICTIM) / ".env"
    with file.open("a", encoding="utf-8") as settings:
        settings.write(_SECOND)


def _set_once(layout: Layout, _: Any) -> None:
    file = programs.source(layout, _VICTIM) / ".env"
    edits.replace(file, _SECOND, "")


FAULTS = (
    Fault(
        name="cache-degraded",
        title=Text(
            ko="캐시 서버의 메모리가 거의 가득 찼습니다 (maxmemory 부족)",
            en="The cache is nearly out of memory (maxmemory too small)",
        ),
        items=("INF-SVC-1",),
        break_=_fill_cache,
        mend=_relieve_cache,
    ),
    Fault(
        name="env-file-readable",
        title=Text(
            ko="app1의 .env 파일을 그룹이 읽을 수 있습니다", en="The .env file on app1 is readable by its group"
        ),
        items=("SW-DEP-2",),
        break_=_open_settings,
        mend=_close_settings,
    ),
    Fault(
        name="setting-duplicated",
        title=Text(
            ko="app1의 .env에 같은 설정이 두 번 있고 값이 app2와 다릅니다",
            en="app1's .env sets one variable twice, and differs from app2",
        ),
        items=("SW-DEP-2",),
        break_=_set_twice,
        mend=_set_once,
    ),
)
