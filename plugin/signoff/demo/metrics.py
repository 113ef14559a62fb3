"""The metrics program of the embedded environment; what it serves is in `node_metrics`."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from signoff.demo.layout import HOSTS, Program
from signoff.demo.supervision import python_module

if TYPE_CHECKING:
    from signoff.demo.layout import Layout


def program(layout: Layout) -> Program:
    """Return the server of every host's metrics."""
    argv, env = python_module(layout, "signoff.demo.node_metrics")
    first, last = (layout.port(f"node_{host}") for host in (HOSTS[0], HOSTS[-1]))

    def ready() -> bool:
        with socket.socket() as connection:
            return connection.connect_ex(("127.0.0.1", last)) == 0

    address = f"http://127.0.0.1:{first}-{last}/metrics"
    return Program(name="node-metrics", argv=argv, cwd=layout.dir, env=env, ready=ready, address=address)
