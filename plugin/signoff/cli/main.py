"""Entry point of the `signoff` command."""

from __future__ import annotations

import click

from signoff import __version__
from signoff.cli.demo import demo


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="signoff")
def main() -> None:
    """Run a go-live checklist against the real environment, and get a decision that can be signed."""


main.add_command(demo)
