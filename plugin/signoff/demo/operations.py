"""What the shop's operators use beside Prometheus: dashboards, Alertmanager, on-call roster and status page.

The server behind them is `operations_server`, one program with a contract fake of each product. Their settings and data
are files that it reads at every request, so that an edit is a change of the product's own settings.
"""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import yaml

from signoff.demo import certificates, operations_data
from signoff.demo.layout import Program, write_atomically
from signoff.demo.supervision import python_module

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.demo.layout import Layout

NAME = "operations"
"""Of the program."""

STATUS_ADDRESS = "127.77.0.1"
"""Where the status page is: in another network than everything else, as with another provider."""


def grafana(layout: Layout) -> Path:
    """Return the folder of Grafana: settings, data sources, dashboards and library panels (JSON)."""
    return layout.host("mon1") / "etc" / "grafana"


def dashboard(layout: Layout, uid: str) -> Path:
    """Return the file of a dashboard."""
    return grafana(layout) / "dashboards" / f"{uid}.json"


def alertmanager(layout: Layout) -> Path:
    """Return Alertmanager's configuration, in its own format."""
    return layout.host("mon1") / "etc" / "alertmanager" / "alertmanager.yml"


def roster(layout: Layout) -> Path:
    """Return the on-call provider's data (JSON): people, and schedules with their shifts."""
    return layout.dir / "providers" / "on-call.json"


def status_page(layout: Layout) -> Path:
    """Return the status page's summary (JSON), as its public API shows it."""
    return layout.dir / "providers" / "status-page.json"


def status_certificate(layout: Layout) -> Path:
    """Return key and certificate of the status page (PEM)."""
    return layout.dir / "providers" / "status-page.pem"


def training(layout: Layout) -> Path:
    """Return the record of who was trained (YAML)."""
    return layout.dir / "evidence" / "training.yaml"


def state(layout: Layout) -> Path:
    """Return what Alertmanager and the heartbeat remember (JSON): silences, and the last arrival."""
    return layout.host("mon1") / "var" / "lib" / "operations.json"


def url(layout: Layout, product: str) -> str:
    """Return the base URL of a product: grafana, alertmanager, pagerduty, opsgenie or healthchecks."""
    return f"http://127.0.0.1:{layout.port('operations')}/{product}"


def read(file: Path) -> Any:
    """Return a JSON file's content."""
    return json.loads(file.read_text(encoding="utf-8"))


def write(file: Path, content: Any) -> None:
    """Replace a JSON file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, json.dumps(content, indent=1, ensure_ascii=False) + "\n", mode=0o644)


def prepare(layout: Layout) -> None:
    """Write all settings; the authority of certificates must be there."""
    now = datetime.now(UTC)
    write(grafana(layout) / "settings.json", {"database": "ok", "anonymous": False})
    write(grafana(layout) / "datasources.json", operations_data.data_sources(layout))
    for uid, model in operations_data.DASHBOARDS.items():
        write(dashboard(layout, uid), model)
    write(grafana(layout) / "library.json", operations_data.LIBRARY)
    alertmanager(layout).parent.mkdir(parents=True, exist_ok=True)
    configuration = operations_data.alertmanager_configuration(url(layout, "healthchecks"), url(layout, "pagerduty"))
    write_atomically(alertmanager(layout), yaml.safe_dump(configuration, sort_keys=False), mode=0o644)
    write(roster(layout), operations_data.roster(now))
    write(status_page(layout), operations_data.status_summary(now))
    issued = certificates.issue(layout, address=STATUS_ADDRESS)
    write_atomically(status_certificate(layout), (issued.certificate + issued.key).decode("ascii"))
    write(state(layout), {"silences": {}, "last_ping": None})
    training(layout).parent.mkdir(parents=True, exist_ok=True)
    trained = operations_data.trainings(now - timedelta(days=30))
    write_atomically(training(layout), yaml.safe_dump(trained, sort_keys=False, allow_unicode=True), mode=0o644)


def answers(layout: Layout) -> bool:
    """Return whether the server answers."""
    try:
        with urllib.request.urlopen(f"{url(layout, 'grafana')}/api/health", timeout=10) as answer:  # noqa: S310 - loopback
            return bool(answer.status == 200)  # noqa: PLR2004 - OK
    except OSError:
        return False


def program(layout: Layout) -> Program:
    """Return the server."""
    argv, env = python_module(layout, "signoff.demo.operations_server")

    def ready() -> bool:
        # Alertmanager has told whoever waits for the watchdog: the whole chain works.
        return answers(layout) and read(state(layout))["last_ping"] is not None

    return Program(
        name=NAME, argv=argv, cwd=layout.host("mon1"), env=env, host="mon1", ready=ready, address=url(layout, "grafana")
    )
