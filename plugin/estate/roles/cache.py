"""The cache: Redis over TLS, a primary and a replica, with an account for the shop and one that may only look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate.roles.model import Role
from estate.roles.templates import put, put_certificate
from estate.topology import ADDRESSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.estate import Estate
    from estate.hosts import Host

PRIMARY = "cache1"
PORT = 6379
CONFIGURATION = "/etc/redis/redis.conf"
_OWNER = "root:redis"


def command(host: Host, estate: Estate, *words: str) -> str:
    """Send one command to the server as its administrator and return the answer."""
    return send(host, estate.secret("redis_default"), PORT, *words)


def send(host: Host, password: str, port: int, *words: str) -> str:
    """Send one command to a server on the host and return the answer."""
    trust = ("--tls", "--cacert", "/etc/redis/tls/ca.crt")
    asked = ("redis-cli", "-h", host.address, "-p", str(port), *trust, *words)
    return host.run("env", f"REDISCLI_AUTH={password}", *asked).strip()


def _configure(host: Host, estate: Estate) -> None:
    private = {
        CONFIGURATION: _OWNER,
        "/etc/redis/users.acl": _OWNER,
        "/etc/default/prometheus-redis-exporter": "root:root",
    }
    put(host, estate, "cache", private=private, port=PORT, primary=ADDRESSES[PRIMARY], is_primary=host.name == PRIMARY)
    put_certificate(host, estate, "/etc/redis/tls", owner=_OWNER)
    host.write("/etc/redis/tls/ca.crt", estate.layout.ca_file.read_bytes())
    host.enable("redis-server", "prometheus-redis-exporter")


def _ready(host: Host, estate: Estate) -> bool:
    wanted = "role:master" if host.name == PRIMARY else "master_link_status:up"
    return wanted in command(host, estate, "INFO", "replication")


def _exports(estate: Estate) -> Mapping[str, str]:
    return {"ESTATE_REDIS_PASSWORD": estate.secret("redis_signoff")}


ROLE = Role(
    name="cache",
    packages=("redis-server", "prometheus-redis-exporter"),
    configure=_configure,
    ready=_ready,
    exports=_exports,
)
