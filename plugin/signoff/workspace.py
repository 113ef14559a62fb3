"""The one place where config, store and decision meet: load an environment, evaluate it at an instant."""

from __future__ import annotations

import gc
import os
import tomllib
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Literal, ParamSpec, TypeVar

from signoff.config.checklist import load_checklist
from signoff.config.inventory import Inventory, find_inventory, load_inventory
from signoff.config.plan import plan
from signoff.config.redaction import Redactor
from signoff.config.sources import find_sources
from signoff.config.yamlfile import did_you_mean
from signoff.decision.derived import in_order
from signoff.decision.evaluate import evaluate
from signoff.decision.hindsight import World, baseline, baseline_instant
from signoff.decision.history import CLOCK_TOLERANCE
from signoff.decision.monitor import is_watching
from signoff.decision.told import told
from signoff.errors import ConfigError, Problem
from signoff.model import Checklist, PlannedCell, Publication, Records, RollbackDecision, Signoff, Source
from signoff.store import whole
from signoff.store.attested import read_attestations
from signoff.store.files import FileStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from signoff.decision.gate import Question
    from signoff.model import Policy, Run
    from signoff.store.approvals import Approvals
    from signoff.store.attested import SignedAttestations
    from signoff.store.base import Store
    from signoff.store.journal import Journals
    from signoff.store.ledger import Ledger

P = ParamSpec("P")
R = TypeVar("R")
INVENTORY_VARIABLE = "SIGNOFF_INVENTORY"
CHECKLIST = "tests/checklist.yaml"


def _without_collecting(function: Callable[P, R]) -> Callable[P, R]:
    """Keep the garbage collector from searching millions of records for cycles that they cannot form."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        enabled = gc.isenabled()
        gc.disable()
        try:
            return function(*args, **kwargs)
        finally:
            if enabled:
                gc.enable()

    return run


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """A suite bound to one environment, loaded and checked; nothing has been touched yet."""

    root: Path
    checklist: Checklist
    inventory: Inventory
    sources: Mapping[tuple[str, str], Source]
    planned: tuple[PlannedCell, ...]
    reports: Path
    """Folder of this environment's evidence and reports."""

    @classmethod
    def load(
        cls, root: Path, *, inventory: str = "", checklist: str = "", reports: str = "", answered: str = ""
    ) -> Workspace:
        """Return the suite at `root` bound to an environment.

        Args:
            root: the suite's top folder.
            inventory: name or path; default: the environment variable, then the project's setting.
            checklist: path of the checklist, relative to `root`.
            reports: where evidence is kept, relative to `root`; default: `reports`.
            answered: what `ansible-inventory` said to another process of the same run.

        Raises:
            ConfigError: every mistake in the files that could be read.
        """
        settings = read_settings(root)
        path = root / (checklist or settings.get("signoff_checklist", CHECKLIST))
        name = inventory or os.environ.get(INVENTORY_VARIABLE) or settings.get("signoff_inventory", "demo")
        loaded = load_checklist(path)
        sources = find_sources(root, path.parent)
        in_order(loaded.items)  # a rule that does not exist is a mistake in the checklist, not in the evidence
        _known_checks(loaded, sources)
        environment = load_inventory(find_inventory(root, name), loaded, answered=answered)
        return cls(
            root=root,
            checklist=loaded,
            inventory=environment,
            sources=sources,
            planned=plan(loaded, environment, sources),
            reports=root / (reports or settings.get("signoff_reports", "reports")) / environment.policy.environment,
        )

    @cached_property
    def redact(self) -> Redactor:
        """Masks this environment's secrets."""
        return Redactor(self.inventory.secrets)

    @cached_property
    def store(self) -> Store:
        """Where this environment's evidence is kept: everything that reads or writes evidence goes through it."""
        local = FileStore(self.reports)
        if not self.inventory.store:
            return local
        from signoff.store.postgresql.store import PostgresStore  # noqa: PLC0415 - its driver is not part of every run

        return PostgresStore(self.inventory.store, self.inventory.policy.environment, local)

    @_without_collecting
    def evaluate(
        self,
        now: datetime,
        *,
        scope: frozenset[str] | None = None,
        question: Question = "readiness",
        compare: bool = False,
        every_record: bool = False,
    ) -> Signoff:
        """Return the decision from everything that was ever recorded here.

        Evidence that was edited, or that cannot be read, makes the verdict INVALID; it is never ignored.

        Args:
            now: the instant of judgement, UTC.
            scope: ids of the items of a selection; None judges the release.
            question: `release` asks for every approval too.
            compare: say what changed since the last sign-off, or else since the full run before, and what the last runs
                said of each item.
            every_record: decode every record of every journal, as signatures and proofs want it; else what a long
                history has confirmed since is only proven to be the same bytes.
        """
        policy = self.inventory.policy

        def needed(store: Store, approvals: Approvals) -> Journals:
            signed = Records(approvals=approvals.approvals)

            def earlier(runs: Sequence[Run]) -> list[datetime]:
                instant = baseline_instant(signed, policy, runs, now)
                return [] if instant is None else [instant]

            return store.needed(now + CLOCK_TOLERANCE, earlier if compare else None)

        evidence = whole.read(self.store, policy.roster, None if every_record else needed)
        attested = self.attested(evidence.ledger)
        world = self._world(evidence, attested)
        signoff = evaluate(
            world.checklist,
            world.planned,
            world.policy,
            world.observations,
            world.runs,
            world.records,
            world.actions,
            now,
            scope=scope,
            question=question,
            problems=(*evidence.problems, *attested.broken),
            checkpoints=world.checkpoints,
            inventory_sha256=world.inventory_sha256,
            rollbacks=world.rollbacks,
            before=baseline(world, now) if compare else None,
        )
        flaky = {item.id for item in world.checklist.items if item.flaky_allowed}
        left_out = evidence.journals.left_out
        return replace(
            signoff,
            ledgers=evidence.ledger.checkpoints,
            publications=_of_release(evidence.ledger.of(Publication), policy),
            told=told(signoff.runs, world.observations, left_out, flaky) if compare else (),
        )

    def stream(self, now: datetime) -> Literal["recorded", "monitor"]:
        """Return what a run that begins now is: evidence or, once signing has begun, a watch over what is signed."""
        policy = self.inventory.policy
        if policy.on_new_evidence == "void" or not self.store.approvals(policy.roster).approvals:
            return "recorded"
        signoff = self.evaluate(now)
        return "monitor" if is_watching(signoff.approvals, signoff.verdict, policy) else "recorded"

    def world(self) -> World:
        """Return everything that decisions rest on, to look back at earlier ones."""
        evidence = whole.read(self.store, self.inventory.policy.roster)
        return self._world(evidence, self.attested(evidence.ledger))

    def _world(self, evidence: whole.Evidence, attested: SignedAttestations) -> World:
        return World(
            checklist=self.checklist,
            planned=self.planned,
            policy=self.inventory.policy,
            observations=evidence.journals.observations,
            runs=evidence.journals.runs,
            records=replace(self.records(attested), approvals=evidence.approvals.approvals),
            actions=evidence.ledger.actions,
            checkpoints=evidence.journals.checkpoints,
            inventory_sha256=self.inventory.sha256,
            rollbacks=evidence.ledger.of(RollbackDecision),
        )

    def attested(self, ledger: Ledger) -> SignedAttestations:
        """Return the signed attestations of the ledger, with the digests that their files have now."""
        policy = self.inventory.policy
        return read_attestations(ledger.records, policy.roster, policy.environment, self.inventory.folder)

    def records(self, attested: SignedAttestations) -> Records:
        """Return waivers and attestations, those in files and the signed ones."""
        written = self.inventory.records
        return Records(waivers=written.waivers, attestations=(*written.attestations, *attested.attestations))


def _of_release(publications: Sequence[Publication], policy: Policy) -> tuple[Publication, ...]:
    kind = (policy.environment, policy.release)
    return tuple(each for each in publications if (each.environment, each.release) == kind)


def find_root(start: Path) -> Path:
    """Return the nearest folder at or above `start` that holds a checklist.

    Raises:
        ConfigError: there is none.
    """
    for folder in (start, *start.parents):
        if (folder / read_settings(folder).get("signoff_checklist", CHECKLIST)).is_file():
            return folder
    hint = "change into the suite's folder, or write one with `signoff init DIR`"
    raise ConfigError([Problem(file=str(start), line=1, column=1, path="", message="no checklist here", hint=hint)])


def read_settings(root: Path) -> dict[str, str]:
    """Return the `signoff_*` settings of the suite's pytest section; empty if there is none."""
    path = root / "pyproject.toml"
    if not path.is_file():
        return {}
    tool = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("pytest", {})
    section = {**tool.get("ini_options", {}), **tool}
    return {name: str(value) for name, value in section.items() if name.startswith("signoff_")}


def _known_checks(checklist: Checklist, sources: Mapping[tuple[str, str], Source]) -> None:
    """Refuse tests that name no item of the checklist, or that their item does not list."""
    items = {item.id: item for item in checklist.items}
    problems = []
    for (item_id, check), source in sources.items():
        if item_id not in items:
            message, hint = f"unknown checklist item {item_id!r}", did_you_mean(item_id, items)
        elif check not in {known.name for known in items[item_id].checks}:
            message = f"{item_id} does not list the check {check!r}"
            listed = [known.name for known in items[item_id].checks]
            hint = did_you_mean(check, listed) or f"add it to checks of {item_id} in the checklist"
        else:
            continue
        problems.append(Problem(file=source.path, line=source.line, column=1, path="", message=message, hint=hint))
    if problems:
        raise ConfigError(problems)
