"""The proof that migrations were tried on a copy of the data: up, down again, and up again.

A JSON object:

    {"schema_version": 1, "commit": "3f2a91c…", "finished": "2026-11-22T01:10:00Z",
     "steps": [{"action": "up", "version": "1", "seconds": 0.2, "ok": true}],
     "tables": {"orders": "sha256 of its structure after the last step"}}

`tables` may be left out; without it, nobody can tell whether the structure in production is what the migrations make.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node
from signoff.probes.repository.migrations import number_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
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
    tables: Mapping[str, str] = field(default_factory=dict)
    """Digest of each table's structure after the last step; empty: not recorded."""

    @property
    def failed(self) -> tuple[str, ...]:
        """Steps that did not work, such as `down 4`."""
        return tuple(f"{step.action} {step.version}" for step in self.steps if not step.ok)

    @property
    def seconds(self) -> float:
        """All steps together."""
        return sum(step.seconds for step in self.steps)

    def longest(self, action: Literal["up", "down"]) -> float:
        """Return the seconds of all steps in one direction, each as long as it took at worst."""
        worst: dict[str, float] = {}
        for step in self.steps:
            if step.action == action:
                worst[step.version] = max(step.seconds, worst.get(step.version, 0.0))
        return sum(worst.values())

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
    tables = proof.at("tables").members() if "tables" in proof else {}
    return MigrationProof(
        commit=proof.at("commit").text(),
        finished=proof.at("finished").instant(),
        steps=steps,
        tables={name: digest.text() for name, digest in tables.items()},
    )


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
