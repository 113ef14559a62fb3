from __future__ import annotations

import json
import ssl
import subprocess
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dns.message
import dns.query
import pytest
import requests
from cryptography import x509

from signoff.demo import (
    backups,
    cache,
    errortracking,
    evidence,
    faults,
    load_balancer,
    postgres,
    release,
)
from signoff.demo.exercises.traffic import Visitor, front, instance
from signoff.demo.layout import DemoError, Layout, load
from signoff.demo.log_shipper import policy_file
from signoff.demo.shop import programs
from signoff.probes.secrets import history as secret_history
from signoff.probes.secrets.rules import judge_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.demo


def _certificate_days(demo: Layout) -> bool:
    pem = ssl.get_server_certificate(("localhost", demo.port("https")), ca_certs=str(demo.ca_file))
    left = x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc - datetime.now(UTC)
    return left.days > 30


def _addresses(demo: Layout) -> bool:
    query = dns.message.make_query("shop.demo.test", "A")
    answers = [dns.query.udp(query, "127.0.0.1", port=demo.port(server), timeout=2) for server in ("dns1", "dns2")]
    return answers[0].answer == answers[1].answer


def _ask(demo: Layout, path: str, *, host: str = "") -> requests.Response:
    visitor = Visitor(instance(demo, host)) if host else Visitor(front(demo), str(demo.ca_file))
    try:
        return visitor.get(path)
    finally:
        visitor.close()


def _as_alice(demo: Layout, path: str) -> int:
    visitor = Visitor(front(demo), str(demo.ca_file))
    visitor.post("/api/login", {"email": "alice@example.test", "password": demo.password("customer")})
    status = visitor.get(path).status_code
    visitor.post("/api/logout")
    visitor.close()
    return status


def _cookie_is_secure(demo: Layout) -> bool:
    visitor = Visitor(front(demo), str(demo.ca_file))
    answer = visitor.post("/api/login", {"email": "alice@example.test", "password": demo.password("customer")})
    visitor.close()
    return "Secure" in answer.headers["Set-Cookie"]


def _is_quick(demo: Layout) -> bool:
    started = time.monotonic()
    _ask(demo, "/api/products")
    return time.monotonic() - started < 1


def _psutil_is_as_locked(demo: Layout) -> bool:
    code = "import importlib.metadata as m, psutil; print(m.version('psutil'))"
    command = [str(programs.interpreter(demo, "app2")), "-B", "-c", code]
    version = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return f'name = "psutil"\nversion = "{version}"' in (demo.repo / "poetry.lock").read_text(encoding="utf-8")


def _document_is_current(demo: Layout) -> bool:
    return _ask(demo, "/openapi.json").content == (demo.repo / "openapi.json").read_bytes()


def _cache_has_room(demo: Layout) -> bool:
    with cache.connect_admin(demo) as client:
        info: Any = client.info("memory")
    return bool(info["used_memory"] / info["maxmemory"] <= 0.8)


def _env(demo: Layout) -> Path:
    return programs.source(demo, "app1") / ".env"


def _source_has_no_key(demo: Layout) -> bool:
    deployed = (programs.source(demo, "app2") / "shop" / "payments.py").read_text(encoding="utf-8")
    return not list(judge_text(deployed, file="payments.py")) and not secret_history.scan(demo.repo).exposures


def _query(demo: Layout, statement: str) -> Any:
    with postgres.connect_admin(demo) as connection:
        row = connection.execute(statement).fetchone()
    return row[0] if row else None


def _prometheus(demo: Layout, path: str) -> Any:
    return requests.get(f"http://127.0.0.1:{demo.port('prometheus')}/api/v1/{path}", timeout=5).json()["data"]


def _has_rule(demo: Layout) -> bool:
    return any(
        rule["name"] == "DatabaseDown" for group in _prometheus(demo, "rules")["groups"] for rule in group["rules"]
    )


def _targets(demo: Layout, job: str) -> dict[str, str]:
    targets = _prometheus(demo, "targets")["activeTargets"]
    return {one["labels"]["host"]: one["health"] for one in targets if one["labels"]["job"] == job}


def _few_events_are_lost(demo: Layout) -> bool:
    url = f"http://127.0.0.1:{demo.port('sentry')}/api/0/organizations/demo/stats_v2/"
    params = {"field": "sum(quantity)", "groupBy": "outcome", "statsPeriod": "1h"}
    headers = {"Authorization": f"Bearer {demo.password('sentry_token')}"}
    groups = requests.get(url, params=params, headers=headers, timeout=5).json()["groups"]
    counts = {group["by"]["outcome"]: group["totals"]["sum(quantity)"] for group in groups}
    return bool(counts.get("rate_limited", 0) <= 0.05 * sum(counts.values()))


def _newest_backup_age(demo: Layout) -> float:
    return time.time() - backups.newest(demo).stat().st_mtime


UNPAID = "SELECT count(*) FROM orders JOIN payments ON order_id = orders.id WHERE total_krw <> amount_krw"
TWICE = "SELECT count(*) FROM pg_indexes WHERE indexdef LIKE '%(customer_id, created_at DESC, id DESC)'"

IS_WELL: dict[str, Callable[[Layout], bool]] = {
    "certificate-expiring": _certificate_days,
    "dns-drift": _addresses,
    "server-in-maintenance": lambda demo: "app2" in load_balancer.servers_up(demo, load_balancer.BLUE),
    "instance-down": lambda demo: programs.is_ready(demo, "app2"),
    "green-down": lambda demo: programs.is_ready(demo, "app2_green"),
    "request-filter-off": lambda demo: _ask(demo, "/?q=<script>").status_code == 403,
    "psutil-mismatch": _psutil_is_as_locked,
    "wrong-version": lambda demo: _ask(demo, "/version", host="app2").json()["commit"] == load(demo).commit,
    "stale-api-document": _document_is_current,
    "stack-trace-leak": lambda demo: "Traceback" not in _ask(demo, "/nothing").text,
    "session-cookie-insecure": _cookie_is_secure,
    "admin-open": lambda demo: _as_alice(demo, "/api/admin/report") == 403,
    "orders-of-others": lambda demo: _as_alice(demo, "/api/orders/2") == 403,
    "slow-endpoint": _is_quick,
    "cache-degraded": _cache_has_room,
    "env-file-readable": lambda demo: _env(demo).stat().st_mode & 0o777 == 0o600,
    "setting-duplicated": lambda demo: _env(demo).read_text(encoding="utf-8").count("SHOP_SESSION_IDLE_SECONDS") == 1,
    "hard-coded-key": _source_has_no_key,
    "schema-ahead": lambda demo: _query(demo, "SELECT max(version) FROM schema_migrations") == "0004",
    "duplicate-index": lambda demo: _query(demo, TWICE) == 1,
    "orders-do-not-reconcile": lambda demo: _query(demo, UNPAID) == 0,
    "error-tracking-degraded": _few_events_are_lost,
    "error-alert-silent": lambda demo: all(rule["actions"] for rule in errortracking.read_rules(demo)),
    "alert-rule-missing": _has_rule,
    "metrics-lost": lambda demo: _targets(demo, "shop").get("app2") == "up",
    "exporter-broken": lambda demo: _targets(demo, "node").get("db2") == "up",
    "central-log-silent": lambda demo: (demo.central_log / "db1.log").exists(),
    "log-retention-short": lambda demo: (
        json.loads(policy_file(demo).read_text(encoding="utf-8"))["retention_days"] >= 30
    ),
    "restore-test-failed": lambda demo: json.loads(backups.proof_file(demo).read_text(encoding="utf-8"))["passed"],
    "backup-unencrypted": lambda demo: backups.newest(demo).read_bytes().startswith(b"age-encryption.org/v1"),
    "backup-stale": lambda demo: _newest_backup_age(demo) < 3600,
    "replica-stopped": lambda demo: _query(demo, "SELECT count(*) FROM pg_stat_replication") == 1,
    "rollback-drill-failed": lambda demo: json.loads(
        (evidence.directory(demo) / "rollback-drill.json").read_text(encoding="utf-8")
    )["passed"],
}


def test_every_fault_has_a_test_and_a_title_in_both_languages() -> None:
    assert IS_WELL.keys() == faults.CATALOGUE.keys()
    assert set(faults.SEED) <= faults.CATALOGUE.keys()
    for fault in faults.CATALOGUE.values():
        assert fault.title.ko != fault.title.en
        assert fault.items
        assert len(set(fault.items)) == len(fault.items)


@pytest.mark.parametrize("name", IS_WELL)
def test_fault_breaks_what_it_says_and_heals_without_a_trace(demo: Layout, name: str) -> None:
    is_well = IS_WELL[name]
    _eventually(demo, is_well, wanted=True)
    try:
        faults.inject(demo, name)
        assert list(load(demo).faults) == [name]
        _eventually(demo, is_well, wanted=False)
        faults.inject(demo, name)
        assert list(load(demo).faults) == [name]
    finally:
        faults.heal(demo, name)
    _eventually(demo, is_well, wanted=True)
    faults.heal(demo, name)
    assert load(demo).faults == {}


def test_several_faults_are_healed_newest_first_and_leave_the_release_as_it_was(demo: Layout, tmp_path: Path) -> None:
    names = ("session-cookie-insecure", "wrong-version", "setting-duplicated", "stale-api-document")
    for name in names:
        faults.inject(demo, name)
    assert faults.heal_all(demo) == tuple(reversed(names))
    assert load(demo).faults == {}
    assert faults.heal_all(demo) == ()
    release.export(demo, load(demo).commit, tmp_path)
    for host in programs.APP_HOSTS:
        for file in (one for one in tmp_path.rglob("*") if one.is_file()):
            deployed = programs.source(demo, host) / file.relative_to(tmp_path)
            assert deployed.read_bytes() == file.read_bytes(), deployed


def test_edit_is_healed_even_while_another_release_is_in_place(demo: Layout) -> None:
    faults.inject(demo, "session-cookie-insecure")
    faults.inject(demo, "wrong-version")
    faults.heal(demo, "session-cookie-insecure")
    faults.heal(demo, "wrong-version")
    assert _cookie_is_secure(demo)


def test_rotation_gives_the_shop_another_key(demo: Layout) -> None:
    before = _env(demo).read_text(encoding="utf-8")
    faults.inject(demo, "hard-coded-key")
    faults.heal(demo, "hard-coded-key")
    after = _env(demo).read_text(encoding="utf-8")
    changed = [new for old, new in zip(before.splitlines(), after.splitlines(), strict=True) if old != new]
    assert [line.partition("=")[0] for line in changed] == ["SHOP_PAYMENT_API_KEY"]
    assert _env(demo).stat().st_mode & 0o777 == 0o600


def test_unknown_fault_is_refused(demo: Layout) -> None:
    for action in (faults.inject, faults.heal):
        with pytest.raises(DemoError, match="there is no fault 'gremlin'"):
            action(demo, "gremlin")


def _eventually(demo: Layout, is_well: Callable[[Layout], bool], *, wanted: bool) -> None:
    deadline = time.monotonic() + 15
    while is_well(demo) is not wanted:
        assert time.monotonic() < deadline, f"still not {'well' if wanted else 'broken'}"
        time.sleep(0.1)
