"""The operators' products of the embedded environment (contract fakes), served in this process."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from signoff.demo import operations, operations_data
from signoff.demo.layout import Layout, State, save
from signoff.demo.operations_alerts import AlertmanagerFake
from signoff.demo.operations_grafana import GrafanaFake
from signoff.demo.operations_roster import OpsgenieFake, PagerDutyFake
from signoff.demo.operations_server import Handler, StatusPage
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "t0ken"


@dataclass(frozen=True, kw_only=True)
class Products:
    """Where the products answer, and the files behind them."""

    layout: Layout
    url: str


@pytest.fixture
def products(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Products]:
    """Give all products on one port; there is no Prometheus and no database behind their data sources."""
    layout = Layout(tmp_path_factory.mktemp("products"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    nowhere = free_port()
    ports = {"operations": server.server_port, "prometheus": nowhere, "pg": nowhere}
    names = ("grafana_token", "on_call_token", "pg_signoff")
    save(layout, State(ports=ports, passwords=dict.fromkeys(names, TOKEN), runtime_dir=str(layout.dir)))
    _write(layout)
    alerts = AlertmanagerFake(layout)
    Handler.products = {
        "grafana": GrafanaFake(layout),
        "alertmanager": alerts,
        "healthchecks": alerts.heartbeat,
        "pagerduty": PagerDutyFake(layout),
        "opsgenie": OpsgenieFake(layout),
        "status": StatusPage(layout),
    }
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield Products(layout=layout, url=f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()
    thread.join()


def _write(layout: Layout) -> None:
    now = datetime.now(UTC)
    operations.write(operations.grafana(layout) / "settings.json", {"database": "ok", "anonymous": False})
    operations.write(operations.grafana(layout) / "datasources.json", operations_data.data_sources(layout))
    for uid, model in operations_data.DASHBOARDS.items():
        operations.write(operations.dashboard(layout, uid), model)
    operations.write(operations.grafana(layout) / "library.json", operations_data.LIBRARY)
    operations.write(operations.roster(layout), operations_data.roster(now))
    operations.write(operations.status_page(layout), operations_data.status_summary(now))
    operations.write(operations.state(layout), {"silences": {}, "last_ping": None})
