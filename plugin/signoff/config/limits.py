"""A run about some hosts only: which ones `--limit` and `--hosts` mean, and what of the checklist concerns them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from signoff.config.patterns import PatternError, Patterns
from signoff.config.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from signoff.config.inventory import Inventory
    from signoff.model import Checklist, PlannedCell


@dataclass(frozen=True, kw_only=True, slots=True)
class HostLimit:
    """The hosts that a run may ask."""

    text: str
    """The options as typed."""
    hosts: tuple[str, ...]
    """Names, in the pattern's order; never empty."""


def host_limit(inventory: Inventory, *, limit: str, hosts: str, folder: Path) -> HostLimit | None:
    """Return the hosts that both options name; None if neither is given.

    Args:
        inventory: the environment.
        limit: pattern of `--limit`; parts that begin with `@` are files with one pattern a line.
        hosts: pattern of `--hosts`, which may not name files.
        folder: what the files' names are relative to.

    Raises:
        PatternError: a part of a pattern matches no host, both together leave none, or a file cannot be read.
    """
    patterns = Patterns(inventory.hosts, inventory.groups)
    given = [(option, text) for option, text in (("--hosts", hosts), ("--limit", limit)) if text]
    if not given:
        return None
    chosen = dict.fromkeys(inventory.hosts)
    for option, text in given:
        parts = [part for name in text.split(",") for part in _from_file(name.strip(), folder)] if "@" in text else text
        try:
            selected = patterns.select(parts)
        except PatternError as error:
            # A file that was named by mistake may hold anything.
            raise PatternError(f"{option}: {Redactor(inventory.secrets)(str(error))}") from None
        chosen = {host: None for host in selected if host in chosen}
    typed = " ".join(f"{option} {text}" for option, text in given)
    if not chosen:
        raise PatternError(f"{typed}: no host is in both")
    return HostLimit(text=typed, hosts=tuple(chosen))


def _from_file(name: str, folder: Path) -> list[str]:
    if not name.startswith("@"):
        return [name]
    try:
        lines = (folder / name[1:]).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PatternError(f"--limit {name}: cannot be read: {type(error).__name__}") from None
    found = [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
    if not found:
        raise PatternError(f"--limit {name}: the file names no host: write one pattern a line")
    return found


def items_about(planned: Sequence[PlannedCell], limit: HostLimit) -> frozenset[str]:
    """Return the items that have a cell on one of the hosts, tests or no tests."""
    hosts = set(limit.hosts)
    return frozenset(entry.cell.item for entry in planned if entry.cell.target in hosts)


def narrowed_plan(
    checklist: Checklist, planned: Sequence[PlannedCell], scope: Collection[str] | None, limit: HostLimit
) -> tuple[Checklist, tuple[PlannedCell, ...]]:
    """Return what a limited run asks: the checklist with those items and checks alone, and their cells."""
    hosts = set(limit.hosts)
    cells = tuple(
        entry for entry in planned if entry.cell.target in hosts and (scope is None or entry.cell.item in scope)
    )
    asked = {entry.cell.check for entry in cells}
    narrowed = (replace(item, checks=tuple(c for c in item.checks if c.name in asked)) for item in checklist.items)
    items = tuple(item for item in narrowed if item.checks)
    return replace(checklist, items=items), cells
