"""Mistakes made in files, and taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.demo.layout import DemoError, write_atomically
from signoff.demo.shop import programs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from signoff.demo.layout import Layout


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


def replace(file: Path, old: str, new: str) -> None:
    """Replace the passage, which must be there exactly once; the file keeps its permissions.

    Raises:
        DemoError: it is not there, or more than once.
    """
    text = file.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise DemoError(f"{file} is not as it was deployed: the passage to change is there {text.count(old)} times")
    write_atomically(file, text.replace(old, new), mode=file.stat().st_mode & 0o777)
