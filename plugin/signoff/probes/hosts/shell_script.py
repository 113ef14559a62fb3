"""Facts about a shell script, found by the shell itself without running it."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass

from signoff.errors import NotVerifiedError, TimedOutError

_TIMEOUT = 10.0
_SHEBANG = re.compile(r"#!\s*(?:/usr/bin/env\s+(?:-S\s+)?)?(?:\S*/)?(?P<shell>\w+)(?P<options>[^\n]*)")
_SHELLS = ("bash", "sh", "dash", "ksh", "zsh")
_ERREXIT = re.compile(r"^\s*set\s+(-[a-z]*e[a-z]*\b|.*-o\s+errexit\b)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Script:
    """One script."""

    shell: str
    syntax_error: str
    """The shell's first complaint; empty: none."""
    stops_at_errors: bool
    """It sets errexit, so that a failed step does not lead to the next."""


def read(path: str, content: bytes) -> Script:
    """Return the facts about the script; `path` is for messages only.

    Raises:
        NotVerifiedError: no shell script, or its shell is not installed where the checks run.
    """
    text = content.decode("utf-8", "replace")
    shebang = _SHEBANG.match(text)
    if shebang is None or shebang["shell"] not in _SHELLS:
        raise NotVerifiedError(f"{path}: does not start with #! and a shell; check it by a test of its own")
    program = shutil.which(shebang["shell"])
    if program is None:
        raise NotVerifiedError(f"{path}: {shebang['shell']} is not installed where the checks run; install it")
    options = re.search(r"(?:^|\s)-[a-z]*e", shebang["options"])
    return Script(
        shell=shebang["shell"],
        syntax_error=_syntax_error(program, path, content),
        stops_at_errors=bool(options or _ERREXIT.search(text)),
    )


def _syntax_error(program: str, path: str, content: bytes) -> str:
    try:
        # -n reads without running; on standard input, so that nothing is written anywhere.
        done = subprocess.run(  # noqa: S603 - a shell that only parses
            [program, "-n"], input=content, capture_output=True, check=False, timeout=_TIMEOUT, env={"LC_ALL": "C"}
        )
    except subprocess.TimeoutExpired as error:
        raise TimedOutError(f"{path}: {program} -n took longer than {_TIMEOUT:g} s") from error
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    if done.returncode:
        return lines[0].removeprefix(f"{program}: ")[:200] if lines else f"exit status {done.returncode}"
    return ""
