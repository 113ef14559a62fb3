"""`signoff issues start|note|resolve|…`: what people say about an issue. Only a later run proves that it is mended."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from signoff.cli.common import friendly, inventory_option, language_option, open_workspace, utc_now
from signoff.cli.issues import find_issue, issues
from signoff.config.fields import parse_instant
from signoff.decision.may_act import check_may_act
from signoff.model import IssueAction
from signoff.reports.issues_terminal import closing_step
from signoff.reports.messages import Messages

if TYPE_CHECKING:
    from signoff.model import ActionKind, Issue, Language
    from signoff.workspace import Workspace

by_option = click.option("--by", required=True, metavar="NAME", help="Who says so: a name on the policy's roster.")


def _instant(_context: click.Context, _option: click.Parameter, text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        return parse_instant(text).astimezone(UTC)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _day(_context: click.Context, _option: click.Parameter, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no date; write 2026-12-31") from None


@click.command()
@click.argument("key")
@by_option
@click.option("--cause", default="", help="The probable cause.")
@click.option("--plan", "planned", multiple=True, help="What will be done; repeatable.")
@inventory_option
@language_option
@friendly
def start(key: str, inventory: str, language: Language, by: str, **words: Any) -> None:
    """Record that work on the issue has begun."""
    _act(inventory, language, key, "started", by, **words)


@click.command()
@click.argument("key")
@by_option
@click.option("--text", "reason", default="", help="A remark.")
@click.option("--cause", default="", help="The probable cause.")
@click.option("--plan", "planned", multiple=True, help="What will be done; repeatable, replaces what was planned.")
@click.option("--action", default="", help="What was done: needed before the final approval.")
@inventory_option
@language_option
@friendly
def note(key: str, inventory: str, language: Language, by: str, **words: Any) -> None:
    """Add to what is known of the issue, whatever its state."""
    _act(inventory, language, key, "noted", by, **words)


@click.command()
@click.argument("key")
@by_option
@click.option("--action", required=True, help="What was done.")
@click.option("--at", callback=_instant, metavar="INSTANT", help="When, if it was earlier; with an offset.")
@click.option("--cause", default="", help="The cause, as it turned out.")
@inventory_option
@language_option
@friendly
def resolve(key: str, inventory: str, language: Language, by: str, **words: Any) -> None:
    """Claim that the issue is fixed. A run begun after that proves it, or opens it again."""
    _act(inventory, language, key, "resolved", by, **words)


@click.command()
@click.argument("key")
@by_option
@click.option("--owner", required=True, help="A team of the checklist, or a name on the roster.")
@click.option("--reason", default="")
@inventory_option
@language_option
@friendly
def assign(key: str, inventory: str, language: Language, by: str, **words: Any) -> None:
    """Give the issue to another team or person."""
    _act(inventory, language, key, "assigned", by, **words)


@click.command()
@click.argument("key")
@by_option
@click.option("--date", "due", required=True, callback=_day, metavar="YYYY-MM-DD", help="The new last day.")
@click.option("--reason", required=True)
@inventory_option
@language_option
@friendly
def due(key: str, inventory: str, language: Language, by: str, **words: Any) -> None:
    """Set another due day, before the present one has passed. A later one is shown as extended, with who and why."""
    _act(inventory, language, key, "due", by, **words)


@click.command()
@click.argument("key")
@by_option
@click.option("--reason", required=True)
@inventory_option
@language_option
@friendly
def reopen(key: str, inventory: str, language: Language, by: str, **words: Any) -> None:
    """Take back a claim, or open again what was proven: it must then be proven by a new run."""
    _act(inventory, language, key, "reopened", by, **words)


ACTIONS = (start, note, resolve, assign, due, reopen)
"""Every verb of the group that does something."""
for _action in ACTIONS:
    issues.add_command(_action)


def _act(inventory: str, language: Language, key: str, kind: ActionKind, by: str, **said: Any) -> None:
    """Record one action, and show what it made of the issue."""
    workspace = open_workspace(inventory)
    issue, m = record_action(workspace, key, kind, by, utc_now(), **said), Messages(language)
    click.echo(f"{issue.key}: {m.name('event', kind)}, {by} → {m.name('issue', issue.status)}")
    click.echo(f"  {m('issues.closes')}: {closing_step(issue, m, workspace.inventory.policy.timezone)}")


def record_action(workspace: Workspace, key: str, kind: ActionKind, by: str, now: datetime, **said: Any) -> Issue:
    """Check the rules, keep the action in the ledger, and return the issue as it stands then.

    Raises:
        RecordError: the rule that forbids it, and what to do.
    """
    issue = find_issue(workspace.evaluate(now), key)
    at = said.pop("at", None) or now
    redact = workspace.redact
    words: dict[str, Any] = {name: redact(value) if isinstance(value, str) else value for name, value in said.items()}
    words["planned"] = tuple(redact(step) for step in words.get("planned", ()))
    action = IssueAction(key=issue.key, kind=kind, at=at, by=by, **words)
    check_may_act(issue, action, workspace.inventory.policy, workspace.checklist.owners, now)
    workspace.store.record(action, at=now, by=by)
    return find_issue(workspace.evaluate(now), issue.key)
