"""`signoff plan|status|gate`: what would be asked, and what is known."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from signoff.artifacts import background_of
from signoff.cli.common import friendly, inventory_option, language_option, open_workspace, terminal_block, utc_now
from signoff.config.limits import host_limit, narrowed_plan
from signoff.config.patterns import PatternError
from signoff.decision.expiring import expiring
from signoff.decision.next_steps import way_to_go
from signoff.reports.plan import render_plan
from signoff.reports.status import render_status
from signoff.reports.status_json import render_status_json

if TYPE_CHECKING:
    from signoff.model import Language


@click.command()
@inventory_option
@click.option("--limit", default="", metavar="PATTERN", help="Only what is asked of these hosts: web:!web1, or @file.")
@language_option
@friendly
def plan(inventory: str, limit: str, language: Language) -> None:
    """List every check, its targets and what it asks of them; touch nothing."""
    workspace = open_workspace(inventory)
    checklist, planned = workspace.checklist, workspace.planned
    try:
        chosen = host_limit(workspace.inventory, limit=limit, hosts="", folder=Path.cwd())
    except PatternError as error:
        raise click.UsageError(str(error)) from None
    if chosen is not None:
        checklist, planned = narrowed_plan(checklist, planned, None, chosen)
    click.echo(render_plan(checklist, planned, None, language))


@click.command()
@inventory_option
@language_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--changes", is_flag=True, help="Also what changed since the last sign-off, or the full run before.")
@friendly
def status(inventory: str, language: Language, as_json: bool, changes: bool) -> None:
    """Show the decision as it stands now, the shortest path to GO by owner, and what ends soon; run nothing."""
    workspace = open_workspace(inventory)
    signoff = workspace.evaluate(utc_now(), compare=changes)  # to judge twice takes twice the time
    policy, records = workspace.inventory.policy, workspace.inventory.records
    way = way_to_go(signoff, full_recheck=policy.full_recheck)
    soon = expiring(signoff, policy, records)
    if as_json:
        click.echo(render_status_json(signoff, way, soon), nl=False)
        return
    click.echo(terminal_block(workspace, signoff, language))
    click.echo(f"\n{render_status(signoff, way, soon, language, background_of(workspace))}".rstrip())


@click.command()
@inventory_option
@language_option
@click.option("--release", is_flag=True, help="Ask whether it may go live: every approval must stand.")
@friendly
def gate(inventory: str, language: Language, release: bool) -> None:
    """Show the decision, and exit 0 for GO or READY, 10 for NO-GO, 11 for INCOMPLETE, 12 for INVALID."""
    workspace = open_workspace(inventory)
    signoff = workspace.evaluate(utc_now(), question="release" if release else "readiness")
    click.echo(terminal_block(workspace, signoff, language))
    sys.exit(signoff.verdict.exit_status)
