"""Failover, on copies: a fresh standby of the database and a fresh replica of the cache are promoted and written to.

The estate's own pairs are left alone: a promoted db2 or cache2 would end the replication that the checks look at.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from estate import shop_release
from estate.estate import wait_until
from estate.roles import cache, database
from estate.topology import DOMAIN
from signoff.demo.exercises.records import Drill

if TYPE_CHECKING:
    from estate.estate import Estate
    from estate.hosts import Host

_PROGRAMS = "/usr/lib/postgresql/15/bin"
_DATA = "/var/lib/postgresql/failover-drill"
_PORT = 5433
_PRIMARY = f"host={database.PRIMARY}.{DOMAIN} user=replicator sslmode=verify-full"
_TRUST = "sslrootcert=/etc/ssl/certs/ca-certificates.crt"
_SETTINGS = (
    *("config_file=/etc/postgresql/15/main/postgresql.conf", f"port={_PORT}", "listen_addresses=", "archive_mode=off"),
    *("cluster_name=failover_drill", "primary_slot_name=", f"data_directory={_DATA}", "fsync=off", "ssl=off"),
    *("shared_buffers=8MB", "external_pid_file="),
)
_CACHE_SOCKET = "/run/failover-drill.sock"
_CACHE_SETTINGS = (
    *("--port", "0", "--unixsocket", _CACHE_SOCKET, "--daemonize", "yes", "--save", "", "--dir", "/var/lib/redis"),
    *("--repl-diskless-load", "on-empty-db", "--tls-replication", "yes", "--tls-ca-cert-file", "/etc/redis/tls/ca.crt"),
    *("--tls-cert-file", "/etc/redis/tls/server.crt", "--tls-key-file", "/etc/redis/tls/server.key"),
)
_OUTAGE = ("promote it", "write to it")
"""The steps during which nobody could write."""


def of_database(estate: Estate) -> dict[str, Any]:
    """Return the record; `seconds` is the time from the decision to promote until the first write."""
    host, drill = estate.host(database.STANDBY), Drill(kind="failover", environment="copy of db1")
    try:
        with drill.step("build a standby from a base backup"):
            copied = ("--checkpoint=fast", "--wal-method=stream", "--no-sync", "--write-recovery-conf")
            source = f"--dbname={_PRIMARY} {_TRUST} application_name=failover_drill"
            _do(host, "pg_basebackup", f"--pgdata={_DATA}", *copied, source)
        with drill.step("start it, and wait until it has everything that the primary had"):
            wanted = database.sql(estate.host(database.PRIMARY), "SELECT pg_current_wal_lsn()")
            options = " ".join(f"-c {shlex.quote(one)}" for one in _SETTINGS)
            start = ("pg_ctl", "start", "--wait", "--timeout=120", f"--pgdata={_DATA}", f"--log={_DATA}/log")
            _do(host, *start, f"--options={options}")
            wait_until(lambda: _ask(host, f"SELECT pg_last_wal_replay_lsn() >= '{wanted}'") == "t", "it lags")
        with drill.step(_OUTAGE[0]):
            _ask(host, "SELECT pg_promote(true)")
        with drill.step(_OUTAGE[1]):
            _ask(host, "CREATE TABLE after_failover (one integer)")
    finally:
        host.ask("setpriv", *_AS_POSTGRES, f"{_PROGRAMS}/pg_ctl", "stop", "--mode=immediate", f"--pgdata={_DATA}")
        host.remove(_DATA)
    return _record(estate, drill)


def of_cache(estate: Estate) -> dict[str, Any]:
    """Return the record; `seconds` is the time from the decision to promote until the first write."""
    host, drill = estate.host("cache2"), Drill(kind="failover", environment="copy of cache2")
    try:
        with drill.step("start a replica, and wait until it has everything"):
            host.run("redis-server", *_CACHE_SETTINGS)
            wait_until(lambda: _command(host, "PING") == "PONG", "it does not start")
            _command(host, "CONFIG", "SET", "masteruser", "replicator", "masterauth", estate.secret("redis_replicator"))
            # Not the primary's: the Sentinels would remember it for ever.
            _command(host, "REPLICAOF", host.address, str(cache.PORT))
            wait_until(lambda: "master_link_status:up" in _command(host, "INFO", "replication"), "it does not follow")
        with drill.step(_OUTAGE[0]):
            _command(host, "REPLICAOF", "NO", "ONE")
        with drill.step(_OUTAGE[1]):
            _command(host, "SET", "after-failover", "1")
    finally:
        host.ask("redis-cli", "-s", _CACHE_SOCKET, "SHUTDOWN", "NOSAVE")
    return _record(estate, drill)


_AS_POSTGRES = ("--reuid=postgres", "--regid=postgres", "--init-groups")


def _do(host: Host, program: str, *arguments: str) -> None:
    # With the home that holds the password of the replication, and without an output that the server would keep open.
    line = shlex.join([f"{_PROGRAMS}/{program}", *arguments])
    host.run("setpriv", *_AS_POSTGRES, "env", "HOME=/var/lib/postgresql", "sh", "-c", f"{line} > /dev/null 2>&1")


def _ask(host: Host, text: str) -> str:
    asked = ("psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", f"--port={_PORT}", "--dbname=shop")
    return host.run(*asked, "--set", "ON_ERROR_STOP=1", "--command", text, user="postgres").strip()


def _command(host: Host, *words: str) -> str:
    return host.ask("redis-cli", "-s", _CACHE_SOCKET, *words).stdout.strip()


def _record(estate: Estate, drill: Drill) -> dict[str, Any]:
    seconds = sum(step.seconds for step in drill.steps if step.name in _OUTAGE)
    record = drill.record(shop_release.prepare(estate), seconds=seconds, downtime_seconds=seconds)
    return {**record, "participants": ["the estate, while it was made"]}
