"""How one command is wrapped for the far side, and how its true exit status is read back."""

from __future__ import annotations

import re
import secrets
import shlex

from signoff.transport.channel import Completed

MAX_COMMAND = 100_000
"""Bytes of one wrapped command: kernels refuse a single argument of 128 KiB and more."""

# Known locale for parsers of output; sbin because tools such as `ss` live there and plain users lack it.
_PREPARE = 'LC_ALL=C; PATH="$PATH:/usr/sbin:/sbin"; export LC_ALL PATH'


class Framed:
    """One command, framed so that its exit status cannot be taken for the connection's.

    `ssh` answers 255 both for a lost connection and for a command that exits 255. So the status travels in the
    output, behind a word that the command cannot guess; without that word the command did not end.
    """

    def __init__(self, command: str, seconds: float | None) -> None:
        """Frame the command; `seconds` bounds it on the far side by timeout(1), None where there is none.

        Raises:
            ValueError: the command is longer than `MAX_COMMAND`.
        """
        self._word = secrets.token_hex(12)
        bound = f"timeout -k 1 {seconds:g} " if seconds is not None else ""
        self.script = (
            f"{_PREPARE}; {bound}/bin/sh -c {shlex.quote(command)} </dev/null; printf '{self._word}%d:' \"$?\""
        )
        if len(self.script.encode()) > MAX_COMMAND:
            raise ValueError(f"command of {len(command)} characters: more than one command line can carry; split it")

    def unframe(self, completed: Completed) -> Completed | None:
        """Return the command's own status and output; None if it did not end."""
        match = re.search(rb"%s(\d+):" % self._word.encode(), completed.stdout)
        if match is None:
            return None
        # What a background child of the command wrote after the end stays part of the output.
        stdout = completed.stdout[: match.start()] + completed.stdout[match.end() :]
        return Completed(status=int(match[1]), stdout=stdout, stderr=completed.stderr)


def for_login_shell(script: str) -> str:
    """Return the command line that runs the script by `/bin/sh`, whatever the account's login shell is."""
    return f"exec /bin/sh -c {shlex.quote(script)}"
