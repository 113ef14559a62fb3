"""`signoff publish` and `signoff doctor`: tell the decision elsewhere, and ask beforehand whether that would work."""

from __future__ import annotations

import getpass
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args
from zoneinfo import ZoneInfo

import click

from signoff.artifacts import background_of
from signoff.cli.common import friendly, inventory_option, open_workspace, utc_now
from signoff.cli.reporting import day_of
from signoff.config.inventory import variables
from signoff.config.publishing import Channel, configured, load_publishing
from signoff.config.redaction import Redactor
from signoff.decision.expiring import expiring
from signoff.errors import ConfigError, PaperError, PublishError
from signoff.paper import find_browser, print_pdf
from signoff.publish.channels import Matter, Way, publish
from signoff.publish.http import File
from signoff.publish.probing import probe
from signoff.reports.page import render_page
from signoff.reports.readiness_json import render_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from signoff.config.publishing import ConfluenceFile
    from signoff.model import Signoff
    from signoff.publish.record import Outcome
    from signoff.workspace import Workspace

NOT_PUBLISHED = 1
"""Exit status when something was not published: never that of a verdict, since it says nothing about the release."""
_CHANNELS: tuple[str, ...] = get_args(Channel)
_ALL = "all"
_PAPER = "signoff.pdf"
channel_argument = click.argument("channel", type=click.Choice([*_CHANNELS, _ALL]))


@click.command("publish")
@channel_argument
@inventory_option
@click.option("--dry-run", is_flag=True, help="Print every request; send only those that change nothing.")
@click.option("--adopt", is_flag=True, help="Confluence: take over a page of that title that was not made here.")
@friendly
def publish_command(channel: str, inventory: str, *, dry_run: bool, adopt: bool) -> None:
    """Tell the decision as it stands: a Confluence page, Jira issues, a Slack message, JSON to a webhook.

    Whatever happens here, the decision stays what it is. Exit 0 if everything was told or needed no telling, 1 if not.
    """
    workspace = open_workspace(inventory)
    channels = _wanted(workspace, channel)
    way = _way(workspace, channels, dry_run=dry_run)
    matter = _matter(workspace, way, channels, adopt=adopt)
    failed: list[str] = [one for one in channels if not _publish(one, way, matter)]
    if _lacks_paper(way, channels, matter):
        failed.append(_PAPER)
    if failed:
        click.echo(f"not published: {', '.join(failed)}; the decision stays {matter.signoff.verdict}", err=True)
        sys.exit(NOT_PUBLISHED)


@click.command()
@channel_argument
@inventory_option
@friendly
def doctor(channel: str, inventory: str) -> None:
    """Ask a vendor whether publishing would work: token, place and rights. Changes nothing; exit 1 if it would not."""
    workspace = open_workspace(inventory)
    channels = _wanted(workspace, channel)
    way = _way(workspace, channels, dry_run=False)
    good = True
    for one in channels:
        for finding in probe(one, way):
            click.echo(f"{'✔' if finding.ok else '✖'} {one}: {way.redact(finding.text)}")
            good = good and finding.ok
    sys.exit(0 if good else NOT_PUBLISHED)


def _wanted(workspace: Workspace, channel: str) -> tuple[Channel, ...]:
    folder = workspace.inventory.folder
    names = configured(folder) if channel == _ALL else (channel,)
    if not names:
        raise click.UsageError(f"{folder / 'publish.yaml'} names no channel; see docs/publishing.md")
    return cast("tuple[Channel, ...]", tuple(names))


def _way(workspace: Workspace, channels: Sequence[Channel], *, dry_run: bool) -> Way:
    """Return how requests go out; mistakes in publish.yaml end the command, and say nothing about the release."""
    folder = workspace.inventory.folder
    try:
        publishing = load_publishing(folder, frozenset(channels), variables(folder))
    except ConfigError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(NOT_PUBLISHED)
    redact = Redactor(workspace.inventory.secrets | publishing.secrets)
    return Way(publishing=publishing, redact=redact, show=click.echo if dry_run else None)


def _publish(channel: Channel, way: Way, matter: Matter) -> bool:
    """Publish by one channel and say what came of it; return whether nothing failed."""
    good = True
    try:
        for outcome in publish(channel, way, matter):
            click.echo(way.redact(_line(channel, outcome, dry=way.show is not None)), err=outcome.failed)
            good = good and not outcome.failed
    except PublishError as error:
        click.echo(way.redact(f"{channel}: failed: {error}"), err=True)
        good = False
    return good


def _line(channel: str, outcome: Outcome, *, dry: bool) -> str:
    would = "would be " if dry and outcome.what not in {"unchanged", "left", "failed"} else ""
    place = f" ({outcome.place})" if outcome.place else ""
    text = f": {outcome.text}" if outcome.text else ""
    return f"{channel}: {outcome.subject} {would}{outcome.what}{place}{text}"


def _matter(workspace: Workspace, way: Way, channels: Sequence[Channel], *, adopt: bool) -> Matter:
    now = utc_now()
    signoff = workspace.evaluate(now, compare=True)
    policy, records = workspace.inventory.policy, workspace.inventory.records
    soon = expiring(signoff, policy, records)
    wiki = way.publishing.file.confluence if "confluence" in channels else None
    zone = ZoneInfo(policy.timezone)
    return Matter(
        signoff=signoff,
        background=background_of(workspace),
        store=workspace.store,
        clock=utc_now,
        by=_account(),
        files=list(_files(workspace, signoff, wiki)) if wiki else (),
        day=day_of(workspace, now.astimezone(zone).date(), zone, now) if wiki and wiki.daily else None,
        ending=tuple((one.name, one.item) for one in soon if one.kind == "waiver"),
        adopt=adopt,
    )


def _files(workspace: Workspace, signoff: Signoff, wiki: ConfluenceFile) -> Iterator[tuple[File, str]]:
    """Yield what is attached to the page, under names that stay, so that a site keeps versions."""
    page = workspace.redact(render_page(signoff, wiki.language, background_of(workspace)))
    texts = {
        "signoff.html": (page, "text/html", "link.page"),
        "signoff.json": (workspace.redact(render_json(signoff)), "application/json", "link.json"),
    }
    for name, (text, media_type, label) in texts.items():
        yield File(name=name, content=text.encode("utf-8", "backslashreplace"), media_type=media_type), label
    if wiki.pdf and (printed := _printed(page)):
        yield File(name=_PAPER, content=printed, media_type="application/pdf"), "link.pdf"
    newest = max(workspace.reports.glob("run_report_*.html"), default=None)
    if newest is not None:
        yield File(name="run_report.html", content=newest.read_bytes(), media_type="text/html"), "link.run_report"


def _printed(page: str) -> bytes:
    """Return the page as PDF; nothing, and a line that says why, if it cannot be printed here."""
    with tempfile.TemporaryDirectory(prefix="signoff-publish-") as name:
        source, paper = Path(name) / "signoff.html", Path(name) / _PAPER
        source.write_text(page, encoding="utf-8", errors="backslashreplace")
        try:
            print_pdf(source, paper, find_browser())
        except PaperError as error:
            click.echo(f"confluence: {_PAPER} is not attached: {error}", err=True)
            return b""
        return paper.read_bytes()


def _lacks_paper(way: Way, channels: Sequence[Channel], matter: Matter) -> bool:
    """Whether a PDF was wanted and could not be made; it was said when that was found."""
    wiki = way.publishing.file.confluence if "confluence" in channels else None
    return wiki is not None and wiki.pdf and _PAPER not in {file.name for file, _ in matter.files}


def _account() -> str:
    try:
        return f"{getpass.getuser()}@{platform.node()}"
    except (KeyError, OSError):  # an account without a name, as in some containers
        return f"{os.getuid()}@{platform.node()}"
