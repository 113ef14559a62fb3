"""Entry point of the `signoff` command."""

from __future__ import annotations

import click

from signoff import __version__
from signoff.cli.approving import approve, keygen
from signoff.cli.demo import demo
from signoff.cli.demo_run import run
from signoff.cli.init import init
from signoff.cli.judging import gate, plan, report, status, verify
from signoff.cli.schema import schema


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="signoff")
def main() -> None:
    """Run a go-live checklist against the real environment, and get a decision that can be signed."""


for command in (init, plan, status, gate, report, verify, keygen, approve, schema, demo):
    main.add_command(command)
demo.add_command(run)
