"""One authoritative DNS server: answers for a zone that it reads from a JSON file at every query.

Reading it each time is what lets the data of one server drift from the other's, as happens in production.
Run as `python -m signoff.demo.dns_server DIR NAME`.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnslib import CLASS, QTYPE, RCODE, RR, DNSRecord
from dnslib.server import DNSServer

from signoff.demo import dns
from signoff.demo.layout import Layout

if TYPE_CHECKING:
    from dnslib.server import DNSHandler

_UDP_SIZE = 1232
_MAX_CHAIN = 8


class ZoneResolver:
    """Answers from the zone file; the interface is dnslib's."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def resolve(self, request: DNSRecord, _handler: DNSHandler | None) -> DNSRecord:
        """Return the authoritative answer, NXDOMAIN, or REFUSED for a name outside the zone."""
        zone = json.loads(self._file.read_text(encoding="utf-8"))
        origin = str(zone["origin"])
        reply = request.reply(ra=0)
        name, kind = str(request.q.qname).lower(), QTYPE[request.q.qtype]
        if kind == "AXFR" or (name != origin and not name.endswith(f".{origin}")):
            reply.header.aa = 0
            reply.header.rcode = RCODE.REFUSED
            return reply
        answers, known = _answers(zone["records"], name, kind)
        for answer in answers:
            reply.add_answer(answer)
        if not known:
            reply.header.rcode = RCODE.NXDOMAIN
        if not answers:
            for soa in _answers(zone["records"], origin, "SOA")[0]:
                reply.add_auth(soa)
        return reply


def _answers(records: list[dict[str, Any]], name: str, kind: str) -> tuple[list[RR], bool]:
    """Return the records of the kind at the name, following aliases, and whether the first name exists at all."""
    found: list[RR] = []
    known = any(record["name"] == name or record["name"].endswith(f".{name}") for record in records)
    for _ in range(_MAX_CHAIN):
        here = [record for record in records if record["name"] == name]
        wanted = [record for record in here if record["type"] == kind or kind == "ANY"]
        aliases = [record for record in here if record["type"] == "CNAME"]
        for record in wanted or aliases:
            found += RR.fromZone(f"{record['name']} {record['ttl']} {CLASS[1]} {record['type']} {record['value']}")
        if wanted or not aliases:
            break
        name = aliases[0]["value"]
    return found, known


def main(arguments: list[str]) -> None:
    """Serve on UDP and TCP until stopped."""
    layout, name = Layout(Path(arguments[0])), arguments[1]
    resolver = ZoneResolver(dns.zone_file(layout, name))
    port = layout.port(name)
    for tcp in (False, True):
        DNSServer(resolver, address="127.0.0.1", port=port, tcp=tcp, logger=_Quiet()).start_thread()
    print(f"{name}: serving {dns.ORIGIN} on 127.0.0.1:{port}", flush=True)  # noqa: T201 - this is the log
    while True:
        time.sleep(3600)


class _Quiet:
    """dnslib logs every packet otherwise."""

    def __getattr__(self, _name: str) -> Any:
        return lambda *_arguments: None


if __name__ == "__main__":
    main(sys.argv[1:])
