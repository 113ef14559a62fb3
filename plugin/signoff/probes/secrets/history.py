"""Secrets anywhere in the history of a git repository: every version of every file that any ref can reach."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from posixpath import basename
from typing import IO, TYPE_CHECKING, cast

from signoff.errors import NotVerifiedError, TimedOutError
from signoff.probes.repository.git import environment
from signoff.probes.secrets.rules import Finding, judge_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

MAX_FILE = 32_000_000
"""Bytes of one version of a file; a larger one is listed as not scanned."""
_SUBMODULE = "160000"
_TEMPLATES = (".example", ".sample", ".template", ".dist")


@dataclass(frozen=True, kw_only=True, slots=True)
class Exposure:
    """A finding with the commit that first brought it in, and that commit's time."""

    finding: Finding
    commit: str
    at: datetime

    def __str__(self) -> str:
        """Return `file:line rule (commit)`."""
        return f"{self.finding} ({self.commit[:12]})"


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryScan:
    """All of a repository's history. `versions` counts the distinct text files that were read."""

    commits: int
    versions: int
    exposures: tuple[Exposure, ...]
    not_scanned: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """One content of one path, and the commit that first had it."""

    path: str
    commit: str
    at: datetime


def scan(repository: Path, *, exclude: Collection[str] = (), timeout: float = 120.0) -> HistoryScan:
    """Return the secrets that were ever committed, each at the commit that first held it.

    Args:
        repository: The clone.
        exclude: Paths, or patterns as in the shell, of files that hold no real secrets.
        timeout: Seconds for each of the two passes.

    Raises:
        NotVerifiedError: no repository, a shallow or partial clone, or nothing in its history.
        TimedOutError: a pass took too long.
    """
    require_whole(repository, timeout)
    commits, known = versions(repository, timeout)
    wanted = {oid: kept for oid, one in known.items() if (kept := _in_scope(one, exclude))}
    if not wanted:
        raise NotVerifiedError(f"{repository}: nothing was ever committed, or everything is excluded")
    found: dict[tuple[str, str, str], Exposure] = {}
    read, not_scanned = 0, list[str]()
    for oid, text in contents(repository, timeout, list(wanted)):
        if text is None:
            not_scanned.extend(version.path for version in wanted[oid])
            continue
        read += 1
        for version in wanted[oid]:
            for finding in (*_by_name(version.path), *judge_text(text, file=version.path)):
                exposure = Exposure(finding=finding, commit=version.commit, at=version.at)
                key = (finding.rule, finding.file, finding.mark)
                found[key] = min(found.get(key, exposure), exposure, key=lambda one: one.at)
    return HistoryScan(
        commits=commits,
        versions=read,
        exposures=tuple(sorted(found.values(), key=lambda exposure: (exposure.at, str(exposure)))),
        not_scanned=tuple(sorted(set(not_scanned))),
    )


def _in_scope(versions: dict[str, Version], exclude: Collection[str]) -> list[Version]:
    return [version for path, version in versions.items() if not any(fnmatch(path, pattern) for pattern in exclude)]


def _by_name(path: str) -> Iterator[Finding]:
    name = basename(path)
    if (name == ".env" or name.startswith(".env.")) and not name.endswith(_TEMPLATES):
        yield Finding(rule="env-file", file=path, line=0)


def require_whole(repository: Path, timeout: float) -> None:
    """Return if the clone has its whole history.

    Raises:
        NotVerifiedError: a shallow clone, or none.
    """
    if b"".join(_git(repository, timeout, "rev-parse", "--is-shallow-repository")).strip() != b"false":
        raise NotVerifiedError(f"{repository}: a shallow clone has no history; fetch it with `git fetch --unshallow`")


def versions(repository: Path, timeout: float) -> tuple[int, dict[str, dict[str, Version]]]:
    """Return the number of commits; and by object and path, the oldest commit that has it."""
    output = b"".join(
        _git(repository, timeout, "log", "--all", "-m", "--raw", "--no-abbrev", "--no-renames", "-z", "--format=%H %cI")
    )
    fields = iter(output.decode("utf-8", "surrogateescape").split("\0"))
    commits: set[str] = set()
    found: dict[str, dict[str, Version]] = {}
    commit, at = "", datetime.min.replace(tzinfo=UTC)
    for field in fields:
        entry = field.strip("\n")
        if entry.startswith(":"):
            _, mode, _, oid, _ = entry.split(" ")
            path = next(fields)
            if mode != _SUBMODULE and oid.strip("0"):
                version, known = Version(path=path, commit=commit, at=at), found.setdefault(oid, {})
                known[path] = min(known.get(path, version), version, key=lambda one: one.at)
        elif entry:
            commit, _, instant = entry.partition(" ")
            at = datetime.fromisoformat(instant.split()[0]).astimezone(UTC)
            commits.add(commit)
    return len(commits), found


def contents(repository: Path, timeout: float, oids: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """Yield each object's text; binary files are left out, and files over the limit yield None."""
    with tempfile.TemporaryFile() as questions:
        questions.write("".join(f"{oid}\n" for oid in oids).encode())
        questions.seek(0)
        with _running(repository, timeout, "cat-file", "--batch", stdin=questions) as stream:
            while header := stream.readline().decode():
                oid, size = header.split()[0], header.split()[-1]
                if not size.isdigit():
                    raise NotVerifiedError(f"{repository}: object {oid[:12]} is missing; fetch the whole history")
                content = stream.read(int(size) + 1)[:-1]
                if int(size) > MAX_FILE:
                    yield oid, None
                elif b"\0" not in content[:8000]:
                    yield oid, content.decode("utf-8", "replace")


def _git(repository: Path, timeout: float, *arguments: str) -> Iterator[bytes]:
    with _running(repository, timeout, *arguments) as stream:
        yield from stream


@contextmanager
def _running(
    repository: Path, timeout: float, *arguments: str, stdin: IO[bytes] | int = subprocess.DEVNULL
) -> Iterator[IO[bytes]]:
    git = shutil.which("git")
    if git is None:
        raise NotVerifiedError("git is not installed where the checks run; install it")
    # What the clone itself configures must not hide its first commit, replace objects or run programs.
    settings = ("-c", "core.fsmonitor=false", "-c", "log.showRoot=true", "-c", "log.showSignature=false")
    command = [git, "--no-pager", "--no-optional-locks", "--no-replace-objects", *settings, "-C", str(repository)]
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(  # noqa: S603 - a fixed program and reading commands, no shell
            [*command, *arguments],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=environment(repository),
        )
        watchdog = threading.Timer(timeout, process.kill)
        watchdog.start()
        try:
            with cast("IO[bytes]", process.stdout) as stream:
                yield stream
            status = process.wait()
        finally:
            expired = not watchdog.is_alive()
            watchdog.cancel()
            process.kill()
            process.wait()
        complaints.seek(0)
        if expired:
            raise TimedOutError(f"{repository}: git {arguments[0]} took longer than {timeout:g} s")
        if status:
            said = complaints.read(200).decode("utf-8", "replace").strip().partition("\n")[0]
            raise NotVerifiedError(f"{repository}: git {arguments[0]}: {said}; name a clone of the release repository")
