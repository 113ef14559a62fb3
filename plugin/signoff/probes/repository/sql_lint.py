"""What squawk finds in migrations written in SQL: statements that would lock or lose what production needs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signoff.errors import CouldNotCheckError, NotVerifiedError, TimedOutError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TIMEOUT = 60.0
_INSTALL = "pipx install squawk-cli"
_FOUND_SOMETHING = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One statement that a rule objects to."""

    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        """Return place and rule."""
        return f"{self.path}:{self.line} {self.rule}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Linted:
    """What the linter said of these scripts."""

    version: str
    """Of the linter, as it names itself."""
    findings: tuple[Finding, ...]


def lint(scripts: Mapping[str, str], accepted: Sequence[str] = ()) -> Linted:
    """Return the findings in the scripts, given by path; rules that are accepted are left out.

    Raises:
        NotVerifiedError: squawk is not installed where the checks run.
        CouldNotCheckError: it ended otherwise than by judging.
        TimedOutError: it took too long.
    """
    program = shutil.which("squawk", path=str(Path(sys.executable).parent)) or shutil.which("squawk")
    if program is None:
        raise NotVerifiedError(f"squawk is not installed where the checks run; {_INSTALL}")
    version = _run([program, "--version"], cwd="/").stdout.strip()
    with tempfile.TemporaryDirectory(prefix="signoff-lint-") as folder:
        for number, text in enumerate(scripts.values()):
            (Path(folder) / f"{number}.sql").write_text(text, encoding="utf-8")
        # A settings file of its own: one that lies about would decide which rules count.
        (Path(folder) / "squawk.toml").touch()
        names = [f"{number}.sql" for number in range(len(scripts))]
        done = _run([program, "--config", "squawk.toml", "--reporter", "json", *names], cwd=folder)
    paths = dict(zip(names, scripts, strict=True))
    findings = _findings(done, paths)
    if bool(findings) != (done.returncode == _FOUND_SOMETHING) or done.returncode not in {0, _FOUND_SOMETHING}:
        raise CouldNotCheckError(f"squawk ended with {done.returncode}: {done.stderr.strip()[:200]}")
    return Linted(version=version, findings=tuple(one for one in findings if one.rule not in accepted))


def _findings(done: subprocess.CompletedProcess[str], paths: Mapping[str, str]) -> list[Finding]:
    try:
        told: list[dict[str, Any]] = json.loads(done.stdout or "[]")
        return [
            Finding(
                path=paths[Path(one["file"]).name],
                line=int(one["line"]) + 1,
                rule=str(one["rule_name"]),
                message=str(one["message"])[:200],
            )
            for one in told
        ]
    except (ValueError, KeyError, TypeError) as error:
        shown = (done.stderr or done.stdout).strip()[:200]
        raise CouldNotCheckError(f"squawk answered {shown!r}, which is no report; {_INSTALL}") from error


def _run(command: list[str], *, cwd: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - a program that reads files, with arguments of ours
            command, cwd=cwd, capture_output=True, text=True, check=False, timeout=_TIMEOUT, env={"LC_ALL": "C.UTF-8"}
        )
    except subprocess.TimeoutExpired as error:
        raise TimedOutError(f"squawk took longer than {_TIMEOUT:g} s") from error
