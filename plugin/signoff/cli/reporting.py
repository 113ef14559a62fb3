"""`signoff report`: write the reports of the decision as it stands, the daily report, or the final one."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from signoff.artifacts import Artifacts, background_of, daily_path
from signoff.cli.common import friendly, inventory_option, language_option, open_workspace, terminal_block, utc_now
from signoff.decision.changes import diff
from signoff.decision.expiring import expiring
from signoff.decision.hindsight import as_of, signoff_at
from signoff.decision.next_steps import way_to_go
from signoff.decision.snapshot import snapshot
from signoff.errors import PaperError
from signoff.model import Verdict
from signoff.paper import BROWSER_VARIABLE, find_browser, print_pdf, sandbox_note
from signoff.reports.daily_markdown import Day, render_daily
from signoff.reports.final.markdown import Completion, Deliverable, render_final
from signoff.reports.redacted import redacted
from signoff.store.atomic import write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from signoff.model import Language, Observation, Outcome, Signoff
    from signoff.workspace import Workspace


def _date(_ctx: click.Context, _param: click.Parameter, value: str | None) -> date | None:
    try:
        return None if value is None else date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter("not a day; write it as 2025-06-23") from None


@click.command()
@inventory_option
@language_option
@click.option("--daily", is_flag=True, help="The report of one day, stage by stage.")
@click.option("--date", "day", metavar="YYYY-MM-DD", callback=_date, help="For --daily: the day; default: today.")
@click.option("--stage", type=click.IntRange(1), help="For --daily: one stage of the plan; default: all.")
@click.option("--final", is_flag=True, help="The final report, and with it all the others.")
@click.option("--both", is_flag=True, help="The sign-off page in the other language too; each links to the other.")
@click.option(
    "--pdf",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"Also print the sign-off page there, with Chromium, Chrome, Edge or what {BROWSER_VARIABLE} names.",
)
@friendly
def report(  # noqa: PLR0913, PLR0917 - one parameter for each option
    inventory: str,
    language: Language,
    daily: bool,
    day: date | None,
    stage: int | None,
    final: bool,
    both: bool,
    pdf: Path | None,
) -> None:
    """Write the reports of the decision as it stands now; with --daily or --final, those."""
    if (day is not None or stage is not None) and not daily:
        raise click.UsageError("--date and --stage are for --daily")
    if daily and final:
        raise click.UsageError("--daily and --final are two reports; write one after the other")
    if daily and (both or pdf is not None):
        raise click.UsageError("--both and --pdf are for the sign-off page; the daily report is none")
    browser = _browser() if pdf is not None else ""
    workspace = open_workspace(inventory)
    if daily:
        click.echo(_daily(workspace, language, day, stage))
        return
    now = utc_now()
    signoff = workspace.evaluate(now, compare=True)
    artifacts = Artifacts.at(workspace, now)
    artifacts.write(workspace, signoff, language, both=both)
    if final:
        completion = redacted(_completion(workspace, signoff, artifacts.existing()), workspace.redact)
        text = render_final(completion, language, background_of(workspace))
        write_atomic(artifacts.final, workspace.redact(text))
    click.echo(terminal_block(workspace, signoff, language, artifacts))
    if pdf is not None:
        _print(artifacts.page, pdf, browser)


def _browser() -> str:
    """Return the browser that prints; without one nothing is begun."""
    try:
        return find_browser()
    except PaperError as error:
        raise click.ClickException(str(error)) from None


def _print(page: Path, pdf: Path, browser: str) -> None:
    """Print the page; a PDF that cannot be made takes nothing back of what was written."""
    if note := sandbox_note():
        click.echo(f"· {note}", err=True)
    try:
        print_pdf(page, pdf, browser)
    except (PaperError, OSError) as error:
        raise click.ClickException(f"{error}; the page itself is {page}") from None
    click.echo(f"· {pdf}")


def _daily(workspace: Workspace, language: Language, day: date | None, stage: int | None) -> Path:
    """Write the report of the day and return its place."""
    zone, now = ZoneInfo(workspace.inventory.policy.timezone), utc_now()
    today = now.astimezone(zone).date()
    day = day or today
    if day > today:
        raise click.UsageError(f"{day.isoformat()} is not over: it has not begun")
    if stage is not None and stage not in workspace.checklist.stages:
        known = ", ".join(map(str, sorted(workspace.checklist.stages)))
        raise click.UsageError(f"the checklist has no stage {stage}; it has {known}")
    told = redacted(day_of(workspace, day, zone, now), workspace.redact)
    text = render_daily(told, language, background_of(workspace), stage=stage)
    path = daily_path(workspace, day, stage)
    write_atomic(path, workspace.redact(text))
    return path


def day_of(workspace: Workspace, day: date, zone: ZoneInfo, now: datetime) -> Day:
    """Return what the day brought: the decision at its end (now, if it is today) against that at its beginning."""
    began, ended = (datetime.combine(each, time(), zone) for each in (day, day + timedelta(days=1)))
    world, current = workspace.world(), workspace.evaluate(now)
    signoff = current if now < ended else signoff_at(world, ended)
    if current.verdict is Verdict.INVALID and signoff is not current:
        # Records that cannot be trusted today could not be trusted to tell of any other day.
        broken = tuple(reason for reason in current.reasons if reason.verdict is Verdict.INVALID)
        signoff = replace(signoff, verdict=Verdict.INVALID, reasons=(*broken, *signoff.reasons))
    changes = diff(as_of(world, began), snapshot(signoff), world.records.waivers)
    seen = [one for one in world.observations if began <= one.finished < min(ended, now)]
    return Day(date=day, began=began, ended=ended, signoff=signoff, changes=changes, results=_outcomes(seen))


def _completion(workspace: Workspace, signoff: Signoff, files: Iterable[Path]) -> Completion:
    world, policy = workspace.world(), workspace.inventory.policy
    return Completion(
        signoff=signoff,
        way=way_to_go(signoff, full_recheck=policy.full_recheck),
        soon=expiring(signoff, policy, world.records),
        results=_outcomes(world.observations),
        deliverables=tuple(
            Deliverable(name=path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest()) for path in files
        ),
    )


def _outcomes(observations: Iterable[Observation]) -> Mapping[str, Mapping[Outcome, int]]:
    """Return for each run how many results of each outcome it had; of several attempts on a cell, each counts."""
    found: dict[str, Counter[Outcome]] = {}
    for one in observations:
        found.setdefault(one.run, Counter())[one.outcome] += 1
    return found
