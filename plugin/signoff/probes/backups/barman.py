"""What `barman -f json list-backups SERVER` says.

https://docs.pgbarman.org/release/latest/user_guide/commands.html#barman-list-backups
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node
from signoff.probes.backups.model import Backup, Catalog, in_order

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

_DONE = frozenset({"DONE"})
_UNDER_WAY = frozenset({"STARTED", "SYNCING", "EMPTY", "WAITING_FOR_WALS"})
_ID = re.compile(r"\d{8}T\d{6}\Z")


def arguments(server: str) -> tuple[str, ...]:
    """Return what follows the program's name."""
    return ("-f", "json", "list-backups", server)


def parse(text: str, server: str, *, zone: Callable[[], tzinfo]) -> Catalog:
    """Return the server's backups; one that still waits for its WAL restores nothing yet, and is left out.

    Args:
        text: The answer.
        server: Barman's name of it.
        zone: Says the zone of Barman's host, in which it names runs; asked only where one failed, of which only the
            name is known.

    Raises:
        NotVerifiedError: not such an answer, or no such server.
    """
    kind = f"barman list-backups of {server}"
    answer = Node.parse(text, kind=kind)
    if server not in answer:
        raise NotVerifiedError(f"{kind}: no such server; correct its name")
    rows = answer.at(server).items()
    done = [_backup(one) for one in rows if one.at("status").text() in _DONE]
    failed = [_failed(one, zone()) for one in rows if one.at("status").text() not in _DONE | _UNDER_WAY]
    return in_order(kind, done, cipher="", broken=failed)


def _backup(node: Node) -> Backup:
    stamp = node.at("end_time_timestamp").text()
    if not stamp.isdigit():
        raise node.at("end_time_timestamp").wrong("seconds since 1970")
    return Backup(
        path=node.at("backup_id").text(),
        modified=datetime.fromtimestamp(int(stamp), UTC),
        size=node.at("size_bytes").count(),
    )


def _failed(node: Node, zone: tzinfo) -> Backup:
    name = node.at("backup_id").text()
    if not _ID.match(name):
        raise node.at("backup_id").wrong("an id such as 20261122T010000")
    begun = datetime.strptime(name, "%Y%m%dT%H%M%S").replace(tzinfo=zone).astimezone(UTC)
    return Backup(path=name, modified=begun, size=0, problem=node.at("status").text())
