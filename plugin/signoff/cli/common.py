"""What the verbs share: the workspace they speak about, and errors as messages instead of tracebacks."""

from __future__ import annotations

import functools
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

from signoff.artifacts import closing_block, colour_wanted
from signoff.errors import SignoffError
from signoff.language import choose_language
from signoff.model import Verdict
from signoff.workspace import Workspace, find_root

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.artifacts import Artifacts
    from signoff.model import Language, Signoff

P = ParamSpec("P")
R = TypeVar("R")

inventory_option = click.option(
    "--inventory", default="", metavar="NAME|PATH", help="Environment; default: the project's setting."
)
language_option = click.option(
    "--lang",
    "language",
    type=click.Choice(["ko", "en"]),
    callback=lambda _c, _p, value: choose_language(value),
    help="Language; default: the locale's.",
)


class Refusal(click.ClickException):
    """Ends a command with the exit status of "cannot be judged"."""

    exit_code = Verdict.INVALID.exit_status


def friendly(command: Callable[P, R]) -> Callable[P, R]:
    """Turn errors raised on purpose into a message and the exit status of "cannot be judged"."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except SignoffError as error:
            raise Refusal(str(error)) from None

    return run


def open_workspace(inventory: str) -> Workspace:
    """Return the suite around the current folder, bound to the environment."""
    return Workspace.load(find_root(Path.cwd()), inventory=inventory)


def utc_now() -> datetime:
    """Return the one instant of this command."""
    return datetime.now(UTC)


def terminal_block(
    workspace: Workspace, signoff: Signoff, language: Language, artifacts: Artifacts | None = None
) -> str:
    """Return what this terminal shows at the end: the verdict, what blocks, the reports, what lies elsewhere."""
    width = shutil.get_terminal_size().columns
    block = closing_block(workspace, signoff, language, width=width, colour=colour_wanted(), artifacts=artifacts)
    return "\n".join([block, *(f"· {note}" for note in workspace.store.notes())])
