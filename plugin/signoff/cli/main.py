"""Entry point of the `signoff` command; each verb's module is loaded when the verb is used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import click

from signoff import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

_VERBS: Mapping[str, str] = {
    "init": "init:init",
    "plan": "judging:plan",
    "status": "judging:status",
    "diff": "comparing:diff",
    "history": "comparing:history",
    "gate": "judging:gate",
    "report": "reporting:report",
    "restore-test": "restore.command:restore_test",
    "publish": "publishing:publish_command",
    "doctor": "publishing:doctor",
    "export": "exporting:export_command",
    "verify": "verifying:verify",
    "keygen": "approving:keygen",
    "approve": "approving:approve",
    "revoke": "approving:revoke",
    "attest": "attesting:attest",
    "issues": "issue_actions:issues",
    "lint": "linting:lint",
    "schema": "schema:schema",
    "demo": "demo_run:demo",
    "guard": "guard.group:guard",
    "load": "load.command:load",
    "sync": "syncing:sync",
    "store": "syncing:store",
    "tools": "tools.command:tools",
}
"""Verb to the module in this package, and the command in it."""


class Verbs(click.Group):
    """A group whose commands are found by name: `status` need not wait for what only `publish` imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all verbs, in the order of the alphabet."""
        del ctx
        return sorted(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the verb's command, loaded now; None: there is no such verb."""
        del ctx
        if cmd_name not in _VERBS:
            return None
        module, _, name = _VERBS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"signoff.cli.{module}"), name)
        return command


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="signoff")
def main() -> None:
    """Run a go-live checklist against the real environment, and get a decision that can be signed."""
