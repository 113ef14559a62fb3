"""`signoff plan|status|gate|report|verify`: what would be asked, what is known, and whether it is whole."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import click

from signoff.artifacts import Artifacts, closing_block, colour_wanted
from signoff.cli.common import friendly, inventory_option, language_option, open_workspace, utc_now
from signoff.model import Verdict
from signoff.reports.plan import render_plan
from signoff.store.approvals import load_approvals
from signoff.store.journal import read_journals

if TYPE_CHECKING:
    from signoff.model import Language, Signoff
    from signoff.workspace import Workspace


@click.command()
@inventory_option
@language_option
@friendly
def plan(inventory: str, language: Language) -> None:
    """List every check, its targets and what it asks of them; touch nothing."""
    workspace = open_workspace(inventory)
    click.echo(render_plan(workspace.checklist, workspace.planned, None, language))


@click.command()
@inventory_option
@language_option
@friendly
def status(inventory: str, language: Language) -> None:
    """Show the decision as it stands now, from everything that was recorded; run nothing."""
    workspace = open_workspace(inventory)
    click.echo(_block(workspace, workspace.evaluate(utc_now()), language))


@click.command()
@inventory_option
@language_option
@friendly
def gate(inventory: str, language: Language) -> None:
    """Like status, and exit 0 for GO or READY, 10 for NO-GO, 11 for INCOMPLETE, 12 for INVALID."""
    workspace = open_workspace(inventory)
    signoff = workspace.evaluate(utc_now())
    click.echo(_block(workspace, signoff, language))
    sys.exit(signoff.verdict.exit_status)


@click.command()
@inventory_option
@language_option
@friendly
def report(inventory: str, language: Language) -> None:
    """Write the reports of the decision as it stands now."""
    workspace = open_workspace(inventory)
    now = utc_now()
    signoff = workspace.evaluate(now)
    artifacts = Artifacts.at(workspace, now)
    artifacts.write(workspace, signoff, language)
    click.echo(_block(workspace, signoff, language, artifacts))


@click.command()
@inventory_option
@friendly
def verify(inventory: str) -> None:
    """Prove that evidence and approvals are whole: chains, signatures, and what the signatures rest on."""
    workspace = open_workspace(inventory)
    signoff = workspace.evaluate(utc_now())
    if signoff.verdict is Verdict.INVALID:
        for reason in signoff.reasons:
            click.echo(f"✖ {reason.text.en}", err=True)
        sys.exit(signoff.verdict.exit_status)
    click.echo(f"✔ {len(signoff.runs)} runs: every record in place, every chain whole")
    for place in read_journals(workspace.runs_folder).torn:
        click.echo(f"· {place}: the run was killed while it wrote this line; everything before it counts")
    for stranger in load_approvals(workspace.approvals_folder, workspace.inventory.policy.roster).unknown:
        click.echo(f"· {stranger}: it counts for nothing")
    for step in signoff.approvals:
        note = f" ({step.note})" if step.note else ""
        who = f" by {step.approval.approver}" if step.approval else ""
        click.echo(f"  {step.role}: {step.status}{who}{note}")
    click.echo(f"  verdict {signoff.verdict}, digest {signoff.digest}")


def _block(workspace: Workspace, signoff: Signoff, language: Language, artifacts: Artifacts | None = None) -> str:
    width = shutil.get_terminal_size().columns
    return closing_block(workspace, signoff, language, width=width, colour=colour_wanted(), artifacts=artifacts)
