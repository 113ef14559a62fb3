"""Who gets the alerts: a provider outside of the estate, played by a contract fake of healthchecks.io and PagerDuty.

Run as `python -m estate.companions.pager FOLDER`. Alertmanager on mon sends to it over the network; what arrived can be
asked for by whoever checks.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from estate.companions.model import Companion
from estate.topology import CONTROLLER_ADDRESS
from signoff.demo import operations
from signoff.demo.layout import Layout
from signoff.demo.operations_alerts import Heartbeat
from signoff.demo.operations_server import serve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from estate.estate import Estate
    from signoff.demo.operations_answers import Answer, Product

PORT = 5579
URL = f"http://{CONTROLLER_ADDRESS}:{PORT}"


class Pager:
    """Takes every page, as PagerDuty's events API does."""

    def answer(self, method: str, _path: str, _query: Mapping[str, list[str]], _auth: str, _body: bytes) -> Answer:
        """Answer one request."""
        return (202, {"status": "success"}) if method == "POST" else (405, {"message": "method not allowed"})


def folder(estate: Estate) -> Path:
    """Return where it remembers what arrived."""
    return estate.layout.companions / "pager"


def _prepare(estate: Estate) -> None:
    operations.write(operations.state(Layout(folder(estate))), {"silences": {}, "last_ping": None})


def _program(estate: Estate) -> Sequence[str]:
    return (sys.executable, "-m", "estate.companions.pager", str(folder(estate)))


def _ready(estate: Estate) -> bool:
    asked = ("curl", "--silent", "--fail", "--max-time", "2", f"{URL}/healthchecks/api/v3/checks/watchdog")
    return estate.controller.ask(*asked).returncode == 0


COMPANION = Companion(name="pager", prepare=_prepare, program=_program, ready=_ready)


def main(layout: Layout) -> None:
    """Serve until stopped."""
    products: dict[str, Product] = {"healthchecks": Heartbeat(layout, threading.Lock()), "pager": Pager()}
    serve((CONTROLLER_ADDRESS, PORT), products)


if __name__ == "__main__":
    main(Layout(Path(sys.argv[1])))
