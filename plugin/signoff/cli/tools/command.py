"""The verb: which programs are here, what they are for, and how to get the missing ones."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from signoff.cli.common import friendly, inventory_option, open_workspace
from signoff.cli.tools.finding import Found, find
from signoff.cli.tools.table import USES, programs
from signoff.config.checklist import load_checklist
from signoff.errors import ConfigError
from signoff.workspace import CHECKLIST, find_root, read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.cli.tools.table import Use
    from signoff.model import Item

_TITLES: dict[Use, str] = {
    "run": "Run by checks on this machine",
    "report": "Run elsewhere; checks read their reports",
    "hand": "For people; no check needs them",
}
_NAMED_AT_MOST = 6


@click.command()
@click.argument("names", nargs=-1, metavar="[PROGRAM]…")
@click.option(
    "--needed", is_flag=True, help="Only those that checks would run for this inventory; exit 1 if one is missing."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@inventory_option
@friendly
def tools(*, names: tuple[str, ...], needed: bool, as_json: bool, inventory: str) -> None:
    """Show which programs of others are found, in which version, for which items, and how to install the missing ones.

    Each found program is asked for its version (at most 15 s each, four at once) and for nothing else.

    Exit status: 0. With names or with --needed: 1 if one of them is missing. 2: there is no such program in the table.
    12: the checklist or the inventory has mistakes.
    """
    table = {program.name: program for program in programs()}
    unknown = [name for name in names if name not in table]
    if unknown:
        raise click.UsageError(f"no program {unknown[0]!r} in the table; known: {', '.join(table)}")
    chosen = [table[name] for name in names] or list(table.values())
    if needed:
        kinds, hosts = _used(inventory)
        chosen = [
            one for one in chosen if one.use == "run" and (kinds.intersection(one.kinds) or (hosts and one.hosts))
        ]
    found = find(chosen, os.environ)
    items = _items()
    click.echo(json.dumps([_entry(one, items) for one in found], indent=2) if as_json else _text(found, items))
    missing = any(not one.path for one in found)
    sys.exit(1 if missing and (names or needed) else 0)


def _used(inventory: str) -> tuple[frozenset[str], bool]:
    """Return the kinds of services in the inventory, and whether it has hosts."""
    loaded = open_workspace(inventory).inventory
    return frozenset(service.settings.kind for service in loaded.services.values()), bool(loaded.hosts)


def _items() -> tuple[Item, ...]:
    """Return the items of the suite around the current folder; none outside of one."""
    try:
        root = find_root(Path.cwd())
    except ConfigError:
        return ()
    return load_checklist(root / read_settings(root).get("signoff_checklist", CHECKLIST)).items


def _entry(found: Found, items: Sequence[Item]) -> dict[str, object]:
    program = found.program
    return {
        "name": program.name,
        "use": program.use,
        "found": bool(found.path),
        "path": found.path,
        "version": found.version,
        "items": list(program.items_of(items)),
        "kinds": list(program.kinds),
        "why": program.why,
        "install": program.install,
    }


def _text(found: Sequence[Found], items: Sequence[Item]) -> str:
    width = max((len(one.program.name) for one in found), default=0)
    lines: list[str] = []
    for use in USES:
        group = [one for one in found if one.program.use == use]
        if group:
            here = sum(bool(one.path) for one in group)
            lines += [*([""] if lines else []), f"{_TITLES[use]} ({here} of {len(group)} found)"]
            lines += [line for one in group for line in _lines(one, width, items)]
    return "\n".join(lines) if lines else "This inventory needs no program of others."


def _lines(found: Found, width: int, items: Sequence[Item]) -> list[str]:
    program = found.program
    named = program.items_of(items)
    more = f" +{len(named) - _NAMED_AT_MOST}" if len(named) > _NAMED_AT_MOST else ""
    ids = f"  [{', '.join(named[:_NAMED_AT_MOST])}{more}]" if named else ""
    if found.path:
        return [f"  ✓ {program.name:<{width}}  {found.version or 'version unknown'}  {found.path}{ids}"]
    return [f"  ✗ {program.name:<{width}}  {program.why}{ids}", f"    {'':<{width}}  {program.install}"]
