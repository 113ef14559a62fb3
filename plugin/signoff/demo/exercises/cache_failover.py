"""Rehearses the loss of the cache on a copy: a fresh replica follows it, is promoted, and takes writes."""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from signoff.demo import cache
from signoff.demo.exercises.records import Drill
from signoff.demo.layout import DemoError
from signoff.demo.supervision import base_environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.demo.layout import Layout

_LIMIT_SECONDS = 60.0
_OUTAGE = ("promote it", "write to it")
"""The steps during which nobody could write."""


def run(layout: Layout) -> dict[str, Any]:
    """Return the record; `seconds` is the time from the decision to promote until the first write."""
    drill, directory = Drill(kind="failover", environment="copy of cache1"), layout.run / "cache-failover"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    try:
        with suppress(DemoError):
            _rehearse(layout, drill, str(directory))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    seconds = sum(step.seconds for step in drill.steps if step.name in _OUTAGE)
    return drill.record(layout, seconds=seconds, downtime_seconds=seconds)


def _rehearse(layout: Layout, drill: Drill, directory: str) -> None:
    port = layout.port("redis_drill")
    # On its command line stands nothing secret: how to reach the primary is told over the connection.
    command = (cache.server_binary(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", directory)
    process = subprocess.Popen(
        command, env=base_environment(layout), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with _client(port) as copy:
            with drill.step("start a replica, and wait until it has everything"):
                _wait(lambda: bool(copy.ping()))
                copy.config_set("masteruser", "default")
                copy.config_set("masterauth", layout.password("redis_default"))
                copy.replicaof("127.0.0.1", str(layout.port("redis")))
                _wait(lambda: _is_linked(copy))
            with drill.step(_OUTAGE[0]):
                copy.replicaof("NO", "ONE")
            with drill.step(_OUTAGE[1]):
                copy.set("after-failover", "1")
    finally:
        process.kill()
        process.wait()


def _is_linked(copy: redis.Redis) -> bool:
    info: Any = copy.info("replication")
    return bool(info.get("master_link_status") == "up")


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _LIMIT_SECONDS
    while time.monotonic() < deadline:
        with suppress(redis.RedisError):
            if condition():
                return
        time.sleep(0.02)
    raise DemoError(f"the drill's replica did not catch up within {_LIMIT_SECONDS:g} s")


def _client(port: int) -> redis.Redis:
    return redis.Redis(
        host="127.0.0.1", port=port, socket_timeout=30, decode_responses=True, retry=Retry(NoBackoff(), 0)
    )
