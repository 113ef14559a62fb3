"""What a restore test will do: which backup, where, and the script that does it there."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from signoff.config.yamlfile import did_you_mean
from signoff.errors import GuardError, NotVerifiedError
from signoff.probes.backups.repository import Place
from signoff.probes.postgres.contents import SCRIPT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from signoff.config.inventory import Inventory
    from signoff.probes.backups.model import Backup

LOCK = ".restore-test.lock"
_KIB = 1024
_PARTS = ("before.sh", "watch.sh", "restore.sh")
_PROGRAMS = {
    "custom": ("initdb", "postgres", "psql", "pg_restore"),
    "plain": ("initdb", "postgres", "psql"),
    "basebackup": ("postgres", "psql"),
    "pgbackrest": ("postgres", "psql"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One restore test: which backup, where, and what is known of it beforehand."""

    service: str
    settings: Any
    database: str
    """Name of the database in the server."""
    backup: Backup
    digest: str
    """Recorded sha256 of the file; of the manifest for a repository."""
    started: datetime

    @property
    def scratch(self) -> Any:
        """Where it is restored."""
        return self.settings.restore.scratch

    @property
    def words(self) -> dict[str, tuple[str, ...]]:
        """The commands that somebody wrote for it into the inventory, by what they are for."""
        named = ("cat", "--", self.backup.path)
        fetch = tuple(word.replace("{name}", self.backup.name) for word in self.scratch.fetch) or named
        if self.settings.repository is None:
            return {"fetch": fetch, "decrypt": self.scratch.decrypt or ("cat",)}
        return {"pgbackrest": self.scratch.command or Place.of(self.settings.repository).command}


def settings_of(inventory: Inventory, service: str, host: str) -> Any:
    """Return the settings of a backup that names this host to be restored on.

    Raises:
        NotVerifiedError: there is no such backup, or nothing says where to restore it.
        GuardError: the host is another one.
    """
    known = inventory.services_of("backup")
    if service not in known:
        hint = did_you_mean(service, known) or f"the inventory has {', '.join(known) or 'none'}"
        raise NotVerifiedError(f"{service!r} is no database backup ({hint})")
    settings: Any = known[service]
    if settings.restore.scratch is None:
        raise NotVerifiedError(f"{service}: nothing says where to restore; write restore.scratch in services.yaml")
    if host != settings.restore.scratch.host:
        raise GuardError(f"{host} is not the scratch host of {service}, which is {settings.restore.scratch.host}")
    if host not in inventory.hosts:
        raise NotVerifiedError(f"{host} is no host of the inventory; add it to hosts.yaml")
    if settings.managed or (settings.repository and settings.repository.tool != "pgbackrest"):
        raise NotVerifiedError(f"{service}: only files and pgBackRest can be restored from here; see docs/backups.md")
    if (settings.repository is not None) != (settings.restore.scratch.format == "pgbackrest"):
        raise NotVerifiedError(f"{service}: format pgbackrest goes with repository, all others with files")
    return settings


def script(request: Request) -> str:
    """Return the shell text that does all of it on the scratch host."""
    scratch, backup = request.scratch, request.backup
    words = request.words
    tools = [one[0] for one in words.values()] + (["tar"] if scratch.format == "basebackup" else [])
    values = {
        "FOLDER": scratch.folder,
        "PROGRAMS": scratch.programs,
        "SERVER_PROGRAMS": " ".join(_PROGRAMS[scratch.format]),
        # Whatever has a space in its name is missed only when it is needed.
        "TOOLS": " ".join(one for one in tools if not set(one) & set(" \t\n*?[")),
        "RECORD": request.settings.restore.record,
        "FORMAT": scratch.format,
        "NAME": backup.name,
        "EXPECTED": request.digest,
        "BYTES": str(backup.size),
        "DATABASE": request.database,
        "ROLE": scratch.superuser if scratch.format in {"basebackup", "pgbackrest"} else "postgres",
        "ROLES": " ".join(scratch.roles),
        "NEEDED_KIB": str(int(backup.size * scratch.room / _KIB) + 1),
        "SECONDS_AT_MOST": str(max(1, int(scratch.within.total_seconds()))),
        "INTERRUPTED": interrupted(request),
        "CONTENTS": SCRIPT,
        "CONTROLLER": str(os.getpid()),
    }
    functions = [
        *(_function(name, f"exec {shlex.join(one)}") for name, one in words.items() if name != "pgbackrest"),
        *_repository(request),
    ]
    runner = [files(__package__).joinpath(part).read_text(encoding="utf-8") for part in _PARTS]
    return "\n".join([*_assignments(values), *functions, *runner])


def interrupted(request: Request, why: str = "") -> str:
    """Return the record that stands while the test goes on, and stays if it never comes to an end."""
    at = stamp(request.started)
    return json.dumps(
        {
            "schema_version": 1,
            "state": "interrupted",
            "backup": request.backup.name,
            "backup_sha256": request.digest,
            "started": at,
            "seconds": 0,
            "passed": False,
            "detail": why or f"it was begun at {at} and never came to an end",
            "tables": [],
        }
    )


def stamp(at: datetime) -> str:
    """Return the instant as records write it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _assignments(values: Mapping[str, str]) -> list[str]:
    return [f"{name}={shlex.quote(value)}" for name, value in values.items()]


def _function(name: str, command: str) -> str:
    return f'{name}() {{ cd "$START" && {command}; }}'


def _repository(request: Request) -> Sequence[str]:
    if request.settings.repository is None:
        return ()
    place = Place.of(request.settings.repository)
    program = shlex.join([*request.words["pgbackrest"], f"--stanza={place.name}", f"--repo={place.key}"])
    chosen = shlex.quote(f"--set={request.backup.name}")
    options = "--type=immediate --target-action=promote --archive-mode=off"
    places = '--pg1-path="$1/data" --lock-path="$1/lock" --log-path="$1" --tablespace-map-all="$1/tablespaces"'
    return (
        _function("list_repository", f"exec {program} --output=json info"),
        _function("restore_repository", f"exec {program} {chosen} {options} {places} restore"),
    )
