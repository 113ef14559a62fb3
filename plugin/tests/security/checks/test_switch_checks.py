"""RBK-PRC-1, RBK-PRC-3: switches that lead right, astray and nowhere, and what users noticed of one."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime.now(UTC)
DRILL: dict[str, Any] = {
    "kind": "rollback",
    "release": "1.0.0",
    "environment": "staging",
    "performed_at": NOW.isoformat(),
    "passed": True,
    "seconds": 40,
    "downtime_seconds": 0.4,
    "participants": ["Kim"],
    "requests": 400,
    "failed_requests": 2,
    "steps": [{"name": "switch", "passed": True, "seconds": 1}],
}
UPSTREAMS = " ".join(f"upstream {name} {{ server 10.0.0.1; }}" for name in ("blue", "green", "violet"))
FILES = {
    "right": (UPSTREAMS + " server { proxy_pass http://green; }", "PASS"),
    "astray": (UPSTREAMS + " server { proxy_pass http://violet; }", "FAIL"),
    "one-only": ("upstream blue { server 10.0.0.1; } server { proxy_pass http://blue; }", "FAIL"),
    "nowhere": (UPSTREAMS, "NOT_VERIFIED"),
    "broken": ("server {", "NOT_VERIFIED"),
}
SWITCHES: dict[str, tuple[dict[str, Any], str]] = {
    "smooth": ({}, "PASS"),
    "down": ({"downtime_seconds": 1.1}, "FAIL"),
    "refused": ({"failed_requests": 6}, "FAIL"),
    "nobody-there": ({"requests": 49}, "NOT_VERIFIED"),
    "uncounted": ({"failed_requests": None}, "NOT_VERIFIED"),
    "other-release": ({"commit": "0" * 40}, "NOT_VERIFIED"),
    "long-ago": ({"performed_at": (NOW - timedelta(days=91)).isoformat()}, "NOT_VERIFIED"),
}


def pair(**more: Any) -> dict[str, Any]:
    return {"kind": "blue_green", "load_balancer": "lb", "blue": "blue", "green": "green"} | more


def test_switches_and_what_users_noticed(environment: Any, states_of: Any, tmp_path: Path) -> None:
    environment.host("lb1", "lb")
    environment.unreachable_host("lb2", "lb")
    address = "http://127.0.0.1:1/"
    environment.services["lb"] = {
        "kind": "load_balancer",
        "stats_url": address,
        "pools": [{"name": "blue"}],
        "http_url": address,
        "spread": {"url": address, "header": "X-Server", "pool": "blue"},
    }
    for name, (text, _) in FILES.items():
        (tmp_path / f"{name}.conf").write_text(f"http {{ {text} }}")
        environment.services[name] = pair(nginx={"host": "lb1", "config": str(tmp_path / f"{name}.conf")})
    environment.services["out-of-reach"] = pair(nginx={"host": "lb2", "config": "/etc/nginx/nginx.conf"})
    limits = {"kind": "drill_report", "purpose": "rollback", "within": "5m"}
    for name, (change, _) in SWITCHES.items():
        record = DRILL | {"commit": environment.commit} | change
        (tmp_path / f"{name}.json").write_text(json.dumps(record))
        environment.services[f"{name}-drill"] = limits | {"path": str(tmp_path / f"{name}.json")}
        environment.services[name] = pair(drill=f"{name}-drill", max_downtime="1s", max_failed=5)
    environment.services |= _cluster(tmp_path)

    states = environment.run("rollback")

    leads = states_of(states, "switch_between_colours_is_known")
    assert {name: leads[name] for name in FILES} == {name: state for name, (_, state) in FILES.items()}
    assert (leads["smooth"], leads["out-of-reach"], leads["kube"]) == ("NOT_VERIFIED", "ERROR", "PASS")
    assert (leads["kube-astray"], leads["kube-lost"]) == ("FAIL", "NOT_VERIFIED")
    well = states_of(states, "both_colours_can_take_the_traffic")
    assert (well["kube"], well["kube-astray"], well["kube-lost"]) == ("PASS", "FAIL", "NOT_VERIFIED")
    noticed = states_of(states, "users_did_not_notice_the_switch")
    assert {name: noticed[name] for name in SWITCHES} == {name: state for name, (_, state) in SWITCHES.items()}
    assert noticed["right"] == "NOT_VERIFIED"
    assert "limit is 1 s" in environment.reasons["users_did_not_notice_the_switch[down]"]


def _cluster(folder: Path) -> dict[str, Any]:
    """Return a cluster as kubectl exported it, and pairs in it."""
    uid = "0f8fad5b-d9cb-469f-a165-70867728950e"
    container = {"name": "shop", "readinessProbe": {"httpGet": {"path": "/readyz"}}}

    def deployment(name: str, ready: int) -> dict[str, Any]:
        template = {"metadata": {"labels": {"colour": name}}, "spec": {"containers": [container]}}
        return {
            "metadata": {"namespace": "shop", "name": name, "generation": 1},
            "spec": {"replicas": 2, "template": template},
            "status": {"observedGeneration": 1, "readyReplicas": ready, "updatedReplicas": 2},
        }

    front = {"metadata": {"namespace": "shop", "name": "front"}, "spec": {"selector": {"colour": "green"}}}
    system = {"metadata": {"name": "kube-system", "uid": uid}}
    answers = {
        "namespaces.json": {"items": [system]},
        "deployments.json": {"items": [deployment("blue", 2), deployment("green", 2), deployment("violet", 1)]},
        "services.json": {"items": [front]},
    }
    (folder / "export").mkdir()
    digests = {}
    for name, answer in answers.items():
        text = json.dumps(answer)
        (folder / "export" / name).write_text(text)
        digests[name] = hashlib.sha256(text.encode()).hexdigest()
    manifest = {
        "schema_version": 1,
        "provider": "kubernetes",
        "account": uid,
        "created": NOW.isoformat(),
        "tool": "kubectl",
        "files": digests,
    }
    (folder / "export" / "manifest.json").write_text(json.dumps(manifest))

    def kube(service: str, green: str) -> dict[str, Any]:
        way = {"cloud": "cluster", "service": f"shop/{service}"}
        return {"kind": "blue_green", "blue": "shop/blue", "green": f"shop/{green}", "kubernetes": way}

    return {
        "cluster": {
            "kind": "cloud",
            "provider": "kubernetes",
            "account": uid,
            "regions": ["seoul"],
            "exports": {"folder": str(folder / "export")},
        },
        "kube": kube("front", "green"),
        "kube-astray": kube("front", "violet"),
        "kube-lost": {**kube("back", "red"), "blue": "shop/pink"},
    }
