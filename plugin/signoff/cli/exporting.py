"""`signoff export`: the decision as it stands, in a format that other programs read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from signoff import __version__
from signoff.artifacts import Artifacts, background_of
from signoff.cli.common import friendly, inventory_option, language_option, open_workspace, utc_now
from signoff.errors import ExportError
from signoff.reports.exports.registry import FORMATS, export
from signoff.reports.exports.wording import Wording
from signoff.store.atomic import write_atomic

if TYPE_CHECKING:
    from signoff.model import Language

STANDARD_OUTPUT = "-"
_LIST = "\n".join(f"  {each.name:<11} {each.what}" for each in FORMATS.values())


@click.command(
    name="export",
    help=f"Write the decision as it stands now in the format of another program.\n\n\b\n{_LIST}",
    epilog="Exit status: 0 if it was written; else that of the verdict (10, 11, 12), or 1 if the verdict is no reason.",
)
@click.argument("name", metavar="FORMAT", type=click.Choice(list(FORMATS)))
@click.option(
    "--output", metavar="FILE|-", default="", help="Where to; default: beside the other reports; -: standard output."
)
@inventory_option
@language_option
@friendly
def export_command(name: str, output: str, inventory: str, language: Language) -> None:
    """Write the decision in a format, whole or not at all."""
    workspace, now = open_workspace(inventory), utc_now()
    chosen = FORMATS[name]
    signoff = workspace.evaluate(now, question=chosen.question)
    background = background_of(workspace)
    wording = Wording(signoff=signoff, language=language, background=background, version=__version__)
    try:
        text = export(name, wording, workspace.redact)
    except ExportError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(signoff.verdict.exit_status or 1)
    if output == STANDARD_OUTPUT:
        click.echo(text.encode(), nl=False)
        return
    artifacts = Artifacts.at(workspace, now)
    path = Path(output) if output else artifacts.folder / f"export_{name}_{artifacts.stamp}{chosen.suffix}"
    try:
        write_atomic(path, text)
    except OSError as error:
        raise click.FileError(str(path), error.strerror or str(error)) from None
    click.echo(path)
