"""The zone of the embedded environment and its two authoritative servers."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

from signoff.demo.layout import Program, write_atomically
from signoff.demo.supervision import python_module

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.demo.layout import Layout

ORIGIN = "demo.test."
SERVERS = ("dns1", "dns2")
_SERIAL = 2026010101
_QUERY = b"\x53\x4f\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04demo\x04test\x00\x00\x06\x00\x01"
"""SOA of the zone, as a packet."""
_RECORDS = (
    ("demo.test.", 300, "SOA", "ns1.demo.test. hostmaster.demo.test. {serial} 3600 600 604800 300"),
    ("demo.test.", 300, "NS", "ns1.demo.test."),
    ("demo.test.", 300, "NS", "ns2.demo.test."),
    ("ns1.demo.test.", 300, "A", "127.0.0.1"),
    ("ns2.demo.test.", 300, "A", "127.0.0.1"),
    ("shop.demo.test.", 60, "A", "127.0.0.1"),
    ("www.demo.test.", 60, "CNAME", "shop.demo.test."),
    ("demo.test.", 300, "CAA", '0 issue "ca.demo.test"'),
    ("demo.test.", 300, "MX", "10 mail.demo.test."),
    ("mail.demo.test.", 300, "A", "127.0.0.1"),
    ("demo.test.", 300, "TXT", '"v=spf1 mx -all"'),
    ("_dmarc.demo.test.", 300, "TXT", '"v=DMARC1; p=reject; rua=mailto:dmarc@demo.test"'),
)


def zone_file(layout: Layout, server: str) -> Path:
    """Return the file that one server answers from: {"origin", "records": [{"name", "ttl", "type", "value"}]}."""
    return layout.dir / "dns" / f"{server}.json"


def read_zone(layout: Layout, server: str) -> dict[str, Any]:
    """Return the zone as one server knows it."""
    zone: dict[str, Any] = json.loads(zone_file(layout, server).read_text(encoding="utf-8"))
    return zone


def write_zone(layout: Layout, server: str, zone: dict[str, Any]) -> None:
    """Change what one server answers, from its next query on."""
    write_atomically(zone_file(layout, server), json.dumps(zone, indent=1) + "\n")


def prepare(layout: Layout) -> None:
    """Give both servers the same zone."""
    records = [
        {"name": name, "ttl": ttl, "type": kind, "value": value.format(serial=_SERIAL)}
        for name, ttl, kind, value in _RECORDS
    ]
    (layout.dir / "dns").mkdir(parents=True, exist_ok=True)
    for server in SERVERS:
        write_zone(layout, server, {"origin": ORIGIN, "records": records})


def programs(layout: Layout) -> list[Program]:
    """Return both servers."""
    return [_program(layout, server) for server in SERVERS]


def _program(layout: Layout, server: str) -> Program:
    argv, env = python_module(layout, "signoff.demo.dns_server", server)
    port = layout.port(server)

    def ready() -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(1)
            try:
                udp.connect(("127.0.0.1", port))
                udp.send(_QUERY)
                return udp.recv(512)[:2] == _QUERY[:2]
            except OSError:
                return False

    return Program(name=server, argv=argv, cwd=layout.dir, env=env, ready=ready, address=f"dns://127.0.0.1:{port}")
