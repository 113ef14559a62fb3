"""How long the estate takes, and what a whole run of infrastructure and security asks of each of its hosts.

Needs root on Debian (docs/estate.md). Uses an estate of its own and the image that is there.

    python benchmarks/whole_estate.py             # up, first run, second run, down
    python benchmarks/whole_estate.py --image     # builds the image anew, too
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from estate import check, environment
from estate.layout import Layout, layout_of_environment
from estate.machine import obstacle
from estate.topology import PLACES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.estate import Estate

_ACCEPTED = "Accepted publickey for signoff"


def main() -> None:
    """Measure, print one line per figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", action="store_true", help="build the image anew")
    arguments = parser.parse_args()
    if (why := obstacle()) is not None:
        print(f"skipped: {why}")
        return
    with tempfile.TemporaryDirectory(prefix="estate-benchmark-") as folder:
        home = Path(folder)
        images = home / "images" if arguments.image else layout_of_environment().images
        layout = Layout(home, images)
        try:
            measure(layout, home)
        finally:
            started = time.monotonic()
            environment.down(layout)
        print(f"down {time.monotonic() - started:.1f} s")


def measure(layout: Layout, folder: Path) -> None:
    """Bring it up and run twice: the second run knows what the first one asked."""
    steps: dict[str, float] = {}
    started = time.monotonic()
    estate = environment.up(layout, lambda step: steps.setdefault(step, time.monotonic()))
    finished = time.monotonic()
    if "image" in steps:
        print(f"image {steps['network'] - started:.1f} s")
    print(f"up {finished - steps['network']:.1f} s, {len(estate.hosts)} hosts")
    counted = folder / "asked.json"
    os.environ["PYTHONPATH"] = str(Path(__file__).parent / "shared")
    os.environ["ASKED_FILE"] = str(counted)
    for name in ("first run", "second run"):
        before = log_ins(estate)
        started = time.monotonic()
        found = check.run(estate, folder / "reports", extra=("-p", "asked"))
        seconds = time.monotonic() - started
        connected = log_ins(estate) - before
        asked = json.loads(counted.read_text())
        states = Counter(state for item, state in found.states.items() if item.startswith(("INF-", "SEC-")))
        print(f"{name} {seconds:.1f} s; items: {', '.join(f'{n} {state}' for state, n in sorted(states.items()))}")
        print(f"  per host: connections {spread(connected)}, commands {spread(asked)}")


def log_ins(estate: Estate) -> Counter[str]:
    """Return how often the account of the checks has logged in, by host."""
    counted: Counter[str] = Counter()
    for host in estate.hosts.values():
        counted[host.name] = host.run("journalctl", "--unit=ssh", "--no-pager", "--output=cat").count(_ACCEPTED)
    return counted


def spread(figures: Mapping[str, int]) -> str:
    """Return median and range over all hosts."""
    counts = [figures.get(place.name, 0) for place in PLACES]
    return f"{statistics.median(counts):g} ({min(counts)}-{max(counts)})"


if __name__ == "__main__":
    main()
