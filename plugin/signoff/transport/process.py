"""The machine on which the checklist runs, and local processes with a hard time limit."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

from signoff.errors import TimedOutError, UnreachableError
from signoff.transport.channel import Completed
from signoff.transport.shell.carrier import Carrier
from signoff.transport.shell.channel import ShellChannel

if TYPE_CHECKING:
    from collections.abc import Sequence


def local_channel(name: str) -> ShellChannel:
    """Return a channel to this machine (`ansible_connection: local`)."""
    return ShellChannel(
        Carrier(
            name=name,
            argv=["/bin/sh", "-s"],
            explain=lambda status, said: UnreachableError(f"{name}: /bin/sh ended with status {status}: {said[:200]}"),
            connect_limit=10.0,
            grace=15.0,
        )
    )


def run_process(argv: Sequence[str], limit: float, *, about: str, stdin: bytes = b"") -> Completed:
    """Run the program on the given input and return what it said; `limit` is in seconds.

    Raises:
        TimedOutError: it did not end in time; the message starts with `about`. The whole process group was killed.
    """
    with subprocess.Popen(  # noqa: S603 - the programs are docker and its like, their arguments are quoted
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            stdout, stderr = process.communicate(stdin, timeout=limit)
        except BaseException as error:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise TimedOutError(f"{about}: nothing came back within {limit:g} s") from None
            raise
    return Completed(status=process.returncode, stdout=stdout, stderr=stderr)
