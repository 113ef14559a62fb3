"""GitHub Actions: annotations as workflow commands, and the switch that keeps everybody else's text from being one.

Source: "Workflow commands for GitHub Actions" in GitHub's documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.model import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from signoff.reports.ci.notes import Note

ANNOTATIONS = 10
"""GitHub shows so many errors, and so many warnings, of one step."""


def commands(notes: Sequence[Note]) -> Iterator[str]:
    """Yield a line for each note: what failed as an error, what is not known as a warning."""
    for command in ("error", "warning"):
        chosen = [note for note in notes if (note.state is State.FAIL) == (command == "error")]
        for note in chosen[:ANNOTATIONS]:
            properties = {"file": note.path, "line": str(note.line), "title": note.title}
            written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
            yield f"::{command} {written}::{_data(note.text)}"


def stop_commands(token: str) -> str:
    """Return the line after which nothing on standard output is a command.

    What a host or a service says stands in the log, and must not speak to the runner.

    Args:
        token: Unguessable; `resume_commands` needs the same one.
    """
    return f"::stop-commands::{token}"


def resume_commands(token: str) -> str:
    """Return the line that ends what `stop_commands` began."""
    return f"::{token}::"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
