"""What `borg list --json` says of the newest archives.

https://borgbackup.readthedocs.io/en/1.2-maint/internals/frontends.html#standard-output
"""

from __future__ import annotations

from datetime import UTC

from signoff.importers._json import Node
from signoff.probes.backups.model import Backup, Catalog, in_order

_NEWEST = 30
_NOT_SECRET = ("none", "authenticated")
"""Modes that leave what is stored readable: `authenticated` only proves who wrote it."""


def environment(password_file: str) -> tuple[str, ...]:
    """Return what stands before the program's name: times in UTC, no questions, the password from a file."""
    password = (f"BORG_PASSCOMMAND=cat {password_file}",) if password_file else ()
    return ("env", "TZ=UTC", "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes", *password)


def arguments(location: str) -> tuple[str, ...]:
    """Return what follows the program's name; no lock is taken, which would be a change."""
    return ("--bypass-lock", "list", "--json", "--last", str(_NEWEST), location)


def listing(location: str, archive: str, path: str) -> tuple[str, ...]:
    """Return what makes borg print the path if it is in the archive, and nothing below it."""
    return ("--bypass-lock", "list", "--short", f"{location}::{archive}", f"pf:{path.strip('/')}")


def parse(text: str, location: str) -> Catalog:
    """Return the newest archives.

    Raises:
        NotVerifiedError: not such an answer, or no archive.
    """
    answer = Node.parse(text, kind=f"borg list of {location}")
    mode = answer.at("encryption").at("mode").text()
    cipher = "none" if mode.startswith(_NOT_SECRET) else mode
    return in_order(f"borg {location}", [_archive(one) for one in answer.at("archives").items()], cipher=cipher)


def _archive(node: Node) -> Backup:
    begun = node.at("start").instant(UTC)
    return Backup(path=node.at("name").text(), begun=begun, modified=begun, size=0)
