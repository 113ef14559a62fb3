"""What the estate has against the worst, on real hosts: backups, a vault, rehearsals, and whoever gets up at night."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyrage
import pytest

from estate.companions import pager
from estate.estate import wait_until
from estate.layout import EstateError
from estate.rehearsals import records, restore
from estate.roles import backup, balancer, database, monitoring, node_exporter, sentinel, vault

if TYPE_CHECKING:
    from estate.estate import Estate

UNREACHABLE = "cache2"
SEGMENT = len("000000010000000000000001.age")
"""Of the names of segments; base backups leave longer ones."""


def newest(estate: Estate, unit: str) -> bytes:
    return estate.host(backup.HOST).path(f"{database.BACKUPS}/{backup.newest(estate, unit)}").read_bytes()


@pytest.mark.parametrize(("unit", "begins"), [(backup.DATABASE, b"PGDMP"), (backup.FILES, b"\x1f\x8b")])
def test_backups_open_with_the_vaults_key_and_with_no_other(estate: Estate, unit: str, begins: bytes) -> None:
    sealed = newest(estate, unit)
    assert pyrage.decrypt(sealed, [vault.identity(estate.layout)]).startswith(begins)
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(sealed, [pyrage.x25519.Identity.generate()])
    assert not any(host.exists(vault.KEY) for host in estate.hosts.values() if host.name != backup.VAULT)


def test_timers_start_the_backups(estate: Estate) -> None:
    host = estate.host(backup.HOST)
    listed = host.run("systemctl", "list-timers", "--plain", "--no-legend")
    for unit in backup.PATTERNS:
        assert f"{unit}.timer" in listed
        assert host.run("systemctl", "show", "--property=Result", "--value", unit).strip() == "success"


def test_the_vault_takes_what_it_is_sent_and_gives_nothing_back(estate: Estate) -> None:
    copies = estate.host(backup.VAULT).run("ls", vault.COPIES).split()
    assert backup.newest(estate) in copies
    assert backup.newest(estate, backup.FILES) in copies
    host = estate.host(backup.HOST)
    send = ("sh", "/usr/local/lib/to-vault")
    for refused in (("copies", "../../../etc/passwd"), ("/etc", "passwd"), ("copies", ".ssh"), ("cat", "copies")):
        with pytest.raises(EstateError, match="no such"):
            host.run(*send, *refused, user="postgres")
    assert estate.host(backup.VAULT).run("ls", vault.COPIES).split() == copies


def test_changes_go_to_the_vault_encrypted(estate: Estate) -> None:
    segments = [name for name in estate.host(backup.VAULT).run("ls", vault.WAL).split() if len(name) == SEGMENT]
    sealed = estate.host(backup.VAULT).path(f"{vault.WAL}/{segments[-1]}").read_bytes()
    assert len(pyrage.decrypt(sealed, [vault.identity(estate.layout)])) == 1024 * 1024


def test_everything_was_rehearsed_when_the_estate_was_made(estate: Estate) -> None:
    for name in (records.FAILOVER, records.CACHE_FAILOVER, records.RECOVERY, records.SWITCH, records.ROLLBACK):
        record = records.read(estate, name)
        assert record["passed"], json.dumps(record)
        assert all(step["seconds"] > 0 for step in record["steps"])
    switched = records.read(estate, records.SWITCH)
    assert switched["requests"] >= 50
    assert (switched["failed_requests"], switched["downtime_seconds"]) == (0, 0)
    tested = restore.record(estate)
    assert tested["passed"]
    assert {"pg_amcheck"} == {tool["name"] for tool in tested["tools"] if tool["ok"]}
    assert all(table["rows"] == table["restored_rows"] for table in tested["tables"])


def test_sentinels_agree(estate: Estate) -> None:
    for host in estate.with_role("sentinel"):
        said = sentinel.command(host, estate, "SENTINEL", "CKQUORUM", sentinel.NAME)
        assert said.startswith("OK 3 usable Sentinels"), host.name


def test_the_status_socket_has_no_power_over_servers(estate: Estate) -> None:
    host = estate.host("edge")
    ask = ("nc", "-U", "-N", "-w", "30", balancer.STATUS_SOCKET)
    assert balancer.GREEN in host.run(*ask, user="signoff", stdin="show stat\n")
    assert "Permission denied" in host.run(*ask, user="signoff", stdin=f"disable server {balancer.GREEN}/app1\n")


def test_an_alert_gets_somebody_up_and_the_watchdog_is_missed_by_nobody(estate: Estate) -> None:
    host = estate.host(UNREACHABLE)
    known = len(pager.pages(estate))
    host.stop_service(node_exporter.UNIT)
    try:
        wait_until(lambda: any(is_about(one) for one in pager.pages(estate)[known:]), "nobody is called")
    finally:
        host.start_service(node_exporter.UNIT)
    wait_until(lambda: not monitoring.query(estate, "up == 0"), "it is not measured again")
    wait_until(lambda: pager.heartbeat_age(estate) < 30, "the watchdog is missed")


def is_about(page: pager.Page) -> bool:
    labels = page.labels
    named = (labels["alertname"], labels.get("instance"), labels.get("job"))
    return (page.to, page.status, named) == ("page", "firing", ("InstanceDown", UNREACHABLE, "node"))
