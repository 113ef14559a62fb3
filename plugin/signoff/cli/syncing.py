"""`signoff sync` unites two stores of evidence; `signoff store` prepares the shared one."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from signoff.cli.common import friendly, inventory_option, open_workspace
from signoff.errors import StoreError
from signoff.store.files import FileStore
from signoff.store.postgresql import migrate as migrations
from signoff.store.postgresql.connection import Address
from signoff.store.postgresql.store import PostgresStore
from signoff.store.sync import sync as unite

if TYPE_CHECKING:
    from signoff.store.base import Store
    from signoff.store.sync import Moved
    from signoff.workspace import Workspace

_REFERENCE = re.compile(r"\$\{(\w+)\}")


@click.command()
@click.argument("other", required=False, metavar="[FOLDER|'${NAME}']")
@click.option(
    "--direction",
    type=click.Choice(["both", "in", "out"]),
    default="both",
    help="in: only fetch from the other store; out: only give to it.",
)
@inventory_option
@friendly
def sync(other: str | None, direction: Literal["both", "in", "out"], inventory: str) -> None:
    """Unite this environment's evidence with that of another store: nothing is lost, nothing is overwritten.

    The other store is a folder of this environment's reports from another machine, or the variable that holds the
    address of a PostgreSQL. Without it, the local folder is united with the shared store of the policy.
    """
    workspace = open_workspace(inventory)
    mine, theirs = workspace.store, _other(workspace, other)
    source, target = (theirs, mine) if direction == "in" else (mine, theirs)
    got, back = unite(source, target, both=direction == "both")
    _say(target.name, got)
    if direction == "both":
        _say(source.name, back)


@click.group()
def store() -> None:
    """Prepare a PostgreSQL that a team shares."""


@store.command()
@inventory_option
@friendly
def migrate(inventory: str) -> None:
    """Create or update the tables; needs the login that owns them."""
    address = Address(_shared(open_workspace(inventory)))
    with address.connect() as connection:
        applied = migrations.migrate(connection, address.name)
    click.echo("\n".join(f"✔ {name}" for name in applied) or f"{address.name} is up to date")


@store.command()
@friendly
def roles() -> None:
    """Print the SQL for roles of least privilege, for a database administrator to run."""
    click.echo(migrations.roles(), nl=False)


def _other(workspace: Workspace, other: str | None) -> Store:
    environment = workspace.inventory.policy.environment
    local = FileStore(workspace.reports)
    if other is None:
        if not workspace.inventory.store:
            raise StoreError("evidence is kept in files here: name the folder or the variable of the other store")
        return local
    reference = _REFERENCE.fullmatch(other)
    if reference is not None:
        address = os.environ.get(reference[1])
        if not address:
            raise StoreError(f"the variable {reference[1]} is not set")
        return PostgresStore(address, environment, local)
    if "://" in other:
        raise StoreError("an address would stay in your shell's history: put it into a variable and write '${NAME}'")
    folder = Path(other)
    folder = folder / environment if (folder / environment).is_dir() else folder
    if not folder.is_dir():
        raise StoreError(f"{folder} is no folder")
    return FileStore(folder)


def _shared(workspace: Workspace) -> str:
    if not workspace.inventory.store:
        raise StoreError("the policy names no shared store: write store: ${SIGNOFF_STORE} and set that variable")
    return workspace.inventory.store


def _say(name: str, got: Moved) -> None:
    if got.records or got.envelopes:
        click.echo(f"✔ {name}: {got.runs} runs, {got.records} records and {got.envelopes} approvals were new")
    else:
        click.echo(f"✔ {name}: nothing was new")
