"""Asks a backup tool on its host for what is in its repository; nothing is locked, made or repaired."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from signoff.errors import NotVerifiedError
from signoff.probes.backups import barman, borg, pgbackrest, restic, walg
from signoff.probes.hosts.cron import zone_of

if TYPE_CHECKING:
    from signoff.probes.backups.model import Catalog


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Which repository, and how its tool is started."""

    tool: str
    name: str
    location: str
    password_file: str
    command: tuple[str, ...]
    key: int
    seconds: float
    share: float = 0
    """Of the stored data, that is read to find damage."""

    @classmethod
    def of(cls, entry: Any) -> Place:
        """Return what an inventory entry says."""
        return cls(
            tool=entry.tool,
            name=entry.name,
            location=entry.location,
            password_file=entry.password_file,
            command=entry.command or (entry.tool,),
            key=entry.key,
            seconds=entry.within.total_seconds(),
            share=entry.read,
        )

    def second(self, elsewhere: Any) -> Place:
        """Return the other repository that an inventory entry names by what is different in it."""
        return replace(
            self,
            key=elsewhere.key or self.key,
            location=elsewhere.location or self.location,
            password_file=elsewhere.password_file or self.password_file,
            command=elsewhere.command or self.command,
        )


def read(host: Any, place: Place) -> Catalog:
    """Return what the tool says.

    Raises:
        NotVerifiedError: the tool is missing, the repository is locked or cannot be read, or it holds no backup.
    """
    match place.tool:
        case "pgbackrest":
            return pgbackrest.parse(_ask(host, place, pgbackrest.arguments(place.name)), place.name, key=place.key)
        case "barman":
            answer = _ask(host, place, barman.arguments(place.name))
            return barman.parse(answer, place.name, zone=lambda: ZoneInfo(zone_of(host)))
        case "wal-g":
            return walg.parse(_ask(host, place, walg.arguments()))
        case "restic":
            asked = restic.arguments(place.location, place.password_file)
            return restic.parse(_ask(host, place, asked), place.location, host=place.name)
        case _:
            return borg.parse(_ask(host, place, borg.arguments(place.location)), place.location)


def holds(host: Any, place: Place, backup: str, path: str) -> bool:
    """Return whether a backup of restic or borg holds the path.

    Raises:
        NotVerifiedError: the tool cannot tell.
    """
    if place.tool == "restic":
        asked = restic.listing(place.location, place.password_file, backup, path)
        return restic.inside(path) in _ask(host, place, asked).splitlines()
    words = [*_program(place), *borg.listing(place.location, backup, path)]
    done = host.run(_quoted(words), *words, limit=place.seconds)
    if done.rc == 1 and "never matched" in done.stderr:
        return False
    if done.rc != 0:
        raise NotVerifiedError(f"{place.location}: {_last_line(done.stderr)}; see whether borg list works there")
    return bool(done.stdout.strip())


def verify(host: Any, place: Place) -> str:
    """Return what restic finds wrong with its repository; empty: nothing.

    Raises:
        NotVerifiedError: the repository cannot be read.
    """
    words = [*_program(place), *restic.verification(place.location, place.password_file, share=place.share)]
    done = host.run(_quoted(words), *words, limit=place.seconds)
    if done.rc == 0:
        return ""
    if not restic.found_damage(done.stderr):
        raise NotVerifiedError(f"{place.location}: {_last_line(done.stderr)}; see whether restic check works there")
    return _last_line(done.stderr)


def manifest_sha256(host: Any, place: Place, label: str) -> str:
    """Return the sha256 of the manifest of a pgBackRest backup, which holds a checksum of every file in it.

    Raises:
        NotVerifiedError: it cannot be read.
    """
    path = f"backup/{place.name}/{label}/backup.manifest"
    text = _ask(host, place, (f"--stanza={place.name}", f"--repo={place.key}", "repo-get", path))
    if not text:
        raise NotVerifiedError(f"{path}: empty; see whether pgbackrest repo-get works there")
    return hashlib.sha256(text.encode()).hexdigest()


def _ask(host: Any, place: Place, asked: tuple[str, ...]) -> str:
    words = [*_program(place), *asked]
    done = host.run(_quoted(words), *words, limit=place.seconds)
    if done.rc != 0:
        raise NotVerifiedError(
            f"{place.tool} {place.name or place.location}: {_last_line(done.stderr)}; "
            "install it there, unlock the repository, or grant the account read access"
        )
    return str(done.stdout)


def _program(place: Place) -> tuple[str, ...]:
    before = borg.environment(place.password_file) if place.tool == "borg" else ()
    return (*before, *place.command)


def _quoted(words: list[str]) -> str:
    return " ".join(["%s"] * len(words))


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it says nothing"
