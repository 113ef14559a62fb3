"""Fold the reports of one test into one observation: setup, call and teardown, reruns and crashes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from signoff.canonical import digest
from signoff.model import NO_TARGET, Cell, Observation, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pytest

    from signoff.model import PlannedCell
    from signoff.workspace import Workspace

_NODE = re.compile(r"::test_(?P<check>\w+)(?:\[(?P<parameters>.*)\])?(?:@.*)?\Z", re.DOTALL)
_NUMBER = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{7,64}\b(?<!\b[a-f]{7})|\d+(?:[.,:]\d+)*", re.IGNORECASE)
FINGERPRINT_LENGTH = 16


@dataclass(slots=True)
class _Phases:
    """What is known of one test that has not ended yet."""

    facts: dict[str, Any] = field(default_factory=dict)
    outcome: Outcome = Outcome.PASS
    reason: str = ""
    started: float = 0.0
    finished: float = 0.0


class Attempts:
    """Collects reports by test, and hands out an observation when an attempt has ended.

    Args:
        workspace: tells cells, sources and targets.
        run: id of the run that observes.
        runner: name of the machine that runs the tests.
    """

    def __init__(self, workspace: Workspace, run: str, runner: str) -> None:
        self._workspace = workspace
        self._run = run
        self._runner = runner
        self._open: dict[tuple[str, str], _Phases] = {}
        self._count: dict[tuple[Cell, str], int] = {}
        self._sequence = 0
        self._planned: Mapping[Cell, PlannedCell] = {planned.cell: planned for planned in workspace.planned}
        self._of_check: dict[str, dict[str, Cell]] = {}
        """Check to its cells, by the target as node ids write it."""
        for cell in self._planned:
            self._of_check.setdefault(cell.check, {})[_as_id(cell.target)] = cell
        self._item_of = {check.name: item.id for item in workspace.checklist.items for check in item.checks}

    def feed(self, report: pytest.TestReport) -> Iterator[Observation]:
        """Take one report; yield the observations that it completes."""
        crashed = report.when not in {"setup", "call", "teardown"}
        worker = _worker(report)  # workers may be told to repeat each other: these are no retries
        phases = self._open.setdefault((report.nodeid, worker), _Phases(started=getattr(report, "start", 0.0)))
        self._take(phases, report, crashed=crashed)
        if crashed or report.when == "teardown" or getattr(report, "outcome", "") == "rerun":
            del self._open[report.nodeid, worker]
            cell = self._cell(report.nodeid, phases)
            # Without facts of our own only bad news counts: a test that answers no cell cannot pass one.
            if cell is not None and (phases.facts or phases.outcome is not Outcome.PASS):
                yield self._observation(cell, phases, report.nodeid, worker)

    def item_of(self, nodeid: str) -> str | None:
        """Return the item that a node id is about, with or without a target; None if it is no check."""
        match = _NODE.search(nodeid)
        return self._item_of.get(match["check"]) if match is not None else None

    def cell_of(self, nodeid: str) -> Cell | None:
        """Return the cell that a node id stands for; None if it is no check of the checklist."""
        match = _NODE.search(nodeid)
        if match is None:
            return None
        parameters = match["parameters"] or NO_TARGET
        cells = self._of_check.get(match["check"], {})
        if parameters in cells or NO_TARGET in cells:
            return cells.get(parameters) or cells[NO_TARGET]
        dashes = [place for place, letter in enumerate(parameters) if letter == "-"]
        parts = [part for place in dashes for part in (parameters[:place], parameters[place + 1 :])]
        named = [part for part in parts if part in cells]  # further parameters stand beside the target
        return cells[max(named, key=len)] if named else None

    def broken_module(self, path: str, reason: str, at: datetime) -> Iterator[Observation]:
        """Yield an error for every cell whose check stands in a module or folder that could not be collected."""
        for planned in self._workspace.planned:
            if planned.source is not None and (planned.source.path == path or _is_below(planned.source.path, path)):
                stamp = at.timestamp()
                phases = _Phases(outcome=Outcome.ERROR, reason=reason, started=stamp, finished=stamp)
                yield self._observation(planned.cell, phases, path, "")

    def _take(self, phases: _Phases, report: pytest.TestReport, *, crashed: bool) -> None:
        phases.finished = max(phases.finished, getattr(report, "stop", 0.0))
        facts: dict[str, Any] = getattr(report, "signoff", {})
        phases.facts |= facts
        if crashed:
            self._worst(phases, Outcome.ERROR, "the worker process died while the check ran")
            return
        if facts:
            outcome = Outcome(facts["outcome"])
            if report.when == "teardown" and outcome is not Outcome.PASS:
                outcome = Outcome.ERROR
                facts = {**facts, "reason": f"teardown failed: {facts['reason']}"}
            self._worst(phases, outcome, facts["reason"])
        elif report.failed:  # a report that another plugin made: its text is all there is
            self._worst(phases, Outcome.ERROR if report.when != "call" else Outcome.FAIL, str(report.longrepr))

    @staticmethod
    def _worst(phases: _Phases, outcome: Outcome, reason: str) -> None:
        if outcome.badness > phases.outcome.badness or not phases.reason:
            phases.outcome = max(phases.outcome, outcome, key=lambda each: each.badness)
            phases.reason = reason or phases.reason

    def _cell(self, nodeid: str, phases: _Phases) -> Cell | None:
        facts = phases.facts
        if facts:
            return Cell(item=facts["item"], check=facts["check"], target=facts["target"])
        return self.cell_of(nodeid)

    def _observation(self, cell: Cell, phases: _Phases, node: str, worker: str) -> Observation:
        self._sequence += 1
        attempt = self._count[cell, worker] = self._count.get((cell, worker), 0) + 1
        planned = self._planned.get(cell)
        facts = phases.facts
        evidence = {key: facts.get(key) for key in ("observed", "expected", "inspected")}
        now = datetime.now(UTC)
        policy = self._workspace.inventory.policy
        return Observation(
            run=self._run,
            seq=self._sequence,
            cell=cell,
            outcome=phases.outcome,
            started=datetime.fromtimestamp(phases.started, UTC) if phases.started else now,
            finished=datetime.fromtimestamp(phases.finished, UTC) if phases.finished else now,
            environment=policy.environment,
            release=policy.release,
            attempt=attempt,
            reason=self._workspace.redact(phases.reason),
            fingerprint=fingerprint(cell, phases.reason) if phases.outcome is not Outcome.PASS else "",
            observed=facts.get("observed", ""),
            expected=facts.get("expected", ""),
            inspected=facts.get("inspected"),
            code_sha256=planned.source.sha256 if planned and planned.source else "",
            target_sha256=planned.target.sha256 if planned else "",
            evidence_sha256=digest([*cell_key(cell), phases.outcome, phases.reason, evidence]),
            node=self._workspace.redact(node),
            runner=self._runner,
        )


def _worker(report: pytest.TestReport) -> str:
    """Return the id of the worker process that made the report; empty if there are none."""
    return str(getattr(getattr(getattr(report, "node", None), "gateway", None), "id", ""))


def _as_id(target: str) -> str:
    """Return the target as pytest writes it in node ids."""
    return target.encode("unicode_escape").decode("ascii")


def _is_below(path: str, folder: str) -> bool:
    return folder in {"", "."} or path.startswith(f"{folder}/")


def cell_key(cell: Cell) -> tuple[str, str, str]:
    """Return the cell as plain data."""
    return (cell.item, cell.check, cell.target)


def fingerprint(cell: Cell, reason: str) -> str:
    """Return a name for this failure that survives other numbers and other targets, and nothing else.

    "82 % used" and "83 % used" are one failure; "cannot connect" is another.
    """
    alone = rf"(?<![\w.-]){re.escape(cell.target)}(?![\w-])"  # a target called "db" is not a part of "mongodb"
    text = re.sub(alone, "*", reason) if cell.target != NO_TARGET else reason
    text = _NUMBER.sub("#", text)
    return hashlib.sha256(f"{cell.check}\0{text}".encode()).hexdigest()[:FINGERPRINT_LENGTH]
