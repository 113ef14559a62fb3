"""INF-CLD-3 beyond clouds: limits of the operating system, of PostgreSQL and of Redis."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.hosts import HostSettings
from signoff.config.kinds.postgresql import PostgresqlService
from signoff.config.kinds.redis import RedisService
from signoff.errors import NotVerifiedError
from signoff.probes.hosts.limits import Limit, read_process_limits, read_system_limits
from signoff.probes.postgres.database import Address, connect

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = f"limit-{os.getpid()}"
"""Of nobody else's process on this machine."""


class Shell:
    """A host that is this machine, or one that answers what a test says."""

    def __init__(self, answer: str = "") -> None:
        self._answer = answer

    def run(self, command: str) -> Any:
        if self._answer:
            return SimpleNamespace(stdout=self._answer)
        done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, timeout=120, check=True)
        return SimpleNamespace(stdout=done.stdout)


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    """Run a program of a known name that may open 64 files and has more than 20 open."""
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64));"
        f"open('/proc/self/comm', 'w').write('{NAME}');"
        "files = [open('/dev/null') for _ in range(20)]; print('ready', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-S", "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        running.stdout.readline()
        yield running


def test_limits_of_this_machine() -> None:
    limits = {one.name: one for one in read_system_limits(Shell())}
    assert {"open files of the system", "processes and threads"} <= set(limits)
    for one in limits.values():
        assert one.used is not None
        assert 0 <= one.used <= one.limit


def test_limits_of_a_program(process: subprocess.Popen[str]) -> None:
    (found,) = read_process_limits(Shell(), [NAME])
    assert (found.name, found.limit) == (f"open files of {NAME}", 64)
    assert found.used is not None
    assert 20 < found.used < 40
    assert process.poll() is None


LINES = "3245\t0\t9223372036854775807\n32768\n192731\n1.0 1.0 1.0 1/414 936\n"


def test_the_smaller_of_two_limits_counts() -> None:
    found = {one.name: one for one in read_system_limits(Shell(f"{LINES}100\n262144\n"))}
    assert found["processes and threads"] == Limit(name="processes and threads", limit=32768, used=414)
    assert found["tracked connections"] == Limit(name="tracked connections", limit=262144, used=100)


@pytest.mark.parametrize("answer", ["cat: /proc/sys/fs/file-nr: No such file", LINES.replace("32768", "x"), "1\n2\n"])
def test_a_system_that_tells_nothing_is_no_verdict(answer: str) -> None:
    with pytest.raises(NotVerifiedError, match="limits of the system could not be read"):
        read_system_limits(Shell(answer))


def test_several_processes_of_one_name() -> None:
    answer = "nginx 5 Max open files            1024   20000 files\nnginx - Max open files    512   20000 files\n"
    assert read_process_limits(Shell(answer), ["nginx"]) == (Limit(name="open files of nginx", limit=512, used=None),)


def test_a_program_that_does_not_run_is_no_verdict() -> None:
    with pytest.raises(NotVerifiedError, match="no process signoff-gone runs"):
        read_process_limits(Shell(), ["signoff-gone"])
    with pytest.raises(NotVerifiedError, match="not names of processes"):
        read_process_limits(Shell(), ["x; reboot"])


def host(**limits: Any) -> HostSettings:
    return HostSettings.model_validate({"limits": limits})


SYSTEM = f"{LINES}100\n262144\n"
PROGRAM = "nginx {} Max open files            1024                 20000                files     \n"
CASES: dict[str, Any] = {
    "room enough": (host(), SYSTEM, "PASS", ""),
    "few processes left": (host(), SYSTEM.replace("/414", "/30000"), "FAIL", "processes and threads: 30000 of 32768"),
    "few connections left": (host(), SYSTEM.replace("\n100\n", "\n262000\n"), "FAIL", "tracked connections: 262000"),
    "stricter": (host(used=0.01), SYSTEM, "FAIL", "beyond 1%"),
    "planned beyond": (
        host(processes=[{"process": "nginx", "open_files": 1000}]),
        PROGRAM.format(9),
        "FAIL",
        "open files of nginx: 9 of 1024, 1000 planned",
    ),
    "nearly all open": (host(processes=[{"process": "nginx"}]), PROGRAM.format(900), "FAIL", "900 of 1024"),
    "planned suffices where nobody may count": (
        host(processes=[{"process": "nginx", "open_files": 100}]),
        PROGRAM.format("-"),
        "PASS",
        "",
    ),
    "nobody knows": (
        host(processes=[{"process": "nginx"}]),
        PROGRAM.format("-"),
        "NOT_VERIFIED",
        "nobody says what is used of open files of nginx",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_limits_of_a_host(case: str, checks: Any) -> None:
    settings, answer, state, reason = CASES[case]
    system = SYSTEM if "Max open files" in answer else answer

    def connect(_: str) -> Any:
        return SimpleNamespace(run=lambda text: SimpleNamespace(stdout=system if "file-nr" in text else answer))

    found = checks.one("system_limits_leave_room", settings, kind="host", connect=connect)
    assert found.state == state
    assert reason in found.reason


def redis(**keys: Any) -> RedisService:
    return RedisService(host="c", purpose="cache", **keys)


@pytest.mark.parametrize(
    ("service", "clients", "state", "reason"),
    [
        (redis(), 10, "PASS", ""),
        (redis(clients_planned=600), 10, "PASS", ""),
        (redis(), 701, "FAIL", "701 of 1000 clients, limit is 70%"),
        (redis(clients_planned=900), 10, "FAIL", "900 of 1000 clients"),
        (redis(clients_limit_used=0.95), 901, "PASS", ""),
    ],
)
def test_connections_of_a_cache(service: RedisService, clients: int, state: str, reason: str, checks: Any) -> None:
    cache = SimpleNamespace(name="cache", settings=service, facts=SimpleNamespace(clients=clients, max_clients=1000))
    found = checks.one("cache_connection_limit_leaves_room", service, kind="redis", cache=cache)
    assert found.state == state
    assert reason in found.reason


@pytest.mark.parametrize(
    ("connections", "state", "reason"),
    [
        ({}, "PASS", ""),
        ({"limit_used": 0.0}, "FAIL", "max_connections: "),
        ({"pools": [{"application": "a", "instances": 9, "size": 50}]}, "FAIL", "450 planned"),
        ({"pools": [{"application": "a", "instances": 2, "size": 5}]}, "PASS", ""),
    ],
)
def test_connections_of_a_database(
    connections: Any, state: str, reason: str, checks: Any, evidence_server: Any
) -> None:
    entry = {"host": "127.0.0.1", "port": evidence_server.port, "database": "postgres", "user": "postgres"}
    service = PostgresqlService.model_validate(entry | {"sslmode": "disable", "connections": connections})

    @contextmanager
    def open_database(_: str) -> Any:
        with connect(Address.of(service), "") as database:
            yield database

    found = checks.one("database_connection_limit_leaves_room", service, kind="postgresql", open_database=open_database)
    assert found.state == state, found.reason
    assert reason in found.reason
