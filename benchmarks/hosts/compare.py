"""Thirty assertions per host: our hosts over SSH against testinfra, serverspec, Ansible, Mitogen and the floor.

`--quick` takes about twelve minutes, the whole matrix some hours. Needs root, the programs that it names when they are
missing, and once the package registry. Contenders run in turn, round after round, and a run counts only if all of its
verdicts are right. `--parity` instead spoils one host and compares what each tool finds.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import runs
import sandbox
import tables
import tools
from contenders import CONTENDERS, FLOOR_IN_PYTEST, Speed
from farm import Farm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contenders import Contender
    from tools import Pythons

_SPOILED = frozenset(
    {"web_server_runs", "web_server_listens", "web_server_wrote_its_process_id", "no_reboot_is_due"}
    | {"web_master_runs_as_root"}
)
_QUICK_PLACES = [(1, 0.0), (1, 40.0), (4, 0.0), (16, 0.0), (16, 40.0), (64, 0.0), (64, 40.0)]
_QUICK_SLOW = {(1, 0.0), (1, 40.0), (4, 0.0)}
"""Where a quick comparison still measures what is slow."""
_QUICK_MIDDLE = 16
"""Hosts up to which a quick comparison measures what is neither fast nor slow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is measured: fast contenders in every round, the others once, until the minutes are up."""

    places: Sequence[tuple[int, float]]
    rounds: int
    minutes: float
    quick: bool
    contenders: Sequence[Contender]

    def wants(self, contender: Contender, place: tuple[int, float], turn: int) -> bool:
        """Return whether the contender runs there in this round."""
        if contender.speed is Speed.FAST:
            return True
        if turn > 0 or not self.quick:
            return turn == 0
        return place in _QUICK_SLOW if contender.speed is Speed.SLOW else place[0] <= _QUICK_MIDDLE


def measure_all(plan: Plan, pythons: Pythons) -> list[runs.Run]:
    """Run the plan; the first round is always finished, later ones only while there is time."""
    deadline = time.monotonic() + plan.minutes * 60
    seen: list[runs.Run] = []
    for turn in range(plan.rounds):
        for hosts, delay in plan.places:
            wanted = [each for each in plan.contenders if plan.wants(each, (hosts, delay), turn)]
            if turn and time.monotonic() > deadline:
                return seen
            print(f"round {turn + 1}: {hosts} hosts, {delay:g} ms", file=sys.stderr)
            with Farm(hosts, delay) as farm:
                results = [runs.measure_one(each, farm, pythons, limit=1800) for each in wanted]
            seen += [run for run in results if run]
    return seen


def compare_verdicts(contenders: Sequence[Contender], pythons: Pythons) -> bool:
    """Print what each contender finds on one good and one spoiled host; return whether all found exactly that."""
    right = True
    with Farm(2) as farm:
        farm.spoil("h002")
        for contender in contenders:
            cost, _ = runs.once(contender, farm, pythons, limit=600)
            verdicts = contender.read(cost.output, 2)
            same = verdicts.failed == _SPOILED
            right = right and same
            print(f"{contender.name}: {'the same five' if same else sorted(verdicts.failed)}, {verdicts.passed} hold")
    return right


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="0 and 40 ms, and what is slow on few hosts only")
    parser.add_argument("--parity", action="store_true", help="compare verdicts on a spoiled host, not times")
    parser.add_argument("--hosts", default="1,4,16,64", help="numbers of hosts")
    parser.add_argument("--rtt", default="0,10,40", help="added round trips in milliseconds")
    parser.add_argument("--only", default="", help="contenders by parts of their names, comma separated")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=0, help="start no further round after this long")
    parser.add_argument(
        "--write",
        action="store_true",
        help="put the tables into benchmarks/README.md: with --only as the floor's, without as everybody's",
    )
    return parser.parse_args()


def _matrix(hosts: str, delays: str) -> list[tuple[int, float]]:
    return [(int(count), float(delay)) for count in hosts.split(",") for delay in delays.split(",")]


def main() -> None:
    """Measure and print the tables."""
    arguments = _arguments()
    # Inside of the sandbox there is no way to a registry.
    pythons = tools.install()
    sandbox.enter()
    words = [word.strip() for word in arguments.only.split(",")]
    chosen = [each for each in CONTENDERS if any(word in each.name for word in words)]
    if not tools.has_serverspec():
        print("serverspec is left out: not installed (apt-get install ruby-serverspec ruby-rspec)", file=sys.stderr)
        chosen = [each for each in chosen if "serverspec" not in each.name]
    runs.clear()
    if arguments.parity:
        sys.exit(not compare_verdicts(chosen, pythons))
    plan = Plan(
        places=_QUICK_PLACES if arguments.quick else _matrix(arguments.hosts, arguments.rtt),
        rounds=arguments.rounds,
        minutes=arguments.minutes or (10 if arguments.quick else 24 * 60),
        quick=arguments.quick,
        contenders=chosen,
    )
    seen = measure_all(plan, pythons)
    order = [each.name for each in CONTENDERS]
    text = f"{tables.machine()}\n\n{tables.compared(seen, order, FLOOR_IN_PYTEST)}\n{tables.slopes(seen, order)}"
    print(text)
    if arguments.write:
        tables.write_readme("floor" if arguments.only else "hosts", text)


if __name__ == "__main__":
    main()
