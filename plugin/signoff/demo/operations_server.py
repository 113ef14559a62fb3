"""Contract fakes of Grafana, Alertmanager, PagerDuty, Opsgenie, healthchecks.io and Statuspage in one program.

Run as `python -m signoff.demo.operations_server DIR`. Each is held to the published API of its product, not to its
code: paths, authentication, status codes, paging and the fields that checks read. Each product is below a path of its
own, as Grafana and Alertmanager themselves can be; the status page alone has another address, and TLS.
"""

from __future__ import annotations

import json
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from signoff.demo import operations
from signoff.demo.layout import Layout
from signoff.demo.operations_alerts import AlertmanagerFake
from signoff.demo.operations_grafana import GrafanaFake
from signoff.demo.operations_roster import OpsgenieFake, PagerDutyFake

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.demo.operations_answers import Answer, Product

_MAX_BYTES = 1_000_000


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server_version = "operations"
    sys_version = ""
    products: Mapping[str, Product]

    def do_GET(self) -> None:
        """Pass the request to the product that its path begins with."""
        parts = urlsplit(self.path)
        length = min(int(self.headers.get("Content-Length", 0)), _MAX_BYTES)
        body = self.rfile.read(length)
        name, _, rest = parts.path.removeprefix("/").partition("/")
        product = self.products.get(name) or self.products.get("")
        path = rest if name in self.products else parts.path.removeprefix("/")
        answer: Answer = (404, {"message": "Not found"})
        if product is not None:
            asked = parse_qs(parts.query)
            answer = product.answer(self.command, path, asked, str(self.headers.get("Authorization", "")), body)
        status, content = answer
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_POST = do_DELETE = do_HEAD = do_GET  # noqa: N815 - the names are http.server's

    def log_message(self, *_: object) -> None:
        """Print nothing."""


class StatusPage:
    """The public API of a status page."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def answer(self, method: str, path: str, _query: Mapping[str, list[str]], _auth: str, _body: bytes) -> Answer:
        """Answer one request."""
        if method in {"GET", "HEAD"} and path == "api/v2/summary.json":
            return 200, operations.read(operations.status_page(self._layout))
        return 404, {"error": "not found"}


def serve(address: tuple[str, int], products: Mapping[str, Product], certificate: Path | None = None) -> None:
    """Serve the products until stopped."""
    server = ThreadingHTTPServer(address, type("BoundHandler", (Handler,), {"products": products}))
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(certificate)
        # The handshake belongs to the thread of the connection: a stranger who only connects holds nobody up.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


def main(layout: Layout) -> None:
    """Serve until stopped."""
    page: dict[str, Product] = {"": StatusPage(layout)}
    public = (operations.STATUS_ADDRESS, layout.port("status_page"))
    threading.Thread(target=serve, args=(public, page, operations.status_certificate(layout)), daemon=True).start()
    alerts = AlertmanagerFake(layout)
    products: dict[str, Product] = {
        "grafana": GrafanaFake(layout),
        "alertmanager": alerts,
        "healthchecks": alerts.heartbeat,
        "pagerduty": PagerDutyFake(layout),
        "opsgenie": OpsgenieFake(layout),
    }
    serve(("127.0.0.1", layout.port("operations")), products)


if __name__ == "__main__":
    main(Layout(Path(sys.argv[1])))
