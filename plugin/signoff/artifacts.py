"""Where the reports of one evaluation are written: names from one stamp, writes that are whole or absent."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from signoff.reports.background import Background, Link
from signoff.reports.checklist_markdown import render_checklist
from signoff.reports.issue_resolution_json import render_issue_resolution_json
from signoff.reports.issues_markdown import render_issues
from signoff.reports.messages import Messages
from signoff.reports.page import render_page
from signoff.reports.readiness_json import render_json
from signoff.reports.terminal import render_verdict
from signoff.store.atomic import write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, datetime
    from pathlib import Path

    from signoff.model import Language, Signoff
    from signoff.workspace import Workspace


_OTHER: Mapping[Language, tuple[Language, ...]] = {"ko": ("en",), "en": ("ko",)}


@dataclass(frozen=True, kw_only=True)
class Artifacts:
    """The files of one evaluation, all named by the same stamp in the project's time zone."""

    folder: Path
    stamp: str

    @classmethod
    def at(cls, workspace: Workspace, now: datetime) -> Artifacts:
        """Return names for an evaluation at `now`; a second one in the same second gets a suffix."""
        zone = ZoneInfo(workspace.inventory.policy.timezone)
        stamp = base = now.astimezone(zone).strftime("%Y%m%d_%H%M%S")
        number = 1
        while any(workspace.reports.glob(f"*_{stamp}.*")):
            number += 1
            stamp = f"{base}_{number}"
        return cls(folder=workspace.reports, stamp=stamp)

    @property
    def json(self) -> Path:
        """The decision for machines."""
        return self.folder / f"readiness_check_{self.stamp}.json"

    @property
    def page(self) -> Path:
        """The decision for people."""
        return self.folder / f"readiness_check_{self.stamp}.html"

    def page_in(self, language: Language) -> Path:
        """Return the same page for people who read another language."""
        return self.folder / f"sign_off_page_{language}_{self.stamp}.html"

    @property
    def run_report(self) -> Path:
        """Every test of the run, for engineers (pytest-html)."""
        return self.folder / f"run_report_{self.stamp}.html"

    @property
    def junit(self) -> Path:
        """Every test of the run, for CI."""
        return self.folder / f"junit_{self.stamp}.xml"

    @property
    def issues(self) -> Path:
        """The issue list, in the form teams keep it."""
        return self.folder / f"issues_{self.stamp}.md"

    @property
    def resolution(self) -> Path:
        """What became of the issues, for machines."""
        return self.folder / f"issue_resolution_report_{self.stamp}.json"

    @property
    def checklist(self) -> Path:
        """The checklist with its boxes ticked."""
        return self.folder / f"checklist_{self.stamp}.md"

    @property
    def final(self) -> Path:
        """Everything that the check found, for whoever decides and for the files."""
        return self.folder / f"final_report_{self.stamp}.md"

    def existing(self) -> list[Path]:
        """Return the files of this evaluation that are there."""
        return sorted(self.folder.glob(f"*_{self.stamp}.*"))

    def links(self, language: Language) -> list[Link]:
        """Return the reports that are there, with their full paths."""
        messages = Messages(language)
        files = {
            "link.page": self.page,
            "link.run_report": self.run_report,
            "link.issues": self.issues,
            "link.final": self.final,
        }
        named = {messages(key): path for key, path in files.items()}
        named |= {Messages(other)("language.name"): self.page_in(other) for other in _OTHER[language]}
        return [Link(label=label, href=str(path)) for label, path in named.items() if path.exists()]

    def write(self, workspace: Workspace, signoff: Signoff, language: Language, *, both: bool = False) -> None:
        """Write every report of the decision; with `both`, the sign-off page in the other language too."""
        background = background_of(workspace)
        write_atomic(self.json, render_json(signoff))
        pages = {language: self.page} | ({other: self.page_in(other) for other in _OTHER[language]} if both else {})
        for each, path in pages.items():
            links = [*self._links(each), *_twins(pages, each)]
            write_atomic(path, render_page(signoff, each, background, links))
        write_atomic(self.checklist, render_checklist(signoff, language, background))
        if signoff.issues:
            write_atomic(self.resolution, render_issue_resolution_json(signoff))
            write_atomic(self.issues, render_issues(signoff, language, background, self._references(language)))

    def _references(self, language: Language) -> list[Link]:
        """Return what the issue list refers to: the other files of this evaluation."""
        messages = Messages(language)
        files = {
            "link.checklist": self.checklist,
            "link.page": self.page,
            "link.json": self.json,
            "link.resolution": self.resolution,
        }
        return [Link(label=messages(key), href=path.name) for key, path in files.items()]

    def _links(self, language: Language) -> Iterator[Link]:
        messages = Messages(language)
        if self.run_report.exists():
            yield Link(label=messages("link.run_report"), href=self.run_report.name)
        yield Link(label=messages("link.json"), href=self.json.name)


def _twins(pages: Mapping[Language, Path], language: Language) -> Iterator[Link]:
    """Yield links to the same page in other languages, each in its own."""
    for other, path in pages.items():
        if other != language:
            yield Link(label=Messages(other)("language.name"), href=path.name, language=other)


def daily_path(workspace: Workspace, day: date, stage: int | None) -> Path:
    """Return where the report of a day is written; the last one of the day replaces the others."""
    part = "" if stage is None else f"_stage{stage}"
    return workspace.reports / f"daily_report_{day.isoformat()}{part}.md"


def background_of(workspace: Workspace) -> Background:
    """Return what reports show beside the decision."""
    inventory = workspace.inventory
    return Background.of(workspace.checklist, inventory.policy, inventory.records)


def closing_block(  # noqa: PLR0913 - a decision, its reader, and the terminal's properties
    workspace: Workspace,
    signoff: Signoff,
    language: Language,
    *,
    width: int = 80,
    colour: bool = False,
    artifacts: Artifacts | None = None,
) -> str:
    """Return what a terminal shows at the end: the verdict, what blocks, and where the reports are."""
    return render_verdict(
        signoff,
        language,
        colour,
        width=width,
        reports=[] if artifacts is None else artifacts.links(language),
        background=background_of(workspace),
    )


def colour_wanted() -> bool:
    """Whether standard output is a terminal that shows colours."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ
