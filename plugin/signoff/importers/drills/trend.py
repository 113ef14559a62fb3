"""How the newest of several rehearsals compares with the earlier ones: whether it is getting slower."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.importers.admissible import read_file
from signoff.importers.drills.drill import Drill, read

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_MOST = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Trend:
    """Durations of rehearsals in seconds."""

    earlier: tuple[float, ...]
    """Oldest first; never empty."""
    newest: float

    @property
    def usual(self) -> float:
        """Median of the earlier ones: one bad day does not move it."""
        return median(self.earlier)

    def limit(self, slower_by: float, noise: float) -> float:
        """Return how long the newest may take.

        Args:
            slower_by: Accepted share on top of the usual time.
            noise: Seconds by which any two rehearsals may differ.
        """
        return self.usual + max(self.usual * slower_by, noise)


def trend(newest: Drill, others: Iterable[Drill]) -> Trend:
    """Return the newest rehearsal beside the successful earlier ones of the same kind and environment.

    Raises:
        NotVerifiedError: there is no earlier one to compare with.
    """
    alike = [
        one
        for one in others
        if (one.kind, one.environment) == (newest.kind, newest.environment)
        and one.succeeded
        and one.performed_at <= newest.performed_at
        and one != newest
    ]
    if not alike:
        raise NotVerifiedError(
            f"no earlier successful {newest.kind} in {newest.environment} to compare with; rehearse it once more and"
            " keep both records in the history"
        )
    alike.sort(key=lambda one: one.performed_at)
    return Trend(earlier=tuple(one.seconds for one in alike), newest=newest.seconds)


def read_folder(folder: Path) -> tuple[Drill, ...]:
    """Return all records (`*.json`) of a folder.

    Raises:
        NotVerifiedError: no such folder, too many files, or one of them is no drill record; names the file.
    """
    if not folder.is_dir():
        raise NotVerifiedError(f"{folder.name}: no such folder; keep the records of earlier rehearsals there")
    files = sorted(folder.glob("*.json"))
    if len(files) > _MOST:
        raise NotVerifiedError(f"{folder.name}: more than {_MOST} records; keep the newest")
    return tuple(map(_read, files))


def _read(file: Path) -> Drill:
    try:
        return read(read_file(file))
    except NotVerifiedError as error:
        raise NotVerifiedError(f"{file.name}: {error}") from error
