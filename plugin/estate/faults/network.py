"""Faults of firewalls and name servers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from estate.estate import wait_until
from estate.faults.model import Fault
from estate.roles import firewall, nameserver
from estate.topology import DOMAIN
from signoff.model import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.estate import Estate
    from estate.hosts import Host

_INPUT = ("inet", "filter", "input")
_LISTENER = "forgotten-listener"
_LISTENER_PORT = 4444
_SOON = timedelta(days=3)


def _nft(host: str, *words: str) -> Callable[[Estate], None]:
    def break_(estate: Estate) -> None:
        estate.host(host).run("nft", *words)

    return break_


def _load_rules(host: str) -> Callable[[Estate, Any], None]:
    def mend(estate: Estate, _: Any) -> None:
        estate.host(host).run("nft", "--file", firewall.RULES)

    return mend


def open_port(host: str, port: int) -> Callable[[Estate], None]:
    """Return a fault that lets everybody connect to a port of the host."""
    return _nft(host, "insert", "rule", *_INPUT, "tcp", "dport", str(port), "accept")


def close_ports(host: str) -> Callable[[Estate, Any], None]:
    """Return what takes the fault of `open_port` back."""
    return _load_rules(host)


def _listen(estate: Estate) -> None:
    host = estate.host("app2")
    # Python, because it is there whatever netcat the host has.
    script = f"import socket, time; s = socket.create_server(('', {_LISTENER_PORT})); time.sleep(1e6)"
    host.run("systemd-run", "--quiet", f"--unit={_LISTENER}", "python3", "-c", script)
    listening = f"ss -Hltn 'sport = {_LISTENER_PORT}' | grep -q ."
    wait_until(lambda: host.ask(listening).returncode == 0, "nothing listens")


def _hush(estate: Estate, _: Any) -> None:
    estate.host("app2").stop_service(_LISTENER)


def _primary(estate: Estate) -> Host:
    return estate.host(nameserver.PRIMARY)


def _serve(estate: Estate, text: str, *, until: datetime | None = None) -> None:
    """Have the primary serve this zone under its old serial number: its secondary learns nothing."""
    host = _primary(estate)
    nameserver.write_zone(host, estate, text, until=until)
    before = _loaded(host)
    host.run("rndc", "reload", DOMAIN)
    wait_until(lambda: _loaded(host) != before, "the primary does not load its zone")


def _loaded(host: Host) -> str:
    status = host.run("rndc", "zonestatus", DOMAIN)
    found = re.search(r"^(?:last )?loaded: (.*)$", status, re.MULTILINE)
    return f"{found[1] if found else ''} {host.run('dig', '+short', '+dnssec', f'@{host.address}', DOMAIN, 'SOA')}"


def _rewritten(old: str, new: str) -> Callable[[Estate], None]:
    def break_(estate: Estate) -> None:
        text = nameserver.unsigned(_primary(estate), estate)
        changed = text.replace(old, new)
        if changed == text:
            raise ValueError(f"the zone has no {old!r}")
        _serve(estate, changed)

    return break_


def _sign_shortly(estate: Estate) -> None:
    _serve(estate, nameserver.unsigned(_primary(estate), estate), until=datetime.now(UTC) + _SOON)


def _restore_zone(estate: Estate, _: Any) -> None:
    _serve(estate, nameserver.unsigned(_primary(estate), estate))


def _zone_fault(name: str, ko: str, en: str, break_: Callable[[Estate], None]) -> Fault:
    return Fault(name=name, title=Text(ko=ko, en=en), items=("INF-NET-4",), break_=break_, mend=_restore_zone)


FAULTS = (
    Fault(
        name="firewall-accepts-by-default",
        title=Text(ko="db2의 방화벽이 기본으로 허용합니다", en="The firewall of db2 accepts what no rule mentions"),
        items=("INF-NET-3",),
        break_=_nft("db2", "chain", *_INPUT, "{", "policy", "accept", ";", "}"),
        mend=_load_rules("db2"),
    ),
    Fault(
        name="firewall-off",
        title=Text(ko="ns2의 방화벽이 꺼져 있습니다", en="The firewall of ns2 is off"),
        items=("INF-NET-3",),
        break_=_nft("ns2", "flush", "ruleset"),
        mend=_load_rules("ns2"),
    ),
    Fault(
        name="forgotten-listener",
        title=Text(ko="app2에서 알 수 없는 프로그램이 포트를 엽니다", en="A forgotten program listens on app2"),
        items=("INF-NET-3",),
        break_=_listen,
        mend=_hush,
    ),
    Fault(
        name="console-open-to-world",
        title=Text(
            ko="mon의 Prometheus에 외부에서 접속할 수 있습니다", en="Prometheus on mon is open to the whole world"
        ),
        items=("INF-NET-3",),
        break_=open_port("mon", 9090),
        mend=close_ports("mon"),
    ),
    Fault(
        name="rule-for-unknown-port",
        title=Text(
            ko="cache1의 방화벽이 아무도 모르는 포트를 허용합니다",
            en="The firewall of cache1 lets in a port nobody named",
        ),
        items=("INF-NET-3",),
        break_=_nft("cache1", "add", "rule", *_INPUT, "tcp", "dport", "2222", "accept"),
        mend=_load_rules("cache1"),
    ),
    _zone_fault(
        "name-servers-differ",
        "두 네임서버가 같은 일련번호로 다른 레코드를 줍니다",
        "The name servers give different records under one serial number",
        _rewritten('"v=spf1 mx -all"', '"v=spf1 mx ip4:192.0.2.7 -all"'),
    ),
    _zone_fault(
        "ttl-too-long",
        "사이트 이름의 TTL이 하루입니다",
        "The site's name may be cached for a day",
        _rewritten("\nshop A ", "\nshop 86400 A "),
    ),
    _zone_fault(
        "zone-signatures-expiring",
        "영역의 서명이 사흘 뒤 만료됩니다",
        "The signatures of the zone expire in three days",
        _sign_shortly,
    ),
    _zone_fault(
        "caa-missing",
        "어느 인증 기관이나 인증서를 발급할 수 있습니다",
        "Any certificate authority may issue for the domain",
        _rewritten("\n@ CAA ", "\n;@ CAA "),
    ),
    _zone_fault(
        "mail-server-without-address",
        "MX 레코드가 주소 없는 이름을 가리킵니다",
        "The MX record points to a name without an address",
        _rewritten("\nmail A ", "\n;mail A "),
    ),
    _zone_fault(
        "dmarc-only-watches",
        "DMARC 정책이 none입니다",
        "The DMARC policy lets forged mail through",
        _rewritten("p=reject", "p=none"),
    ),
)
