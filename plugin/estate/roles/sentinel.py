"""Three Sentinels, on hosts of their own, that promote the cache's replica when two of them miss the primary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate.roles import cache
from estate.roles.model import Role
from estate.roles.templates import put, put_certificate
from estate.topology import ADDRESSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.estate import Estate
    from estate.hosts import Host

PORT = 26379
NAME = "shop-cache"
"""Under which they watch the primary."""
QUORUM = 2
UNIT = "redis-sentinel"
_CONFIGURATION = "/etc/redis/sentinel.conf"


def command(host: Host, estate: Estate, *words: str) -> str:
    """Send one command to the host's Sentinel as its administrator and return the answer."""
    return cache.send(host, estate.secret("sentinel_default"), PORT, *words)


def _configure(host: Host, estate: Estate) -> None:
    values = {"port": PORT, "name": NAME, "quorum": QUORUM, "redis_port": cache.PORT}
    # It writes what it learns into its own file.
    private = {_CONFIGURATION: "redis:redis"}
    put(host, estate, "sentinel", private=private, primary=ADDRESSES[cache.PRIMARY], **values)
    put_certificate(host, estate, "/etc/redis/tls", owner="root:redis")
    host.write("/etc/redis/tls/ca.crt", estate.layout.ca_file.read_bytes())
    host.enable(UNIT)


def _ready(host: Host, estate: Estate) -> bool:
    known = dict(_pairs(command(host, estate, "SENTINEL", "MASTER", NAME)))
    replicas = _pairs(command(host, estate, "SENTINEL", "REPLICAS", NAME))
    others = len(estate.with_role("sentinel")) - 1
    # A replica is listed before it was asked whether it follows.
    follows = {("flags", "slave"), ("master-link-status", "ok")} <= set(replicas)
    return known.get("num-other-sentinels") == str(others) and follows


def _pairs(answer: str) -> list[tuple[str, str]]:
    words = answer.splitlines()
    return list(zip(words[::2], words[1::2], strict=False))


def _exports(estate: Estate) -> Mapping[str, str]:
    return {"ESTATE_SENTINEL_PASSWORD": estate.secret("sentinel_signoff")}


ROLE = Role(name="sentinel", packages=("redis-sentinel",), configure=_configure, ready=_ready, exports=_exports)
