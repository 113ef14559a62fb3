"""Mistakes made in files, and taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signoff.demo.faults import instances
from signoff.demo.faults.model import Fault
from signoff.demo.layout import DemoError, write_atomically
from signoff.demo.shop import programs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from signoff.demo.layout import Layout
    from signoff.model import Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """One passage of one file of the deployed release, replaced by hand on the server."""

    file: str
    right: str
    wrong: str

    def make(self, layout: Layout, hosts: Iterable[str]) -> None:
        """Make the mistake on the hosts; running instances do not see it yet."""
        for host in hosts:
            replace(programs.source(layout, host) / self.file, self.right, self.wrong)

    def take_back(self, layout: Layout, hosts: Iterable[str]) -> None:
        """Undo it, in the current release or in the one that was replaced since."""
        for host in hosts:
            current = programs.source(layout, host)
            for release in (current, current.with_name(f"{current.name}.previous")):
                file = release / self.file
                if file.exists() and self.wrong in file.read_text(encoding="utf-8"):
                    replace(file, self.wrong, self.right)


def edited(  # noqa: PLR0913 - one row of a table of faults
    name: str,
    title: Text,
    item: str,
    *edits: Edit,
    also: tuple[str, ...] = (),
    blinds: tuple[str, ...] = (),
    restart: bool = True,
) -> Fault:
    """Return a fault that is an edit of the release on all application hosts.

    `also` are items that turn red besides the one; `restart` tells whether instances see it only after a restart.
    """
    hosts = programs.APP_HOSTS

    def break_(layout: Layout) -> None:
        for edit in edits:
            edit.make(layout, hosts)
        instances.restart(layout, hosts if restart else ())

    def mend(layout: Layout, _: Any) -> None:
        for edit in reversed(edits):
            edit.take_back(layout, hosts)
        instances.restart(layout, hosts if restart else ())

    return Fault(name=name, title=title, items=(item, *also), break_=break_, mend=mend, blinds=blinds)


def replace(file: Path, old: str, new: str) -> None:
    """Replace the passage, which must be there exactly once; the file keeps its permissions.

    Raises:
        DemoError: it is not there, or more than once.
    """
    text = file.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise DemoError(f"{file} is not as it was deployed: the passage to change is there {text.count(old)} times")
    write_atomically(file, text.replace(old, new), mode=file.stat().st_mode & 0o777)
