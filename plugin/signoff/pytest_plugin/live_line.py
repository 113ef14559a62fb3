"""One line on a terminal that always says what is going on now, also while a test runs and output is captured."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING

from signoff.reports.plaintext import printable

if TYPE_CHECKING:
    from collections.abc import Callable

_ERASE = "\r\x1b[2K"
_SECONDS = 0.5


class LiveLine:
    """Drawn by a thread of its own, twice a second, on a copy of standard output that nobody captures.

    Args:
        describe: Returns what to say, given how many columns there are.
        columns: Returns how many columns there are.
        terminal: A file descriptor of the terminal; it is copied at once.
    """

    def __init__(self, describe: Callable[[int], str], columns: Callable[[], int], terminal: int) -> None:
        self._describe = describe
        self._columns = columns
        self._handle = os.dup(terminal)
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._draw_again, name="signoff-live-line", daemon=True)

    def start(self) -> None:
        """Begin to draw."""
        self._thread.start()

    def erase(self) -> None:
        """Make room for a line that stays; the next drawing follows below it."""
        self._write(_ERASE)

    def close(self) -> None:
        """Erase it for good; safe to call twice."""
        if not self._ended.is_set():
            self._ended.set()
            self._thread.join()
            self._write(_ERASE)
            os.close(self._handle)

    def _draw_again(self) -> None:
        while not self._ended.wait(_SECONDS):
            columns = self._columns() - 1
            # Ends in the first column: whatever else is printed begins there.
            self._write(f"{_ERASE}{printable(self._describe(columns))}\r")

    def _write(self, text: str) -> None:
        # A terminal that went away ends the run by its own signal, not by ours.
        with self._lock, contextlib.suppress(OSError):
            os.write(self._handle, text.encode("utf-8", "replace"))
