"""`signoff issues list|show`: the register of issues as it stands now."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import click

from signoff.artifacts import background_of
from signoff.cli.common import friendly, inventory_option, language_option, open_workspace, utc_now
from signoff.config.yamlfile import did_you_mean
from signoff.errors import RecordError
from signoff.reports.issue_resolution_json import register_document
from signoff.reports.issues_terminal import render_issue, render_issue_list
from signoff.reports.layout import dumps

if TYPE_CHECKING:
    from signoff.model import Issue, Language, Signoff

_ONE_LINE_PER_FIELD = 2
json_option = click.option("--json", "as_json", is_flag=True, help="For programs.")


@click.group()
def issues() -> None:
    """Show the register of issues, and record what is done about them.

    KEY is an issue's key or its unambiguous beginning, with or without ISS-. An issue is opened by a failure and closed
    only by the same checks on the same targets passing, in a run begun after the fix: no word closes it.
    """


@issues.command(name="list")
@click.option("--open", "only_open", is_flag=True, help="Only those that still block.")
@click.option("--overdue", is_flag=True, help="Only those that are open after their last day.")
@click.option("--owner", default="", help="Only those of this team or person.")
@json_option
@inventory_option
@language_option
@friendly
def list_(  # noqa: PLR0913, PLR0917 - one parameter for each option
    only_open: bool, overdue: bool, owner: str, as_json: bool, inventory: str, language: Language
) -> None:
    """List the issues of the release, oldest first."""
    workspace = open_workspace(inventory)
    signoff = workspace.evaluate(utc_now())
    known = {*workspace.checklist.owners, *(issue.owner for issue in signoff.issues)}
    if owner and owner not in known:
        raise RecordError(f"unknown owner {owner!r}; {did_you_mean(owner, known)}")
    found = [
        issue
        for issue in signoff.issues
        if (not only_open or issue.status.is_open)
        and (not overdue or issue.overdue)
        and (not owner or issue.owner == owner)
    ]
    if as_json:
        click.echo(dumps([register_document(issue) for issue in found], _ONE_LINE_PER_FIELD), nl=False)
    else:
        click.echo(render_issue_list(signoff, found, language, background_of(workspace), width=_width()))


@issues.command()
@click.argument("key")
@json_option
@inventory_option
@language_option
@friendly
def show(key: str, as_json: bool, inventory: str, language: Language) -> None:
    """Show one issue: its history, evidence and waivers, and what would close it."""
    workspace = open_workspace(inventory)
    signoff = workspace.evaluate(utc_now())
    issue = find_issue(signoff, key)
    if as_json:
        click.echo(dumps(register_document(issue), 1), nl=False)
    else:
        click.echo(render_issue(signoff, issue, language, background_of(workspace), width=_width()))


def find_issue(signoff: Signoff, typed: str) -> Issue:
    """Return the issue of the key, or of its unambiguous beginning.

    Raises:
        RecordError: there is none, or several begin so.
    """
    wanted = typed.casefold()
    names = {issue.key: issue for issue in signoff.issues}
    exact = [issue for key, issue in names.items() if key.casefold() == wanted]
    found = exact or [
        issue
        for key, issue in names.items()
        if wanted and (key.casefold().startswith(wanted) or key.casefold().removeprefix("iss-").startswith(wanted))
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise RecordError(f"several issues begin with {typed!r}: {', '.join(issue.key for issue in found)}")
    hint = did_you_mean(typed, names) if names else "the register is empty"
    raise RecordError(f"no issue {typed!r}" + (f"; {hint}" if hint else ""))


def _width() -> int:
    return shutil.get_terminal_size().columns
