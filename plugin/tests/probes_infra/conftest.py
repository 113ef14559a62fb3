"""Small real servers on free local ports, for the probes' own tests."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.transport import HostAddress, HostPool

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

    Answer = Callable[[BaseHTTPRequestHandler], None] | tuple[int, dict[str, str], str | bytes]


@contextmanager
def serving(routes: dict[str, Answer], context: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve answers by path (query ignored) until the block ends; gives `host:port`.

    An answer is `(status, headers, body)`, or a function that is given the handler.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer = routes.get(self.path.partition("?")[0])
            if callable(answer):
                answer(self)
            else:
                _reply(self, *(answer or (404, {}, "")))

        do_HEAD = do_POST = do_GET  # noqa: N815 - the names are http.server's

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass  # clients that hang up early are part of the tests

    server = Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _reply(handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: str | bytes) -> None:
    data = body.encode() if isinstance(body, str) else body
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(data)))
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(data)


@pytest.fixture
def serve() -> Callable[..., object]:
    """Give the context manager `serve(routes, context=None)`."""
    return serving


class ScriptedHost:
    """A testinfra host that answers commands by the first pattern they match; nothing else is installed on it."""

    def __init__(self, answers: dict[str, tuple[int, str, str]]) -> None:
        self._answers = answers
        self.asked: list[str] = []

    def run(self, command: str) -> SimpleNamespace:
        self.asked.append(command)
        found = (answer for pattern, answer in self._answers.items() if re.search(pattern, command))
        status, stdout, stderr = next(found, (127, "", "sh: not found"))
        return SimpleNamespace(rc=status, stdout=stdout, stderr=stderr)

    def exists(self, tool: str) -> bool:
        return bool(self.run(f"command -v {tool}").rc == 0)


@pytest.fixture
def scripted_host() -> type[ScriptedHost]:
    """Give the class of scripted hosts."""
    return ScriptedHost


@pytest.fixture
def here() -> Iterator[Any]:
    """Give this machine as a testinfra host."""
    with HostPool({"here": HostAddress(name="here", connection="local")}) as pool:
        yield pool.connect("here")
