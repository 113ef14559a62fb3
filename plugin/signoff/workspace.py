"""The one place where config, store and decision meet: load an environment, evaluate it at an instant."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from signoff.config.checklist import load_checklist
from signoff.config.inventory import Inventory, find_inventory, load_inventory
from signoff.config.plan import plan
from signoff.config.redaction import Redactor
from signoff.config.sources import find_sources
from signoff.config.yamlfile import did_you_mean
from signoff.decision.derived import in_order
from signoff.decision.evaluate import evaluate
from signoff.errors import ConfigError, Problem
from signoff.model import Checklist, PlannedCell, Records, Signoff, Source
from signoff.store.approvals import load_approvals
from signoff.store.journal import missing_checkpoints, read_journals

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

INVENTORY_VARIABLE = "SIGNOFF_INVENTORY"
CHECKLIST = "tests/checklist.yaml"


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
    def load(cls, root: Path, *, inventory: str = "", checklist: str = "", reports: str = "") -> Workspace:
        """Return the suite at `root` bound to an environment.

        Args:
            root: the suite's top folder.
            inventory: name or path; default: the environment variable, then the project's setting.
            checklist: path of the checklist, relative to `root`.
            reports: where evidence is kept, relative to `root`; default: `reports`.

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
        environment = load_inventory(find_inventory(root, name), loaded)
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

    @property
    def runs_folder(self) -> Path:
        """Where each run keeps its journal."""
        return self.reports / "runs"

    @property
    def approvals_folder(self) -> Path:
        """Where signatures are kept, one file each."""
        return self.reports / "approvals"

    def evaluate(self, now: datetime, *, scope: frozenset[str] | None = None) -> Signoff:
        """Return the decision at the instant `now` (UTC), from everything that was ever recorded here.

        Evidence that was edited, or that cannot be read, makes the verdict INVALID; it is never ignored.
        """
        journals = read_journals(self.runs_folder)
        signed = load_approvals(self.approvals_folder, self.inventory.policy.roster)
        kept = [checkpoint for approval in signed.approvals for checkpoint in approval.checkpoints]
        records = self.inventory.records
        return evaluate(
            self.checklist,
            self.planned,
            self.inventory.policy,
            journals.observations,
            journals.runs,
            Records(waivers=records.waivers, attestations=records.attestations, approvals=signed.approvals),
            (),
            now,
            scope=scope,
            problems=(*journals.broken, *signed.broken, *missing_checkpoints(self.runs_folder, kept)),
            checkpoints=journals.checkpoints,
            inventory_sha256=self.inventory.sha256,
        )


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
