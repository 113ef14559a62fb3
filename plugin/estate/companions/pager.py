"""Who gets the alerts: a provider outside of the estate, played by a contract fake of healthchecks.io and PagerDuty.

Run as `python -m estate.companions.pager FOLDER`. Alertmanager on mon sends to it over the network; what arrived can be
asked for by whoever checks.
"""

from __future__ import annotations

import json
import math
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from estate.companions.model import Companion
from estate.layout import write_atomically
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
    """Takes every page, as PagerDuty's events API does, and notes whom it was for and which alerts it told of."""

    def __init__(self, notes: Path) -> None:
        self._notes = notes
        self._lock = threading.Lock()

    def answer(self, method: str, path: str, _query: Mapping[str, list[str]], _auth: str, body: bytes) -> Answer:
        """Answer one request."""
        if method != "POST":
            return 405, {"message": "method not allowed"}
        alerts = json.loads(body)["alerts"]
        noted = [json.dumps({"to": path, "status": one["status"], "labels": one["labels"]}) + "\n" for one in alerts]
        with self._lock, self._notes.open("a", encoding="utf-8") as notes:
            notes.writelines(noted)
        return 202, {"status": "success"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """One alert that arrived."""

    to: str
    """`page` calls somebody; `chat` is read by day."""
    status: str
    """`firing` or `resolved`."""
    labels: Mapping[str, str]


def pages(estate: Estate) -> tuple[Page, ...]:
    """Return everything that arrived, oldest first."""
    noted = _notes(folder(estate)).read_text(encoding="utf-8")
    # The last line may just be written.
    return tuple(Page(**json.loads(line)) for line in noted[: noted.rfind("\n") + 1].splitlines())


def heartbeat_age(estate: Estate) -> float:
    """Return how many seconds ago the watchdog last arrived; infinite if it never did."""
    noted = operations.read(operations.state(Layout(folder(estate))))["last_ping"]
    return (datetime.now(UTC) - datetime.fromisoformat(noted)).total_seconds() if noted else math.inf


def folder(estate: Estate) -> Path:
    """Return where it remembers what arrived."""
    return estate.layout.companions / "pager"


def _notes(where: Path) -> Path:
    return where / "pages.jsonl"


def _prepare(estate: Estate) -> None:
    write_atomically(_notes(folder(estate)), "")
    operations.write(operations.state(Layout(folder(estate))), {"silences": {}, "last_ping": None})


def _program(estate: Estate) -> Sequence[str]:
    return (sys.executable, "-m", "estate.companions.pager", str(folder(estate)))


def _ready(estate: Estate) -> bool:
    asked = ("curl", "--silent", "--fail", "--max-time", "10", f"{URL}/healthchecks/api/v3/checks/watchdog")
    return estate.controller.ask(*asked).returncode == 0


COMPANION = Companion(name="pager", prepare=_prepare, program=_program, ready=_ready)


def main(layout: Layout) -> None:
    """Serve until stopped."""
    heartbeat, pager = Heartbeat(layout, threading.Lock()), Pager(_notes(layout.dir))
    products: dict[str, Product] = {"healthchecks": heartbeat, "pager": pager}
    serve((CONTROLLER_ADDRESS, PORT), products)


if __name__ == "__main__":
    main(Layout(Path(sys.argv[1])))
