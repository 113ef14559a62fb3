"""SEC-CFG-2 and SEC-CFG-3: front doors that hold, that do not, and that cannot be looked at."""

from __future__ import annotations

import hashlib
import json
import socket
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from dnslib import QTYPE, RR, A
from dnslib.server import BaseResolver

from tests.security.name_server import name_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class _Zone(BaseResolver):  # type: ignore[misc]  # dnslib carries no types
    def resolve(self, request: Any, _handler: object) -> Any:
        reply, name = request.reply(), str(request.q.qname).rstrip(".")
        if QTYPE[request.q.qtype] == "A" and name != "gone.example.test":
            reply.add_answer(RR(request.q.qname, QTYPE.A, rdata=A("127.0.0.1"), ttl=60))
        return reply


def _listening() -> socket.socket:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    return listening


def _describe_filters(environment: Any, running: Any, tmp_path: Path) -> None:
    """Name the real filter as it is, cut down to one server each, and with rules that are not there."""
    servers = (running.folder / "servers" / "all.conf").read_text().split("server {")[1:]
    main = (running.folder / "nginx.conf").read_text()
    parts = dict(zip(("on", "detects", "off"), servers, strict=True))
    for name, server in parts.items():
        config = tmp_path / f"{name}.conf"
        config.write_text(main.replace("include servers/*.conf;", f"server {{{server}"))
        environment.services[f"{name}-web"] = {"kind": "web", "url": running.url(name)}
        environment.services[f"{name}-access"] = {
            "kind": "access",
            "web": f"{name}-web",
            "protected": ["/me"],
            "request_filter": {"path": "/"},
        }
        environment.services[name] = {
            "kind": "modsecurity",
            "host": "edge",
            "config": str(config),
            "access": f"{name}-access",
        }
    on = environment.services["on"]
    environment.services |= {
        "few-rules": on | {"min_rules": 5_000},
        "gone": on | {"config": str(tmp_path / "gone.conf")},
        "other-log": on | {"audit_log": str(tmp_path / "on.conf")},
        "no-access": on | {"access": "nothing"},
        "unreachable": on | {"host": "down"},
    }


def _describe_doors(environment: Any, resolver_port: int, front: socket.socket, origin: socket.socket) -> None:
    door = {
        "kind": "front_door",
        "names": ["shop.example.test"],
        "port": front.getsockname()[1],
        "resolvers": [{"name": "public", "address": "127.0.0.1", "port": resolver_port}],
        "ranges": ["127.0.0.0/8"],
        "origins": [{"address": "127.0.0.2", "port": 1}],
    }
    environment.services |= {
        "closed": door,
        "open": door | {"origins": [{"address": "127.0.0.1", "port": origin.getsockname()[1]}]},
        "past": door | {"ranges": ["192.0.2.0/24"]},
        "shut": door | {"port": 1},
        "nameless": door | {"names": ["gone.example.test"]},
    }


def _describe_limits(environment: Any, tmp_path: Path) -> None:
    limit = {"kind": "rate_limit", "paths": ["/api/login"], "host": "edge", "config": str(tmp_path / "on.conf")}
    burst = {"kind": "rate_limit", "paths": ["/api/login"], "burst": {"web": "on-web", "requests": 10}}
    environment.services |= {
        "limited": limit,
        "too-high": limit | {"per_second": 0.01},
        "unlimited": limit | {"paths": ["/api/login", "/"]},
        "unreadable": limit | {"config": str(tmp_path / "gone.conf")},
        "seen": burst,
        "not-seen": burst | {"burst": {"web": "off-web", "requests": 10}},
        "nobody": burst | {"burst": {"web": "gone-web", "requests": 10}},
    }
    environment.services["gone-web"] = {"kind": "web", "url": "http://127.0.0.1:1"}


def _describe_provider(environment: Any, tmp_path: Path) -> None:
    """Write what Cloudflare answers about two names, one of which leads past it, now and long ago."""
    rows = [{"name": f"{name}.example.test", "type": "A", "proxied": name == "shop"} for name in ("shop", "direct")]
    (tmp_path / "zone.json").write_text(
        json.dumps({"success": True, "result": {"name": "example.test", "status": "active", "paused": False}})
    )
    records = tmp_path / "records.json"
    records.write_text(json.dumps({"success": True, "result": rows, "result_info": {"total_count": 2}}))
    now = datetime.now(UTC)
    for name, at in (("fresh", now), ("stale", now - timedelta(days=30))):
        note = {"tool": "curl", "commit": "0" * 40, "created": at.isoformat()}
        digest = hashlib.sha256(records.read_bytes()).hexdigest()
        (tmp_path / f"{name}.json").write_text(json.dumps(note | {"report_sha256": digest}))
    entry = {
        "kind": "ddos_protection",
        "provider": "cloudflare",
        "protects": ["shop.example.test"],
        "zone": str(tmp_path / "zone.json"),
        "records": str(records),
        "provenance": str(tmp_path / "fresh.json"),
    }
    environment.services |= {
        "protected": entry,
        "exposed": entry | {"protects": ["shop.example.test", "direct.example.test"]},
        "outdated": entry | {"provenance": str(tmp_path / "stale.json")},
    }


def test_front_doors(environment: Any, states_of: Callable[..., Any], request_filter: Any, tmp_path: Path) -> None:
    environment.host("edge", "edge", command_lines=["no such program"])
    environment.unreachable_host("down", "edge")
    _describe_filters(environment, request_filter, tmp_path)
    _describe_limits(environment, tmp_path)
    _describe_provider(environment, tmp_path)
    with name_server(_Zone()) as port, closing(_listening()) as front, closing(_listening()) as origin:
        _describe_doors(environment, port, front, origin)
        states = environment.run("security/front")

    filters = {"on": "PASS", "few-rules": "FAIL", "detects": "FAIL", "off": "FAIL"}
    assert states_of(states, "request_filter_is_in_blocking_mode") == filters | {
        "gone": "NOT_VERIFIED",
        "other-log": "PASS",
        "no-access": "PASS",
        "unreachable": "ERROR",
    }
    assert states_of(states, "request_filter_writes_down_what_it_refuses") == {
        "on": "PASS",
        "few-rules": "PASS",
        "detects": "PASS",
        "off": "FAIL",
        "other-log": "FAIL",
        "gone": "NOT_VERIFIED",
        "no-access": "NOT_VERIFIED",
        "unreachable": "ERROR",
    }
    # The open origin is where DNS leads, too: a failure of both.
    doors = {"closed": "PASS", "open": "FAIL", "past": "FAIL", "shut": "PASS", "nameless": "NOT_VERIFIED"}
    assert states_of(states, "names_lead_to_the_protection") == doors
    assert states_of(states, "origins_are_closed") == doors | {"past": "PASS", "shut": "NOT_VERIFIED"}
    assert states_of(states, "requests_are_limited") == {
        "limited": "PASS",
        "too-high": "FAIL",
        "unlimited": "FAIL",
        "unreadable": "NOT_VERIFIED",
        "seen": "PASS",
        "not-seen": "FAIL",
        "nobody": "ERROR",
    }
    assert states_of(states, "ddos_protection_is_on") == {
        "protected": "PASS",
        "exposed": "FAIL",
        "outdated": "NOT_VERIFIED",
    }
    assert "canary" not in json.dumps(environment.reasons)
