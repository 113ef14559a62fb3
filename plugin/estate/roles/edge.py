"""The edge: nginx with TLS, a web application firewall, a cache for static files and a limit on logins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate.estate import wait_until
from estate.roles.model import Role
from estate.roles.templates import put, write_issued
from estate.topology import DOMAIN, SITE

if TYPE_CHECKING:
    from estate.estate import Estate
    from estate.hosts import Host

CONFIGURATION = "/etc/nginx/nginx.conf"
FILTER = "/etc/nginx/waf.conf"
AUDIT_LOG = "/var/log/nginx/waf.log"
TLS = "/etc/nginx/tls"
"""Folder of `server.crt` (with its intermediate) and `server.key`."""
CERTIFICATE = f"{TLS}/server.crt"
NAMES = (SITE, f"www.{DOMAIN}")
BALANCER_PORT = 8080


def write_certificate(host: Host, estate: Estate, *, names: tuple[str, ...] = NAMES, days: float = 90) -> None:
    """Write a new certificate for the site; nginx uses it after a reload."""
    write_issued(host, estate.issue(*names, host.address, days=days), TLS, owner="root:root")


def reload(estate: Estate) -> None:
    """Have nginx read its configuration and certificate again; returns when only the new ones are in use.

    Raises:
        EstateError: the configuration is wrong, or the old one stays in use.
    """
    host = estate.host("edge")
    host.run("nginx", "-t", "-q")
    old = _workers(host)
    host.reload_service("nginx")
    wait_until(lambda: bool(new := _workers(host)) and new.isdisjoint(old), "nginx keeps its old workers")


def _workers(host: Host) -> frozenset[str]:
    return frozenset(host.ask("pgrep", "--full", "^nginx: worker process$").stdout.split())


def _configure(host: Host, estate: Estate) -> None:
    put(host, estate, "edge", audit_log=AUDIT_LOG, tls=TLS, names=NAMES, balancer_port=BALANCER_PORT)
    host.write(AUDIT_LOG, "", mode=0o640, owner="root:adm")
    write_certificate(host, estate)
    host.enable("nginx")


def _ready(host: Host, estate: Estate) -> bool:
    asked = ("curl", "--silent", "--fail", "--max-time", "10", "--cacert", str(estate.layout.ca_file))
    return (
        estate.controller.ask(*asked, "--resolve", f"{SITE}:443:{host.address}", f"https://{SITE}/readyz").returncode
        == 0
    )


ROLE = Role(
    name="edge",
    packages=("nginx", "libnginx-mod-http-modsecurity", "modsecurity-crs"),
    configure=_configure,
    ready=_ready,
)
