"""`signoff guard`: after a release, keep it, roll it back or hold, by the plan's rule or by somebody's decision."""

from __future__ import annotations

import getpass
import os
import platform
import sys
from typing import TYPE_CHECKING, NoReturn
from zoneinfo import ZoneInfo

import click
from click.core import ParameterSource

from signoff.cli.common import friendly, inventory_option, language_option, open_workspace, utc_now
from signoff.cli.guard.deciding import decide
from signoff.cli.guard.options import read_command, read_duration, read_instant
from signoff.cli.guard.rollback import NOT_ROLLED_BACK, Order, conclude
from signoff.cli.guard.watch import Clock, Guard, MetricsSource, Stop, StoppedError
from signoff.config.yamlfile import did_you_mean
from signoff.decision.rollback.watch import Watch, tightened
from signoff.errors import IntegrityError, NotVerifiedError, SignoffError
from signoff.model import RollbackDecision, RollbackVerdict, Text, Verdict
from signoff.reports.messages import Messages
from signoff.reports.rollback_text import render_conclusion, render_window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from signoff.decision.rollback.rule import Judgement
    from signoff.model import Language, RollbackRule
    from signoff.workspace import Workspace


@click.group(invoke_without_command=True)
@inventory_option
@language_option
@click.option("--service", "services", multiple=True, help="Web service to watch; default: every one. Repeatable.")
@click.option(
    "--since",
    metavar="INSTANT",
    callback=read_instant,
    help="When the release went live; default: now, with --once a watch ago.",
)
@click.option("--once", is_flag=True, help="Judge what has happened until now; wait for nothing.")
@click.option(
    "--for", "watch", metavar="DURATION", callback=read_duration, help="Watch longer than the policy asks for."
)
@click.option("--window", metavar="DURATION", callback=read_duration, help="Judge shorter windows than the policy's.")
@click.option("--step", metavar="DURATION", callback=read_duration, help="Judge more often than the policy asks for.")
@click.option("--error-ratio", type=click.FloatRange(0, 1), help="Lower limit of errors than the policy's, 0 to 1.")
@click.option("--response-seconds", type=click.FloatRange(0, min_open=True), help="Lower limit than the policy's.")
@click.option("--mean-seconds", type=click.FloatRange(0, min_open=True), help="Lower limit than the policy's.")
@click.option("--min-samples", type=click.IntRange(1), help="More samples than the policy asks for.")
@click.option("--exec", "words", metavar="CMD", callback=read_command, help="Run this once, and only to roll back.")
@click.option(
    "--exec-timeout",
    metavar="DURATION",
    callback=read_duration,
    default="5m",
    show_default=True,
    help="Time limit of the command.",
)
@click.option("--again", is_flag=True, help="Run the command although one was run for this release before.")
@click.pass_context
@friendly
def guard(  # noqa: PLR0913 - one parameter for each option
    context: click.Context,
    /,
    *,
    inventory: str,
    language: Language,
    services: tuple[str, ...],
    since: datetime | None,
    once: bool,
    words: list[str],
    exec_timeout: timedelta,
    again: bool,
    **stricter: float | timedelta | None,
) -> None:
    """Watch the live release's metrics; exit 0 to keep it, 20 to roll back, 21 to hold, 12 if it cannot be watched.

    With --exec, 22 says that it was to be rolled back and the command failed or was not run.
    """
    if context.invoked_subcommand is not None:
        _nothing_before_the_subcommand(context)
        return
    workspace = open_workspace(inventory)
    rule, overrides = _rule(workspace, stricter)
    names = _services(workspace, services)
    _whole_ledger(workspace)
    sources = [MetricsSource(workspace.inventory, name, rule) for name in names]
    clock = Clock()
    if since is not None and since > clock.now():
        raise click.UsageError(f"--since {since.isoformat()} lies in the future")
    started = since or (clock.now() - max(rule.watch, rule.window) if once else clock.now())
    watch = Watch.of(rule, started)

    def tell(judged: Sequence[Judgement], number: int) -> None:
        for line in render_window(judged, number, len(watch.instants), zone=zone, messages=messages):
            click.echo(workspace.redact(line))

    messages, zone = Messages(language), ZoneInfo(workspace.inventory.policy.timezone)
    watcher = Guard(rule=rule, watch=watch, sources=sources, tell=tell, clock=clock)
    with Stop() as stop:
        try:
            judgement = watcher.run(wait=not once)
        except StoppedError:
            judgement = watcher.stopped
        stop.ignore()
        decision = _decision(workspace, judgement, rule=rule, watch=watch, services=names, overrides=overrides)
        order = Order(words=words, limit=exec_timeout, again=again) if words else None
        _finish(workspace, decision, order, messages)


def _nothing_before_the_subcommand(context: click.Context) -> None:
    """Refuse options that the subcommand would not see: it would decide on another environment than was meant."""
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
    ]
    if given:
        raise click.UsageError(f"write {', '.join(given)} behind {context.invoked_subcommand}")


def _rule(
    workspace: Workspace, stricter: Mapping[str, float | timedelta | None]
) -> tuple[RollbackRule, tuple[str, ...]]:
    rule = workspace.inventory.policy.rollback
    if rule is None:
        raise NotVerifiedError("policy.yaml has no rollback criteria; write rollback in it")
    try:
        return tightened(rule, stricter)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _services(workspace: Workspace, chosen: Sequence[str]) -> tuple[str, ...]:
    known = workspace.inventory.services_of("web")
    for name in chosen:
        if name not in known:
            hint = did_you_mean(name, known) or f"the inventory has {', '.join(known) or 'none'}"
            raise NotVerifiedError(f"{name!r} is no web service ({hint})")
    names = tuple(dict.fromkeys(chosen)) or tuple(known)
    if not names:
        raise NotVerifiedError("the inventory has no web service to watch; add one with metrics to services.yaml")
    return names


def _whole_ledger(workspace: Workspace) -> None:
    """Refuse to begin a watch whose decision could not be kept beside the earlier ones."""
    broken = workspace.store.ledger().broken
    if broken:
        raise IntegrityError(broken[0])


def _decision(  # noqa: PLR0913 - private, one caller
    workspace: Workspace,
    judgement: Judgement,
    *,
    rule: RollbackRule,
    watch: Watch,
    services: tuple[str, ...],
    overrides: tuple[str, ...],
) -> RollbackDecision:
    redact, policy = workspace.redact, workspace.inventory.policy
    return RollbackDecision(
        environment=policy.environment,
        release=policy.release,
        verdict=judgement.verdict,
        automatic=True,
        at=utc_now(),
        by=_account(),
        reasons=tuple(Text(ko=redact(reason.ko), en=redact(reason.en)) for reason in judgement.reasons),
        services=services,
        started=watch.started,
        window_seconds=int(rule.window.total_seconds()),
        values=judgement.values,
        overrides=overrides,
    )


def _finish(workspace: Workspace, decision: RollbackDecision, order: Order | None, messages: Messages) -> NoReturn:
    """Record, execute, say so, and end with the exit status that says it."""
    try:
        conclusion = conclude(workspace, decision, order)
    except SignoffError as error:
        click.echo(render_conclusion(decision, "", messages=messages))
        click.echo(messages("guard.not_recorded", error=workspace.redact(str(error))), err=True)
        rolls_back = decision.verdict is RollbackVerdict.ROLL_BACK
        sys.exit(NOT_ROLLED_BACK if rolls_back else Verdict.INVALID.exit_status)
    click.echo(
        render_conclusion(
            decision,
            conclusion.record.id,
            command=conclusion.command,
            before=conclusion.before,
            status=conclusion.exit_status,
            messages=messages,
        )
    )
    if conclusion.lost:
        click.echo(messages("guard.end_not_recorded", error=workspace.redact(conclusion.lost)), err=True)
    sys.exit(conclusion.exit_status)


def _account() -> str:
    try:
        return f"{getpass.getuser()}@{platform.node()}"
    except (KeyError, OSError):  # an account without a name, as in some containers
        return f"{os.getuid()}@{platform.node()}"


guard.add_command(decide)
