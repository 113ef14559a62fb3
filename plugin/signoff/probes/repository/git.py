"""Facts about a local git repository: commits, branches and files at a commit, without touching its work tree."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError, TimedOutError

if TYPE_CHECKING:
    from pathlib import Path

_READ_ONLY = frozenset({"cat-file", "ls-tree", "rev-list", "rev-parse", "tag"})
_SAFE = ("--no-pager", "--no-optional-locks", "--literal-pathspecs", "-c", "core.fsmonitor=false")
_TIMEOUT = 20.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """A clone on this machine. Every question is about objects, never about the files that lie around."""

    path: Path

    def resolve(self, revision: str) -> str:
        """Return the full commit id of a commit, tag or branch.

        Raises:
            NotVerifiedError: no repository here, or it does not know the revision.
        """
        try:
            return self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").strip()
        except _GitError as error:
            raise NotVerifiedError(
                f"{self.path}: {str(error) or f'{revision} is not known here'}; fetch the release into this clone"
            ) from error

    def behind(self, revision: str, branch: str) -> int:
        """Return how many commits of the branch the revision lacks."""
        commit, head = self.resolve(revision), self.resolve(branch)
        return int(self._answer("rev-list", "--count", f"{commit}..{head}"))

    def tags(self, revision: str) -> tuple[str, ...]:
        """Return the names of the tags on the commit."""
        return tuple(self._answer("tag", "--points-at", self.resolve(revision)).split())

    def kind(self, tag: str) -> str:
        """Return `tag` for an annotated tag, `commit` for a lightweight one.

        Raises:
            NotVerifiedError: there is no such tag.
        """
        try:
            return self._git("cat-file", "-t", f"refs/tags/{tag}").strip()
        except _GitError as error:
            raise NotVerifiedError(f"{self.path}: no tag {tag}; fetch the tags into this clone") from error

    def tag_text(self, tag: str) -> str:
        """Return an annotated tag as it is stored: its head, its message and its signature."""
        return self._answer("cat-file", "tag", f"refs/tags/{tag}")

    def files(self, revision: str, under: str = "") -> tuple[str, ...]:
        """Return the paths of all files at the revision, below a directory if one is named."""
        paths = ("--", under.rstrip("/") + "/") if under else ()
        listing = self._answer("ls-tree", "-r", "-z", "--name-only", "--full-tree", self.resolve(revision), *paths)
        return tuple(filter(None, listing.split("\0")))

    def read(self, revision: str, path: str) -> bytes:
        """Return the file's content at the revision.

        Raises:
            NotVerifiedError: there is no such file at this revision.
        """
        commit = self.resolve(revision)
        try:
            return self._run("cat-file", "blob", f"{commit}:{path}")
        except _GitError as error:
            raise NotVerifiedError(f"{self.path}: no file {path} at {commit[:12]}; correct its path") from error

    def changed(self, revision: str, *paths: str) -> datetime | None:
        """Return when the newest commit up to the revision that touched one of the paths was made; None without one."""
        answer = self._answer("rev-list", "--max-count=1", "--format=%cI", self.resolve(revision), "--", *paths)
        return datetime.fromisoformat(answer.split()[-1]) if answer else None

    def _answer(self, *arguments: str) -> str:
        try:
            return self._git(*arguments)
        except _GitError as error:
            raise NotVerifiedError(f"{self.path}: git {arguments[0]}: {error}") from error

    def _git(self, *arguments: str) -> str:
        return self._run(*arguments).decode("utf-8", "surrogateescape")

    def _run(self, command: str, *arguments: str) -> bytes:
        git = shutil.which("git")
        if git is None:
            raise NotVerifiedError("git is not installed where the checks run; install it")
        if command not in _READ_ONLY:
            raise ValueError(f"git {command} is not one of the reading commands")
        try:
            done = subprocess.run(  # noqa: S603 - a fixed program, a listed command, no shell
                [git, *_SAFE, "-C", str(self.path), command, *arguments],
                capture_output=True,
                check=False,
                env=environment(self.path),
                timeout=_TIMEOUT,
            )
        except subprocess.TimeoutExpired as error:
            raise TimedOutError(f"{self.path}: git {command} took longer than {_TIMEOUT:g} s") from error
        if done.returncode:
            raise _GitError(done.stderr.decode("utf-8", "replace").strip())
        return done.stdout


class _GitError(Exception):
    """Git refused; the message is its own."""


def environment(path: Path) -> dict[str, str]:
    """Return the variables under which git only reads the repository at this path, and nothing of ours redirects it."""
    # A clone owned by another account is only read here, so git's ownership guard (meant for hooks) does not apply.
    # The caller's GIT_* variables would silently redirect the questions to another repository.
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return inherited | {
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": str(path.resolve()),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
    }
