"""Which answers are worth keeping, and how one question's answer becomes another's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Future

    from signoff.transport.channel import Completed

_LARGEST = 262_144
"""Bytes of an answer that is kept."""
_UNCLEAR = frozenset({124, 125, 126})
"""What timeout(1) and a shell say when the command did not really run."""
_HIGHEST = 127


def plain_answer(future: Future[Completed], largest: int) -> Completed | None:
    """Return an answer that is worth keeping; None: ask as if there were none."""
    if future.exception() is not None:
        return None
    completed = future.result()
    if completed.status in _UNCLEAR or completed.status > _HIGHEST:
        return None
    if max(len(completed.stdout), len(completed.stderr)) > min(_LARGEST, largest):
        return None
    try:
        completed.stdout.decode()
        completed.stderr.decode()
    except UnicodeDecodeError:
        return None
    return completed


def pass_on(source: Future[Completed], to: Future[Completed]) -> None:
    """Settle a future as another one was settled."""
    error = source.exception()
    if error is None:
        to.set_result(source.result())
    else:
        to.set_exception(error)
