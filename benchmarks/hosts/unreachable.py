"""What hosts that do not answer add to a run: with sixteen live ones, and the same thirty assertions for every host.

`silent` hosts swallow packets, as behind a firewall; a `refused` one has nobody listening. All must end as errors,
never as failed checks, and cost the connect timeout at most once, however many they are. `--peers` adds testinfra with
ControlPath on one live and one silent host (about five minutes).
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
from typing import TYPE_CHECKING

import runs
import sandbox
import tables
import tools
from contenders import ASSERTIONS, CONTENDERS, CONTROL_PATH, FIRST_RUN
from farm import Farm

if TYPE_CHECKING:
    from contenders import Contender
    from measure import Cost
    from tools import Pythons

_LIVE = 16
_CONNECT_TIMEOUT = 5.0
"""Seconds; what the product waits for a host by default."""
_KINDS = ["failed", "passed", "error"]


def _counts(output: str) -> str:
    line = next((line for line in reversed(output.splitlines()) if re.search(r" in \d+(\.\d+)?s", line)), "")
    return ", ".join(f"{count} {kind}" for kind in _KINDS for count in re.findall(rf"(\d+) {kind}", line))


def _measure(contender: Contender, pythons: Pythons, rounds: int, limit: float, **hosts: int) -> tuple[float, str]:
    costs: list[Cost] = []
    for _ in range(rounds):
        with Farm(**hosts) as farm:
            costs.append(runs.once(contender, farm, pythons, limit=limit)[0])
            print(f"  {contender.name} {hosts}: {costs[-1].wall:.1f} s, {_counts(costs[-1].output)}", file=sys.stderr)
    return statistics.median(cost.wall for cost in costs), _counts(costs[-1].output)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/README.md")
    arguments = parser.parse_args()
    pythons = tools.install()
    sandbox.enter()
    runs.clear()
    by_name = {each.name: each for each in CONTENDERS}
    first = by_name[FIRST_RUN]
    rows = []
    alone = 0.0
    for silent, refused in ((0, 0), (1, 0), (4, 0), (0, 1)):
        wall, said = _measure(first, pythons, arguments.rounds, 300, hosts=_LIVE, silent=silent, refused=refused)
        alone = alone or wall
        rows.append([FIRST_RUN, str(_LIVE), str(silent), str(refused), f"{wall:.2f}", f"{wall - alone:+.2f}", said])
    if arguments.peers:
        wall, said = _measure(by_name[CONTROL_PATH], pythons, 1, 900, hosts=1, silent=1)
        rows.append([CONTROL_PATH, "1", "1", "0", f"{wall:.2f}", "", said])
    head = ["", "live", "silent", "refused", "wall s", "against none", f"{ASSERTIONS} assertions per host"]
    text = f"{tables.machine()}; connect timeout {_CONNECT_TIMEOUT:g} s\n\n{tables.table(head, rows)}"
    print(text)
    if arguments.write:
        tables.write_readme("unreachable", text)


if __name__ == "__main__":
    main()
