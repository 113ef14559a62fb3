"""Entry point of the `signoff` command."""

from __future__ import annotations

import click

from signoff import __version__
from signoff.cli.approving import approve, keygen, revoke
from signoff.cli.attesting import attest
from signoff.cli.comparing import diff, history
from signoff.cli.demo import demo
from signoff.cli.demo_run import run
from signoff.cli.exporting import export_command
from signoff.cli.guard.group import guard
from signoff.cli.init import init
from signoff.cli.issue_actions import ACTIONS
from signoff.cli.issues import issues
from signoff.cli.judging import gate, plan, status
from signoff.cli.linting import lint
from signoff.cli.publishing import doctor, publish_command
from signoff.cli.reporting import report
from signoff.cli.schema import schema
from signoff.cli.syncing import store, sync
from signoff.cli.tools.command import tools
from signoff.cli.verifying import verify


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="signoff")
def main() -> None:
    """Run a go-live checklist against the real environment, and get a decision that can be signed."""


for command in (
    init,
    plan,
    status,
    diff,
    history,
    gate,
    report,
    publish_command,
    doctor,
    export_command,
    verify,
    keygen,
    approve,
    revoke,
    attest,
    issues,
    lint,
    schema,
    demo,
    guard,
    sync,
    store,
    tools,
):
    main.add_command(command)
demo.add_command(run)
for action in ACTIONS:
    issues.add_command(action)
