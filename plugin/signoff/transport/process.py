"""A local process with a hard time limit that leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

from signoff.errors import TimedOutError
from signoff.transport.channel import Completed

if TYPE_CHECKING:
    from collections.abc import Sequence


def run_process(argv: Sequence[str], limit: float, *, about: str) -> Completed:
    """Run the program without input and return what it said; `limit` is in seconds.

    Raises:
        TimedOutError: it did not end in time; the message starts with `about`. The whole process group was killed.
    """
    with subprocess.Popen(  # noqa: S603 - the programs are ssh and sh, their arguments are quoted
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            stdout, stderr = process.communicate(timeout=limit)
        except BaseException as error:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise TimedOutError(f"{about}: nothing came back within {limit:g} s") from None
            raise
    return Completed(status=process.returncode, stdout=stdout, stderr=stderr)


class LocalChannel:
    """The machine on which the checklist runs (`ansible_connection: local`)."""

    def __init__(self, name: str) -> None:
        self._name = name

    def run(self, script: str, limit: float) -> Completed:
        """Run the script here."""
        return run_process(["/bin/sh", "-c", script], limit, about=self._name)

    def close(self) -> None:
        """Nothing stays open between scripts."""
