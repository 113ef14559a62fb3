"""Log servers on this machine: contract fakes over HTTP, and CloudWatch by moto."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from signoff.probes.logs.asking import open_session
from tests.probes_logs import elastic_fake, loki_fake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from signoff.probes.web.http import Session


def pytest_configure(config: pytest.Config) -> None:
    """Know the marker of tests against contract fakes."""
    config.addinivalue_line("markers", "contract: asks a fake that keeps to the vendor's published contract")


class Played:
    """The server; `vendor` is whoever it plays now."""

    def __init__(self) -> None:
        played = self
        self.vendor: Any = None

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                status, body = played.vendor.reply(parts.path, dict(parse_qsl(parts.query)), dict(self.headers))
                data = body.encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture(scope="session")
def played() -> Iterator[Played]:
    """Give the one server of the session."""
    found = Played()
    thread = threading.Thread(target=found.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join()


@pytest.fixture
def loki(played: Played) -> Any:
    """Give a Loki without lines, whose compactor keeps them for 30 days."""
    played.vendor = loki_fake.Loki(
        configuration={
            "limits_config": {"retention_period": "720h", "max_query_length": "30d1h"},
            "compactor": {"retention_enabled": True},
            "ruler": {"alertmanager_url": "http://alertmanager:9093"},
            "common": {"storage": {"s3": {"bucketnames": "logs"}}},
        }
    )
    return played.vendor


@pytest.fixture
def elastic(played: Played) -> Any:
    """Give a cluster without lines."""
    played.vendor = elastic_fake.Elastic()
    return played.vendor


@pytest.fixture
def session(played: Played) -> Iterator[Callable[..., Session]]:
    """Give a function that opens a guarded session with these headers."""
    opened: list[Session] = []

    def open_(**headers: str) -> Session:
        found = open_session([played.url], headers={name.replace("_", "-"): value for name, value in headers.items()})
        opened.append(found)
        return found

    yield open_
    for one in opened:
        one.close()
