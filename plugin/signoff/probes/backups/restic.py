"""What `restic snapshots --json` says; restic encrypts every repository.

https://restic.readthedocs.io/en/stable/075_scripting.html#snapshots
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.importers._json import Node
from signoff.probes.backups.model import Backup, Catalog, in_order

if TYPE_CHECKING:
    from collections.abc import Sequence

_DAMAGE = ("repository contains errors", "LoadIndex returned errors")


def arguments(location: str, password_file: str) -> tuple[str, ...]:
    """Return what follows the program's name; no lock is taken, which would be a change."""
    password = ("--password-file", password_file) if password_file else ()
    return ("-r", location, *password, "--no-lock", "--no-cache", "--json", "snapshots")


def verification(location: str, password_file: str, *, share: float) -> tuple[str, ...]:
    """Return what makes restic read its whole structure, and that share of the stored data."""
    data = (f"--read-data-subset={share:.2%}",) if share else ()
    return (*arguments(location, password_file)[:-2], "check", *data)


def found_damage(errors: str) -> bool:
    """Return whether a check that failed says that the repository is damaged, and not that it cannot be read."""
    return any(words in errors for words in _DAMAGE)


def listing(location: str, password_file: str, snapshot: str, path: str) -> tuple[str, ...]:
    """Return what makes restic print a path in a snapshot, and what lies directly in it."""
    return (*arguments(location, password_file)[:-2], "--quiet", "ls", snapshot, inside(path))


def inside(path: str) -> str:
    """Return the path as restic writes it, from the snapshot's own root."""
    return f"/{path.strip('/')}"


def parse(text: str, location: str, *, host: str = "") -> Catalog:
    """Return the snapshots, of one host if it is named.

    Raises:
        NotVerifiedError: not such an answer, or no snapshot.
    """
    kind = f"restic snapshots of {location}"
    rows: Sequence[Node] = Node.parse(text if text.strip() != "null" else "[]", kind=kind).items()
    mine = [one for one in rows if host in {"", one.at("hostname").text()}]
    return in_order(kind, [_snapshot(one) for one in mine], cipher="AES-256-CTR, Poly1305")


def _snapshot(node: Node) -> Backup:
    begun = node.at("time").instant()
    summary = node.at("summary")
    return Backup(
        path=node.at("short_id").text(),
        begun=begun,
        modified=begun,
        size=summary.at("total_bytes_processed").count() if "summary" in node else 0,
        content=node.at("tree").text(),
    )
