"""Experiments in which a component was broken on purpose, as the tools that broke it wrote them down.

Forms: Chaos Toolkit's journal (https://chaostoolkit.org/reference/api/journal/), AWS FIS' GetExperiment
(https://docs.aws.amazon.com/fis/latest/APIReference/API_Experiment.html), Litmus' ChaosResult
(https://docs.litmuschaos.io/docs/concepts/chaos-workflow) as kubectl prints it, and the record of a game day:

    {"schema_version": 1, "kind": "game-day", "environment": "staging", "participants": ["Kim"],
     "faults": [{"name": "cache stopped", "injected_at": "2026-11-20T05:00:00Z",
                 "recovered_at": "2026-11-20T05:00:40Z", "passed": true, "observed": "slower for a minute"}]}
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Form = Literal["chaostoolkit", "fis", "litmus", "game_day"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Experiment:
    """One fault that was injected, and what came of it."""

    name: str
    at: datetime
    """When it ended; of a fault that never recovered, when it was injected."""
    completed: bool
    """Whether it was carried out to its end."""
    recovered: bool
    """Whether the system was steady again afterwards."""
    seconds: float | None
    """From the fault until that was seen; None: the report does not say."""
    detail: str
    """The tool's own words."""


def read(text: bytes | str, form: Form) -> tuple[Experiment, ...]:
    """Return the experiments of a report.

    Raises:
        NotVerifiedError: not such a report, none in it, or one whose outcome nobody watched.
    """
    found = _READERS[form](Node.parse(text, kind=_KINDS[form]))
    if not found:
        raise NotVerifiedError(f"{_KINDS[form]}: no fault in it; import the record of one that was injected")
    return found


def _chaostoolkit(root: Node) -> tuple[Experiment, ...]:
    after = root.at("steady_states").at("after")
    status, deviated = root.at("status").text(), root.at("deviated").flag()
    steady = after.at("steady_state_met").flag() if "steady_state_met" in after else False
    actions = [one for one in root.at("run").items() if one.at("activity").at("type").text() == "action"]
    if not actions:
        raise root.at("run").refuse("no action in it: nothing was broken; import an experiment with a method")
    failed = [one for one in actions if one.at("status").text() != "succeeded"]
    began = min(one.at("start").instant(UTC) for one in actions)
    ended = root.at("end").instant(UTC)
    return (
        Experiment(
            name=root.at("experiment").at("title").text(),
            at=ended,
            completed=status == "completed" and not failed,
            recovered=steady and not deviated,
            seconds=_between(root, began, ended),
            detail=f"status {status[:40]}, deviated {str(deviated).lower()}",
        ),
    )


def _fis(root: Node) -> tuple[Experiment, ...]:
    one = root.at("experiment")
    status = one.at("state").at("status").text()
    watched = [stop for stop in one.at("stopConditions").items() if stop.at("source").text() != "none"]
    if not watched:
        raise one.at("stopConditions").refuse("no alarm watched it, so nobody knows whether it recovered; add one")
    began, ended = _aws_instant(one.at("startTime")), _aws_instant(one.at("endTime"))
    actions = one.at("actions").members().values()
    done = [action.at("state").at("status").text() == "completed" for action in actions]
    tags = one.at("tags")
    return (
        Experiment(
            name=tags.at("Name").text() if "tags" in one and "Name" in tags else one.at("experimentTemplateId").text(),
            at=ended,
            completed=status == "completed" and bool(done) and all(done),
            recovered=status == "completed",
            seconds=_between(one, began, ended),
            detail=f"{status[:40]}: {one.at('state').at('reason').text('')[:120]}".rstrip(": "),
        ),
    )


def _litmus(root: Node) -> tuple[Experiment, ...]:
    results = root.at("items").items() if root.at("kind").text() == "List" else [root]
    return tuple(map(_litmus_result, results))


def _litmus_result(result: Node) -> Experiment:
    if result.at("kind").text() != "ChaosResult":
        raise result.at("kind").wrong("ChaosResult")
    said, metadata = result.at("status").at("experimentStatus"), result.at("metadata")
    phase, verdict = said.at("phase").text(), said.at("verdict").text()
    probes = said.at("probeSuccessPercentage").text("")
    if verdict == "Pass" and not result.at("status").some("probeStatuses"):
        raise result.at("status").refuse("no probe watched it, so that it passes says nothing; add one")
    written = [one.at("time").instant() for one in metadata.some("managedFields") if "time" in one]
    return Experiment(
        name=result.at("spec").at("experiment").text(),
        at=max(written, default=None) or metadata.at("creationTimestamp").instant(),
        completed=phase == "Completed",
        recovered=verdict == "Pass" and probes in {"", "100"},
        seconds=None,
        detail=f"{phase[:40]}, verdict {verdict[:40]}, probes {probes[:10] or '?'} %",
    )


def _game_day(root: Node) -> tuple[Experiment, ...]:
    if root.at("schema_version").count() != 1:
        raise root.at("schema_version").wrong("1")
    if root.at("kind").text() != "game-day":
        raise root.at("kind").wrong("game-day")
    if not root.at("participants").items():
        raise root.at("participants").refuse("nobody took part; name who saw it")
    return tuple(map(_game_day_fault, root.at("faults").items()))


def _game_day_fault(fault: Node) -> Experiment:
    began = fault.at("injected_at").instant()
    ended = fault.at("recovered_at").instant() if "recovered_at" in fault else None
    passed = fault.at("passed").flag()
    return Experiment(
        name=fault.at("name").text(),
        at=ended or began,
        completed=True,
        recovered=passed and ended is not None,
        seconds=None if ended is None else _between(fault, began, ended),
        detail=fault.at("observed").text("")[:160],
    )


def _between(node: Node, began: datetime, ended: datetime) -> float:
    if ended < began:
        raise node.refuse("it ended before it began; import a complete report")
    return (ended - began).total_seconds()


def _aws_instant(node: Node) -> datetime:
    """Return an instant as the CLI (ISO 8601) or the API (Unix time) writes it."""
    if isinstance(node.value, str):
        return node.instant()
    try:
        return datetime.fromtimestamp(node.seconds(), UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise node.wrong("an instant") from error


_READERS: Mapping[Form, Callable[[Node], tuple[Experiment, ...]]] = {
    "chaostoolkit": _chaostoolkit,
    "fis": _fis,
    "litmus": _litmus,
    "game_day": _game_day,
}
_KINDS: Mapping[Form, str] = {
    "chaostoolkit": "Chaos Toolkit journal",
    "fis": "FIS experiment",
    "litmus": "Litmus result",
    "game_day": "game day record",
}
