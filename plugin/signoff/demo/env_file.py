"""The `.env` of a copy: every value that the demo inventory refers to as ${DEMO_…}."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from signoff.demo import load_balancer, people, sshd
from signoff.demo.layout import HOSTS, load, write_atomically

if TYPE_CHECKING:
    from signoff.demo.layout import Layout

VERSION = "1.0.0"
_ATTESTED_DAYS = 90
_WINDOW_DAYS = 3
_PORTS = {
    "HTTPS": "https",
    "HTTP": "http",
    "APP1": "app1",
    "APP2": "app2",
    "APP1_GREEN": "app1_green",
    "APP2_GREEN": "app2_green",
    "STATS": "stats",
    "PG": "pg",
    "PG_STANDBY": "pg_standby",
    "REDIS": "redis",
    "SENTINEL1": "sentinel1",
    "SENTINEL2": "sentinel2",
    "SENTINEL3": "sentinel3",
    "DNS1": "dns1",
    "DNS2": "dns2",
    "PROMETHEUS": "prometheus",
    "SENTRY": "sentry",
    "OPERATIONS": "operations",
    "STATUS_PAGE": "status_page",
}
_PASSWORDS = {
    "PG_PASSWORD": "pg_signoff",
    "REDIS_PASSWORD": "redis_signoff",
    "SENTINEL_PASSWORD": "sentinel_signoff",
    "SENTRY_TOKEN": "sentry_token",
    "GRAFANA_TOKEN": "grafana_token",
    "ON_CALL_TOKEN": "on_call_token",
    "CUSTOMER_PASSWORD": "customer",
    "OTHER_PASSWORD": "other",
    "ADMIN_PASSWORD": "admin",
}


def values(layout: Layout) -> dict[str, str]:
    """Return the variables, without writing them."""
    state = load(layout)
    attested = dt.datetime.now(dt.UTC).replace(microsecond=0)
    ssh_ports = {f"SSH_{host.upper()}": f"ssh_{host}" for host in HOSTS}
    named = {
        "DIR": str(layout.dir),
        "RELEASE": f"{VERSION}+{state.commit[:7]}",
        "COMMIT": state.commit,
        "CA_FILE": str(layout.ca_file),
        "HAPROXY": load_balancer.program_file(),
        "HAPROXY_SOCKET": str(load_balancer.runtime_socket(layout)),
        "HAPROXY_MAP": str(load_balancer.active_map(layout)),
        "SSH_USER": sshd.user(),
        "SSH_KEY": str(sshd.client_key(layout)),
        "SSH_KNOWN_HOSTS": str(sshd.known_hosts(layout)),
        **{f"{name}_PORT": str(state.ports[port]) for name, port in {**_PORTS, **ssh_ports}.items()},
        **{name: state.passwords[password] for name, password in _PASSWORDS.items()},
        **{f"KEY_{role.upper()}": people.public_key(layout, role) for role in people.ROLES},
        "ATTESTED_AT": attested.isoformat(),
        "WINDOW_OPENS": attested.isoformat(),
        "WINDOW_CLOSES": (attested + dt.timedelta(days=_WINDOW_DAYS)).isoformat(),
        "ATTESTED_UNTIL": (attested + dt.timedelta(days=_ATTESTED_DAYS)).isoformat(),
    }
    return {f"DEMO_{name}": value for name, value in named.items()}


def write(layout: Layout) -> None:
    """Write the file, readable by its owner only; it is the last thing that `up` does."""
    lines = [f"{name}='{value}'" for name, value in values(layout).items()]
    write_atomically(layout.env_file, "\n".join(lines) + "\n")
