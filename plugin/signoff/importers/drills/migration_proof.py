"""The proof that migrations were tried on a copy of the data: up, down again, and up again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node
from signoff.probes.repository.migrations import number_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_KIND = "migration proof"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One migration in one direction."""

    action: Literal["up", "down"]
    version: str
    seconds: float
    ok: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrationProof:
    """One rehearsal of the migrations of one commit."""

    commit: str
    finished: datetime
    steps: tuple[Step, ...]

    @property
    def failed(self) -> tuple[str, ...]:
        """Steps that did not work, such as `down 4`."""
        return tuple(f"{step.action} {step.version}" for step in self.steps if not step.ok)

    @property
    def seconds(self) -> float:
        """All steps together."""
        return sum(step.seconds for step in self.steps)

    def unproven(self, versions: Iterable[str]) -> tuple[str, ...]:
        """Return those versions that did not go up, then down, then up again, in this order and each with success."""
        went: dict[str, list[str]] = {}
        for step in self.steps:
            if step.ok:
                went.setdefault(step.version, []).append(step.action)
        return tuple(version for version in versions if not _in_order(went.get(version, []), ("up", "down", "up")))


def read(text: bytes | str) -> MigrationProof:
    """Return the proof: a JSON object with `schema_version` 1, `commit`, `finished` and `steps`.

    Raises:
        NotVerifiedError: not such a proof, or it has no step.
    """
    proof = Node.parse(text, kind=_KIND)
    if proof.at("schema_version").count() != 1:
        raise proof.at("schema_version").wrong("1")
    steps = tuple(map(_step, proof.at("steps").items()))
    if not steps:
        raise NotVerifiedError(f"{_KIND}: no step in it; import the proof of a rehearsal that took place")
    return MigrationProof(commit=proof.at("commit").text(), finished=proof.at("finished").instant(), steps=steps)


def _step(node: Node) -> Step:
    action = node.at("action").text()
    if action not in {"up", "down"}:
        raise node.at("action").wrong("up or down")
    version = node.at("version").text()
    return Step(
        action="up" if action == "up" else "down",
        version=number_of(version) if version.replace(".", "").isdigit() else version,
        seconds=node.at("seconds").seconds(),
        ok=node.at("ok").flag(),
    )


def _in_order(actions: list[str], wanted: tuple[str, ...]) -> bool:
    remaining = iter(actions)
    return all(action in remaining for action in wanted)
