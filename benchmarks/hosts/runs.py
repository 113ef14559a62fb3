"""Runs contenders in turn on a farm and keeps what each run cost."""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import measure
from contenders import ASSERTIONS, SCRATCH, Contender

if TYPE_CHECKING:
    from farm import Farm
    from tools import Pythons

_SETTLE = 0.4
"""Seconds until the hosts have noticed that the last connection is gone, and their CPU time is complete."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One contender, once, on one farm. Seconds throughout."""

    contender: str
    hosts: int
    round_trip: float
    wall: float
    client_cpu: float
    host_cpu: float


def measure_one(contender: Contender, farm: Farm, pythons: Pythons, limit: float) -> Run | None:
    """Run the contender once; None (and the reason on standard error) if it did not come to the right verdicts."""
    cost, host_cpu = once(contender, farm, pythons, limit)
    verdicts = contender.read(cost.output, len(farm.live))
    wanted = ASSERTIONS * len(farm.live)
    if verdicts.passed != wanted:
        failed = ", ".join(sorted(verdicts.failed)) or cost.output[-600:]
        print(f"  {contender.name}: {verdicts.passed} of {wanted} held, exit {cost.status}: {failed}", file=sys.stderr)
        return None
    print(f"  {contender.name}: {cost.wall:.2f} s", file=sys.stderr)
    return Run(
        contender=contender.name,
        hosts=len(farm.live),
        round_trip=farm.round_trip,
        wall=cost.wall,
        client_cpu=cost.cpu,
        host_cpu=host_cpu,
    )


def once(contender: Contender, farm: Farm, pythons: Pythons, limit: float) -> tuple[measure.Cost, float]:
    """Run the contender in a fresh folder, a warm one with what its first run left; also return the hosts' CPU time."""
    folder = SCRATCH / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    prepared = contender.prepare(farm, folder, pythons)
    if contender.warm:
        left = SCRATCH / f"left by {contender.name} on {len(farm.names)}"
        if not left.exists():
            measure.run(prepared.line, folder=folder, environ=prepared.environ, limit=limit)
            shutil.copytree(folder, left, symlinks=True)
        shutil.copytree(left, folder, symlinks=True, dirs_exist_ok=True)
    time.sleep(_SETTLE)
    before = farm.cpu_seconds()
    cost = measure.run(prepared.line, folder=folder, environ=prepared.environ, limit=limit)
    time.sleep(_SETTLE)
    return cost, farm.cpu_seconds() - before


def clear() -> None:
    """Forget what earlier comparisons left on the disk."""
    shutil.rmtree(SCRATCH, ignore_errors=True)
