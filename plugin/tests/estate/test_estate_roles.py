"""What the roles promise, seen from the controller and from outside, on real hosts."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from estate.estate import wait_until
from estate.layout import EstateError
from estate.roles import balancer, cache, central_log, database, edge, firewall, monitoring
from estate.topology import ADDRESSES, DOMAIN, OUTSIDE_ADDRESS, SITE

if TYPE_CHECKING:
    import subprocess

    from estate.estate import Estate

URL = f"https://{SITE}"
LOGIN = json.dumps({"email": "nobody@example.test", "password": "wrong"})
ATTACKS = (
    "<script>alert(1)</script>",
    "1 UNION SELECT NULL",
    "../../etc/passwd",
    "${jndi:ldap://x}",
    ";cat /etc/hosts",
)
_LOGINS = 150
_KNOCK = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
source, doors = json.load(sys.stdin)
def is_open(door):
    try:
        socket.create_connection(tuple(door), timeout=5, source_address=(source, 0)).close()
    except OSError:
        return False
    return True
with ThreadPoolExecutor(64) as pool:
    print(json.dumps([door for door, opened in zip(doors, pool.map(is_open, doors)) if opened]))
"""


def fetch(estate: Estate, path: str, *options: str) -> tuple[int, dict[str, str]]:
    """Return status and headers of one request through the edge."""
    line = ("curl", "--silent", "--max-time", "30", "--cacert", str(estate.layout.ca_file), "--output", "/dev/null")
    said = estate.controller.run(*line, "--dump-header", "-", *options, f"{URL}{path}")
    status, *rows = said.strip().splitlines()
    headers = (row.partition(":") for row in rows)
    return int(status.split()[1]), {name.lower(): value.strip() for name, _, value in headers}


def in_controller(estate: Estate, *command: str) -> subprocess.CompletedProcess[str]:
    return estate.controller.ask(*command)


def test_the_edge_refuses_attacks_and_writes_them_down(estate: Estate) -> None:
    log = estate.host("edge")
    before = len(log.read(edge.AUDIT_LOG).splitlines())
    for attack in ATTACKS:
        status, headers = fetch(estate, "/api/products", "--get", "--data-urlencode", f"q={attack}")
        assert status == 403, attack
        assert "strict-transport-security" in headers
    assert fetch(estate, "/api/products", "--get", "--data-urlencode", "q=red lantern")[0] == 200

    def written() -> list[str]:
        return log.read(edge.AUDIT_LOG).splitlines()[before:]

    wait_until(lambda: len(written()) >= len(ATTACKS), "not every attack is written down")
    assert len(written()) == len(ATTACKS)
    assert all(json.loads(line)["transaction"]["messages"] for line in written())


def test_the_edge_caches_what_is_public_and_nothing_else(estate: Estate) -> None:
    path = "/static/style.css"
    assert fetch(estate, path)[0] == 200
    assert fetch(estate, path)[1]["cache-status"] == "edge; hit"
    for private in ("/api/me", "/api/orders"):
        for _ in range(2):
            _, headers = fetch(estate, private)
            assert (headers["cache-control"], headers["cache-status"]) == ("no-store", "edge; fwd=bypass")


def test_the_edge_slows_down_who_guesses_passwords(estate: Estate) -> None:
    # From outside: the limit is per address, and the checks sign in from the controller's own.
    line = ("curl", "--silent", "--parallel", "--parallel-max", "50", "--cacert", str(estate.layout.ca_file))
    wrong = ("--interface", OUTSIDE_ADDRESS, "--header", "Content-Type: application/json", "--data", LOGIN)
    # So many that they outrun the limit even if each takes its time.
    urls = [word for _ in range(_LOGINS) for word in ("--output", "/dev/null", f"{URL}/api/login")]
    statuses = estate.controller.run(*line, *wrong, "--write-out", "%{http_code}\n", *urls).split()
    assert len(statuses) == _LOGINS
    assert statuses.count("429") > 0
    assert fetch(estate, "/api/products", "--interface", OUTSIDE_ADDRESS)[0] == 200


def test_plain_http_leads_to_https_and_strangers_names_to_nothing(estate: Estate) -> None:
    line = ("curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code} %{redirect_url}")
    assert estate.controller.run(*line, f"http://{SITE}/x?y=1") == f"301 {URL}/x?y=1"
    assert in_controller(estate, *line, "--insecure", f"https://edge.{DOMAIN}/").returncode == 35


def test_the_balancer_uses_both_hosts_and_switches_colours_at_once(estate: Estate) -> None:
    def instances() -> set[str]:
        line = ("curl", "--silent", "--cacert", str(estate.layout.ca_file))
        said = estate.controller.run(*line, *(f"{URL}/version" for _ in range(8)))
        return {json.loads(f"{{{one}")["instance"] for one in said.split("{")[1:]}

    host = estate.host("edge")
    assert instances() == {"app1", "app2"}
    balancer.command(host, f"set map {balancer.ACTIVE} active shop_green")
    try:
        assert instances() == {"app1-green", "app2-green"}
    finally:
        balancer.command(host, f"set map {balancer.ACTIVE} active shop_blue")
    assert instances() == {"app1", "app2"}


def test_statistics_want_a_password(estate: Estate) -> None:
    line = ("curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}")
    url = f"https://edge.{DOMAIN}:8404/stats"
    trust = ("--cacert", str(estate.layout.ca_file))
    assert estate.controller.run(*line, *trust, url) == "401"
    login = f"signoff:{estate.secret('balancer_statistics')}"
    assert estate.controller.run(*line, *trust, "--user", login, url) == "200"


def test_the_standby_has_what_the_primary_got(estate: Estate) -> None:
    primary, standby = estate.host("db1"), estate.host("db2")
    database.sql(primary, "CREATE TABLE seen_by_standby (n int); INSERT INTO seen_by_standby VALUES (42)")
    try:
        wait_until(
            lambda: database.sql(standby, "SELECT count(*) FROM pg_tables WHERE tablename = 'seen_by_standby'") == "1",
            "the standby does not get the table",
        )
        wait_until(lambda: database.sql(standby, "SELECT n FROM seen_by_standby") == "42", "nor its row")
        with pytest.raises(EstateError, match="read-only transaction"):
            database.sql(standby, "INSERT INTO seen_by_standby VALUES (1)")
    finally:
        database.sql(primary, "DROP TABLE seen_by_standby")


def test_the_checks_may_read_the_database_and_change_nothing(estate: Estate) -> None:
    may = "SELECT has_table_privilege('signoff', 'orders', '{}')"
    host = estate.host("db1")
    assert database.sql(host, may.format("SELECT")) == "t"
    for change in ("INSERT", "UPDATE", "DELETE", "TRUNCATE"):
        assert database.sql(host, may.format(change)) == "f"
    assert (
        database.sql(
            host, "SELECT bool_or(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'shop_app'"
        )
        == "t"
    )


def test_the_replica_follows_the_cache(estate: Estate) -> None:
    primary, replica = estate.host("cache1"), estate.host("cache2")
    cache.command(primary, estate, "SET", "seen-by-replica", "42", "EX", "60")
    wait_until(
        lambda: cache.command(replica, estate, "GET", "seen-by-replica") == "42", "the replica does not get the key"
    )
    assert "READONLY" in cache.command(replica, estate, "SET", "x", "1")


def test_names_are_signed_and_believed_by_the_resolver(estate: Estate) -> None:
    ask = ("dig", "+time=10", "+tries=1", "+dnssec", SITE, "A")
    mon = estate.host("mon")
    for server in ("ns1", "ns2"):
        answer = mon.run(*ask, f"@{ADDRESSES[server]}")
        assert "RRSIG" in answer, server
        assert " aa" in answer, server
    flags = next(line for line in mon.run(*ask, f"@{ADDRESSES['mon']}").splitlines() if "flags:" in line)
    assert " ad" in flags


def test_from_outside_only_what_is_public_can_be_reached(estate: Estate) -> None:
    openings = {
        (host.name, role): firewall.OPENINGS[role]
        for host in estate.hosts.values()
        for role in host.place.roles
        if role in firewall.OPENINGS
    }
    tcp = {
        (ADDRESSES[name], one.port): not one.sources
        for (name, _), ports in openings.items()
        for one in ports
        if one.protocol == "tcp"
    }
    knocked = json.dumps([OUTSIDE_ADDRESS, sorted(tcp)])
    found = json.loads(estate.controller.run(sys.executable, "-c", _KNOCK, stdin=knocked))
    assert {tuple(door) for door in found} == {door for door, is_public in tcp.items() if is_public}
    assert len(tcp) > 30


def test_a_request_is_found_in_the_central_log(estate: Estate) -> None:
    _, headers = fetch(estate, "/api/products")
    request, mon = headers["x-request-id"], estate.host("mon")
    files = f"{central_log.FOLDER}/*/{central_log.FILE}"
    search = ("/bin/sh", "-c", f'grep --files-with-matches "$1" {files}', "search", request)
    wait_until(lambda: len(mon.ask(*search).stdout.split()) == 2, "the request is not in two hosts' logs")
    # The last line may still be written.
    newest = f'for file in {files}; do tail --lines=4 "$file" | head --lines=3; done'
    for line in mon.run(newest).splitlines():
        assert {"ts", "host", "message"} <= json.loads(line).keys()


def test_every_host_and_service_is_measured_and_alerts_arrive(estate: Estate) -> None:
    wait_until(lambda: not monitoring.query(estate, "up == 0"), "something is not measured")
    jobs = {one["metric"]["job"]: int(one["value"][1]) for one in monitoring.query(estate, "count by (job) (up)")}
    assert (jobs["node"], jobs["shop"], jobs["postgresql"], jobs["redis"]) == (len(estate.hosts), 2, 2, 2)
    names = "curl -s http://127.0.0.1:9093/api/v2/alerts"
    wait_until(lambda: '"Watchdog"' in estate.host("mon").run(names), "Alertmanager has no Watchdog")
