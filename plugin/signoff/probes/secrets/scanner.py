"""A repository's whole history as seen by a scanner of secrets that is installed here; what it found is never kept."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from signoff.errors import NotVerifiedError, TimedOutError
from signoff.probes.repository.git import environment
from signoff.probes.secrets.history import Exposure, contents, require_whole, versions
from signoff.probes.secrets.rules import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Tool = Literal["gitleaks", "detect-secrets"]
INSTALL: Mapping[Tool, str] = {
    "gitleaks": "install gitleaks 8.19 or newer, or name its path as `program`",
    "detect-secrets": "python -m pip install detect-secrets, or name its path as `program`",
}
_COMMITS = re.compile(r"(\d+) commits scanned")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, kw_only=True, slots=True)
class Scanned:
    """What the scanner looked at and found: places, never values, nor digests of them."""

    tool: str
    version: str
    inspected: int
    """Commits (gitleaks) or versions of files (detect-secrets)."""
    exposures: tuple[Exposure, ...]


def scan(repository: Path, tool: Tool, *, program: str = "", timeout: float = 300.0) -> Scanned:
    """Return what the scanner finds in everything that was ever committed.

    Args:
        repository: The clone.
        tool: Which scanner.
        program: Its path; empty: it is found on PATH.
        timeout: Seconds for the scan.

    Raises:
        NotVerifiedError: the scanner is not installed, failed, or did not say that it saw the whole history.
        TimedOutError: it took too long.
    """
    found = shutil.which(program or tool)
    if found is None:
        raise NotVerifiedError(f"{program or tool}: not installed where the checks run; {INSTALL[tool]}")
    require_whole(repository, timeout)
    commits, known = versions(repository, timeout)
    if not known:
        raise NotVerifiedError(f"{repository}: nothing was ever committed; name the release's repository")
    version = _run([found, "version" if tool == "gitleaks" else "--version"], repository, 20.0).stdout.strip()[:40]
    if tool == "gitleaks":
        inspected, exposures = _gitleaks(found, repository, timeout)
        if inspected < commits:
            raise NotVerifiedError(
                f"{repository}: {tool} saw {inspected} of {commits} commits; run it on a whole clone"
            )
    else:
        inspected, exposures = _detect_secrets(found, repository, timeout)
    return Scanned(tool=tool, version=version, inspected=inspected, exposures=_first_of_each(exposures))


def _gitleaks(program: str, repository: Path, timeout: float) -> tuple[int, list[Exposure]]:
    with tempfile.TemporaryDirectory(prefix="signoff-scan-") as folder:
        report = Path(folder, "report.json")
        command = [program, "git", "--no-banner", "--no-color", "--redact=100", "--exit-code=0", "--log-opts=--all"]
        command += ["--report-format=json", f"--report-path={report}", "--", str(repository)]
        said = _ANSI.sub("", _run(command, repository, timeout).stderr)
        commits = _COMMITS.search(said)
        if commits is None or not report.is_file():
            raise NotVerifiedError(
                f"{repository}: gitleaks does not say how much it scanned; use version 8.19 or newer"
            )
        return int(commits[1]), [_leak(one) for one in _parsed(report.read_bytes(), list)]


def _leak(one: Mapping[str, Any]) -> Exposure:
    at = datetime.fromisoformat(str(one["Date"])).astimezone(UTC)
    place = Finding(rule=str(one["RuleID"]), file=str(one["File"]), line=int(one["StartLine"]))
    return Exposure(finding=place, commit=str(one["Commit"]), at=at)


def _detect_secrets(program: str, repository: Path, timeout: float) -> tuple[int, list[Exposure]]:
    """Show it every version of every file: by itself it looks at those of one commit only."""
    _, known = versions(repository, timeout)
    with tempfile.TemporaryDirectory(prefix="signoff-scan-") as folder:
        count = 0
        for oid, text in contents(repository, timeout, list(known)):
            if text is None:
                raise NotVerifiedError(
                    f"{repository}: {next(iter(known[oid]))} is too large to scan; move it out of git"
                )
            # The name tells the scanner what sort of file it is; the folder tells us which version.
            for number, path in enumerate(known[oid]):
                place = Path(folder, oid, str(number), Path(path).name)
                place.parent.mkdir(parents=True)
                place.write_text(text, "utf-8", "replace")
            count += 1
        # One process and no lookups over the network: a found key would be tried at its provider.
        done = _run(
            [program, "-c", "1", "-C", folder, "scan", "--all-files", "--no-verify", "."], Path(folder), timeout
        )
        results = _parsed(done.stdout.encode(), dict).get("results")
        if not isinstance(results, dict):
            raise NotVerifiedError(f"{repository}: detect-secrets gave no results; use version 1.5 or newer")
        exposures = []
        for name, findings in results.items():
            oid, which, _ = Path(name).parts
            version = list(known[oid].values())[int(which)]
            for one in findings:
                place_ = Finding(rule=str(one["type"]), file=version.path, line=int(one["line_number"]))
                exposures.append(Exposure(finding=place_, commit=version.commit, at=version.at))
        return count, exposures


def _first_of_each(exposures: Sequence[Exposure]) -> tuple[Exposure, ...]:
    """Return each rule and file once, at the newest commit: replacing an older value does not replace that one."""
    kept: dict[tuple[str, str], Exposure] = {}
    for one in sorted(exposures, key=lambda exposure: exposure.at):
        kept[one.finding.rule, one.finding.file] = one
    return tuple(kept.values())


def _run(command: Sequence[str], repository: Path, timeout: float) -> subprocess.CompletedProcess[str]:
    name = Path(command[0]).name
    try:
        done = subprocess.run(  # noqa: S603 - a scanner that the inventory names, no shell
            command,
            capture_output=True,
            check=False,
            cwd=repository,
            # A scanner's own variables (GITLEAKS_CONFIG) could tell it to look away.
            env={key: value for key, value in environment(repository).items() if not key.startswith("GITLEAKS")},
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            timeout=timeout,
        )
    except subprocess.TimeoutExpired as error:
        raise TimedOutError(f"{repository}: {name} took longer than {timeout:g} s") from error
    except OSError as error:
        raise NotVerifiedError(f"{name}: {error.strerror}; correct `program`") from error
    if done.returncode:
        # What it said may quote what it found.
        raise NotVerifiedError(f"{repository}: {name} ended with status {done.returncode}; run it by hand to see why")
    return done


def _parsed(text: bytes, wanted: type[Any]) -> Any:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise NotVerifiedError("the scanner's report is no JSON; run it by hand to see why") from error
    if not isinstance(document, wanted):
        raise NotVerifiedError("the scanner's report has another form; use a current version")
    return document
