"""What every tool says of its backups, in one vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Backup:
    """One backup; times are UTC, sizes in bytes."""

    path: str
    modified: datetime
    """When it was complete."""
    size: int
    """0: the tool does not say."""
    begun: datetime | None = None
    """None: the tool does not say."""
    problem: str = ""
    """Why it is none, in the tool's words."""
    kind: str = ""
    """Such as `delta`, where backups of one kind have another usual size than those of another."""
    content: str = ""
    """What its copies in other places have in common with it, where the tool has such a mark."""

    @property
    def name(self) -> str:
        """The file's name without its folder, or the tool's own name for it."""
        return self.path.rpartition("/")[2]

    @property
    def at(self) -> datetime:
        """When it was begun, as far as that is known: a run belongs to the firing that started it."""
        return self.begun or self.modified


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalog:
    """All backups of one repository, oldest first."""

    backups: tuple[Backup, ...]
    cipher: str
    """How the repository is encrypted; `none` if it is not, empty if the tool does not say."""
    broken: tuple[Backup, ...] = ()
    """Runs that ended without a backup."""


def in_order(where: str, backups: list[Backup], *, cipher: str, broken: list[Backup] | None = None) -> Catalog:
    """Return the catalog of what a tool listed.

    Raises:
        NotVerifiedError: there is no backup at all.
    """
    if not backups:
        raise NotVerifiedError(f"{where}: no backup in it; correct its name, or make the first one")
    return Catalog(
        backups=tuple(sorted(backups, key=lambda one: (one.modified, one.path))),
        cipher=cipher,
        broken=tuple(sorted(broken or (), key=lambda one: (one.modified, one.path))),
    )
