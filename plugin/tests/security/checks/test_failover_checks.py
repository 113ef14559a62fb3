"""BAK-DR-2 to BAK-DR-4: whoever takes over, well, unwell and out of reach; drills of all sorts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from dnslib import QTYPE, RR

from tests.security.name_server import name_server

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime.now(UTC)
DRILL: dict[str, Any] = {
    "schema_version": 1,
    "kind": "recovery",
    "release": "1.0.0",
    "commit": "0" * 40,
    "environment": "staging",
    "performed_at": (NOW - timedelta(days=20)).isoformat(),
    "passed": True,
    "seconds": 900,
    "downtime_seconds": 900,
    "lost_seconds": 30,
    "participants": ["Kim", "Lee"],
    "scope": ["shop-db", "files"],
    "findings": [{"title": "old list", "closed": True, "closed_at": NOW.isoformat()}],
    "steps": [{"name": "restore", "passed": True, "seconds": 900}],
}
CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "held": ({}, "PASS", "PASS"),
    "finding-open": ({"findings": [{"title": "key custody", "closed": False}]}, "FAIL", "PASS"),
    "finding-unsaid": ({"findings": None}, "NOT_VERIFIED", "PASS"),
    "step-failed": ({"steps": [{"name": "restore", "passed": False, "seconds": 1}]}, "FAIL", "NOT_VERIFIED"),
    "scope-left-out": ({"scope": ["shop-db"]}, "FAIL", "PASS"),
    "alone": ({"participants": ["Kim", "kim"]}, "FAIL", "PASS"),
    "of-something-else": ({"kind": "rollback"}, "FAIL", "PASS"),
    "slow": ({"seconds": 3_601}, "PASS", "FAIL"),
    "lost-much": ({"lost_seconds": 901}, "PASS", "FAIL"),
    "unmeasured": ({"lost_seconds": None}, "PASS", "NOT_VERIFIED"),
    "long-ago": ({"performed_at": (NOW - timedelta(days=181)).isoformat()}, "NOT_VERIFIED", "NOT_VERIFIED"),
    "on-a-laptop": ({"environment": "laptop"}, "NOT_VERIFIED", "NOT_VERIFIED"),
}


def test_recovery_drills(environment: Any, states_of: Any, tmp_path: Path) -> None:
    limits = {"kind": "recovery_drill", "scope": ["shop-db", "files"], "rto": "1h", "rpo": "15m"}
    for name, (change, _, _) in CASES.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(DRILL | change))
        environment.services[name] = limits | {"path": str(tmp_path / f"{name}.json")}
    environment.services["no-record"] = limits | {"path": str(tmp_path / "nowhere.json")}

    states = environment.run("backup")

    held = states_of(states, "recovery_drill_was_held_and_its_findings_are_closed")
    kept = states_of(states, "recovery_drill_kept_its_objectives")
    assert held == {name: state for name, (_, state, _) in CASES.items()} | {"no-record": "NOT_VERIFIED"}
    assert kept == {name: state for name, (_, _, state) in CASES.items()} | {"no-record": "NOT_VERIFIED"}
    reason = environment.reasons["recovery_drill_was_held_and_its_findings_are_closed[finding-open]"]
    assert "still open: key custody" in reason


class _Zone:
    def resolve(self, request: Any, _handler: Any) -> Any:
        reply = request.reply(aa=1)
        for record in RR.fromZone("shop.test. 60 A 127.0.0.1\nslow.test. 61 A 127.0.0.1"):
            if record.rname == request.q.qname and QTYPE[request.q.qtype] == "A":
                reply.add_answer(record)
        return reply


def test_who_could_take_over(environment: Any, states_of: Any, watched: Any, tmp_path: Path) -> None:
    nodes = [{"host": "127.0.0.1", "port": port} for port in watched.sentinels]
    gone = [*nodes[:2], {"host": "127.0.0.1", "port": 1}]
    for name, found in {"shop": nodes, "too-many": nodes, "too-few": nodes, "unwatched": nodes, "gone": gone}.items():
        primary = "shop" if name == "gone" else name
        environment.services[name] = {"kind": "redis_sentinel", "sentinels": found, "primary": primary}
    environment.services["greedy"] = environment.services["shop"] | {"min_replicas": 2}
    (tmp_path / "drill.json").write_text(json.dumps(DRILL | {"kind": "failover"}))
    environment.services["drill"] = {
        "kind": "drill_report",
        "path": str(tmp_path / "drill.json"),
        "purpose": "failover",
        "within": "1h",
        "downtime": "1h",
    }
    environment.services["shop"]["drill"] = "drill"
    environment.services["too-few"]["drill"] = "shop"
    with name_server(_Zone()) as port:
        servers = [{"name": "ns1", "address": "127.0.0.1", "port": port}]
        for name in ("shop.test", "slow.test", "other.test"):
            entry = {"kind": "failover_name", "name": name, "servers": servers}
            environment.services[name.replace(".", "-")] = entry
        lost = [{"name": "ns1", "address": "127.0.0.1", "port": 1}]
        environment.services["lost-test"] = {"kind": "failover_name", "name": "shop.test", "servers": lost}

        states = environment.run("backup")

    assert states_of(states, "sentinels_can_agree_on_a_failover") == {
        "shop": "PASS",
        "greedy": "PASS",
        "too-many": "FAIL",
        "too-few": "FAIL",
        "unwatched": "NOT_VERIFIED",
        "gone": "ERROR",
    }
    replicas = states_of(states, "replica_could_take_over")
    assert (replicas["shop"], replicas["greedy"], replicas["gone"]) == ("PASS", "FAIL", "ERROR")
    assert states_of(states, "name_is_not_remembered_for_long") == {
        "shop-test": "PASS",
        "slow-test": "FAIL",
        "other-test": "NOT_VERIFIED",
        "lost-test": "ERROR",
    }
    rehearsed = states_of(states, "failover_was_rehearsed")
    assert (rehearsed["shop"], rehearsed["too-few"], rehearsed["greedy"]) == ("PASS", "NOT_VERIFIED", "NOT_VERIFIED")
