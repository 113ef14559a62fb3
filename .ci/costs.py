"""What checks really ask, beside what they promise (docs/costs.md), from the JUnit files of runs.

    python .ci/costs.py reports/demo/junit_*.xml
    PYTHONPATH=.ci pytest -p costs --inventory demo      # each check alone: nothing is shared with the one before it

As a plugin of pytest it takes everything down after each check, so that what several share is counted for each.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET  # our own runs wrote these files

import pytest
from _pytest.runner import runtestprotocol

from signoff.config.checklist import load_checklist
from signoff.meter import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from signoff.model import Check

CHECKLIST = Path(__file__).parents[1] / "tests/checklist.yaml"
TIMES = 4
"""A check that always asks the same promises no more than so many times as much, or a few."""
_FEW = 10
_VARIES = re.compile(r"\b(each|every|or|up to|more|settable|as above|MySQL)\b")
"""Words of `touches` by which a check says that it may ask more elsewhere than it does here."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool:
    """Run one check as if it were the last: all that it shares with others is taken down."""
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    runtestprotocol(item, nextitem=None)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def asked(files: Iterable[Path]) -> dict[str, Counter[str]]:
    """Return by check the most that it asked of one target, by kind; a check that asked nothing has an empty one."""
    most: dict[str, Counter[str]] = defaultdict(Counter)
    for file in files:
        for case in ET.parse(file).iter("testcase"):  # noqa: S314 - see above
            said = {one.attrib["name"]: one.attrib["value"] for one in case.iter("property")}
            if "check" in said and case.find("skipped") is None:
                counts = {kind: int(said[f"asked.{kind}"]) for kind in KINDS if f"asked.{kind}" in said}
                most[said["check"]] |= Counter(counts)
    return most


def checks() -> list[Check]:
    """Return all checks of the checklist."""
    return [check for item in load_checklist(CHECKLIST).items for check in item.checks]


def loose(measured: Mapping[str, Counter[str]]) -> Iterator[str]:
    """Yield each promise that is far above what was asked, although the check always asks the same."""
    for check in checks():
        if _VARIES.search(check.touches):
            continue
        for kind, count in measured.get(check.name, Counter()).items():
            promised = (check.at_most or {}).get(kind, 0)
            if promised > max(TIMES * count, _FEW):
                yield f"{check.name} asked {count} {kind} and promises {promised}"


def main() -> None:
    """Print a row for each check that the files tell of."""
    measured = asked(map(Path, sys.argv[1:]))
    for check in checks():
        if check.name in measured:
            counts = ", ".join(f"{count} {kind}" for kind, count in measured[check.name].items()) or "nothing"
            promised = ", ".join(f"{kind}: {count}" for kind, count in (check.at_most or {}).items())
            print(f"{check.item:12} {check.name:60} asked {counts:40} promises {promised}")
    for line in loose(measured):
        print(f"too much: {line}")


if __name__ == "__main__":
    main()
