"""A name server of a test's own."""

from __future__ import annotations

from contextlib import contextmanager
from socketserver import ThreadingUDPServer
from typing import TYPE_CHECKING, Any

from dnslib.server import DNSLogger, DNSServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def name_server(resolver: Any) -> Iterator[int]:
    """Answer what the resolver does, in dnslib's interface, until the block ends; gives the port."""
    # dnslib's own kind of server may come by a port that another one of its kind holds (SO_REUSEADDR).
    kind: dict[str, Any] = {"server": ThreadingUDPServer, "logger": DNSLogger("error")}
    server = DNSServer(resolver, address="127.0.0.1", port=0, **kind)
    server.start_thread()
    try:
        yield server.server.server_address[1]
    finally:
        server.stop()
        server.server.server_close()
        server.thread.join()
