"""Where a run happens in a CI service: tells it what blocks, in its own way; elsewhere, nothing.

What the service cannot be told is said in the log, and changes no verdict.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from signoff.artifacts import background_of
from signoff.reports.background import Link
from signoff.reports.ci import github, gitlab
from signoff.reports.ci.notes import notes
from signoff.reports.ci.summary import render_summary
from signoff.reports.messages import Messages
from signoff.store.atomic import write_atomic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from signoff.artifacts import Artifacts
    from signoff.model import Language, Signoff
    from signoff.reports.ci.notes import Note
    from signoff.workspace import Workspace

CODE_QUALITY, JOB_LINKS = "gl-code-quality.json", "gl-job-links.json"
"""Names that never change: a job's definition has to name them."""


class Service(Protocol):
    """What a run tells the CI service around it; each method returns lines for the log."""

    def begin(self) -> Sequence[str]:
        """Return what is said before anything of the outside world is printed."""

    def end(self, signoff: Signoff | None) -> Sequence[str]:
        """Return what is said at the end; None: nothing was decided."""


def service_of(
    environ: Mapping[str, str], workspace: Workspace, artifacts: Artifacts, language: Language, checklist: str
) -> Service | None:
    """Return the service that this process runs in; None: in none that is known.

    Args:
        environ: The process's environment.
        workspace: The suite.
        artifacts: The reports of this run.
        language: Of what is shown.
        checklist: Path of the checklist in the suite.
    """
    suite = _Suite(workspace, artifacts, language, checklist)
    if environ.get("GITHUB_ACTIONS") == "true":
        return _GitHub(suite, environ)
    if environ.get("GITLAB_CI") == "true":
        return _GitLab(suite, environ)
    return None


class _Suite:
    """What is told, whoever listens."""

    def __init__(self, workspace: Workspace, artifacts: Artifacts, language: Language, checklist: str) -> None:
        self.artifacts = artifacts
        self.language: Language = language
        self._workspace = workspace
        self._checklist = checklist

    def notes(self, signoff: Signoff, repository: str) -> list[Note]:
        """Return what blocks, with paths from the root of the repository."""
        return notes(signoff, Messages(self.language), self._places(repository))

    def summary(self, signoff: Signoff) -> str:
        """Return the decision as Markdown."""
        return self.clean(render_summary(signoff, self.language, background_of(self._workspace)))

    def clean(self, text: str) -> str:
        """Return the text without secrets."""
        return self._workspace.redact(text)

    def _places(self, repository: str) -> Callable[[str, str], tuple[str, int]]:
        def _place(item: str, check: str) -> tuple[str, int]:
            source = self._workspace.sources.get((item, check))
            path, line = (source.path, source.line) if source else (self._checklist, 1)
            return _from_repository(self._workspace.root / path, repository) or path, line

        return _place


class _GitHub:
    def __init__(self, suite: _Suite, environ: Mapping[str, str]) -> None:
        self._suite = suite
        self._repository = environ.get("GITHUB_WORKSPACE", "")
        self._summary = environ.get("GITHUB_STEP_SUMMARY", "")
        self._token = ""

    def begin(self) -> Sequence[str]:
        self._token = secrets.token_hex(16)
        return [github.stop_commands(self._token)]

    def end(self, signoff: Signoff | None) -> Sequence[str]:
        lines = [github.resume_commands(self._token)] if self._token else []
        if signoff is not None:
            lines += map(self._suite.clean, github.commands(self._suite.notes(signoff, self._repository)))
            lines += self._write_summary(signoff)
        return lines

    def _write_summary(self, signoff: Signoff) -> Iterator[str]:
        """Add to what other steps' commands wrote."""
        if not self._summary:
            return
        try:
            with Path(self._summary).open("a", encoding="utf-8") as file:
                file.write(self._suite.summary(signoff))
        except OSError as error:
            yield f"the step's summary could not be written: {error}"


class _GitLab:
    def __init__(self, suite: _Suite, environ: Mapping[str, str]) -> None:
        self._suite = suite
        self._repository = environ.get("CI_PROJECT_DIR", "")
        self._job = environ.get("CI_JOB_URL", "")

    def begin(self) -> Sequence[str]:
        return []

    def end(self, signoff: Signoff | None) -> Sequence[str]:
        return [] if signoff is None else list(self._write(signoff))

    def _write(self, signoff: Signoff) -> Iterator[str]:
        suite = self._suite
        files = {CODE_QUALITY: gitlab.code_quality(suite.notes(signoff, self._repository))}
        if links := list(self._links()):
            files[JOB_LINKS] = gitlab.job_links(Messages(suite.language)("word.verdict"), links)
        for name, text in files.items():
            try:
                write_atomic(suite.artifacts.folder / name, suite.clean(text))
            except OSError as error:
                yield f"{name} could not be written: {error}"

    def _links(self) -> Iterator[Link]:
        """Yield the reports where the job's artifacts are shown."""
        for link in self._suite.artifacts.links(self._suite.language) if self._job else ():
            if path := _from_repository(Path(link.href), self._repository):
                yield Link(label=link.label, href=f"{self._job}/artifacts/file/{path}")


def _from_repository(path: Path, repository: str) -> str:
    """Return the path from the root of the repository; "" if it is not known to lie there."""
    try:
        return path.resolve().relative_to(Path(repository).resolve()).as_posix() if repository else ""
    except ValueError:
        return ""
