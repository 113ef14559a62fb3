"""`signoff diff|history`: what changed between two decisions and why, and what the runs said over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from signoff.cli.common import friendly, inventory_option, language_option, open_workspace, utc_now
from signoff.cli.moments import FORMS, find_snapshot
from signoff.config.yamlfile import did_you_mean
from signoff.decision.changes import diff as changes_between
from signoff.decision.flapping import TURNS, WINDOW, run_history
from signoff.errors import RecordError
from signoff.reports.comparison import render_diff, render_diff_json, render_history, render_history_json

if TYPE_CHECKING:
    from signoff.model import Language


@click.command(help=f"Show what changed from decision A to B, and why. Each is {FORMS}.")
@click.argument("before", metavar="A", default="last-signoff")
@click.argument("after", metavar="B", default="now")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@inventory_option
@language_option
@friendly
def diff(before: str, after: str, as_json: bool, inventory: str, language: Language) -> None:
    """Compare two decisions."""
    workspace = open_workspace(inventory)
    now, world = utc_now(), workspace.world()
    first = find_snapshot(before, workspace, world, now)
    second = find_snapshot(after, workspace, world, now)
    changes = changes_between(first, second, world.records.waivers)
    if as_json:
        click.echo(render_diff_json(first, second, changes), nl=False)
    else:
        click.echo(render_diff(first, second, changes, language, world.policy.timezone))


@click.command()
@click.argument("items", metavar="[ITEM]…", nargs=-1)
@click.option("--last", default=14, show_default=True, type=click.IntRange(min=1), help="How many runs to list.")
@click.option(
    "--window", default=WINDOW, show_default=True, type=click.IntRange(min=2), help="Runs that flapping is judged by."
)
@click.option(
    "--turns", default=TURNS, show_default=True, type=click.IntRange(min=1), help="Turns in them that make it flapping."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@inventory_option
@language_option
@friendly
def history(  # noqa: PLR0913, PLR0917 - one parameter for each option
    items: tuple[str, ...], last: int, window: int, turns: int, as_json: bool, inventory: str, language: Language
) -> None:
    """Show what each run said of each item, and which items flap between good and bad."""
    workspace = open_workspace(inventory)
    known = {item.id for item in workspace.checklist.items}
    for item in items:
        if item not in known:
            hint = did_you_mean(item, known)
            raise RecordError(f"unknown item {item!r}{f' ({hint})' if hint else ''}")
    world = workspace.world()
    found = run_history(
        world.checklist, world.policy, world.observations, world.runs, last=last, window=window, turns=turns
    )
    if as_json:
        click.echo(render_history_json(found, items), nl=False)
    else:
        click.echo(render_history(found, items, language, world.policy.timezone))
