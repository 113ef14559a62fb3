"""What `pgbackrest info --output=json` says, whose form pgBackRest keeps stable.

https://pgbackrest.org/command.html#command-info
"""

from __future__ import annotations

from datetime import UTC, datetime

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node
from signoff.probes.backups.model import Backup, Catalog, in_order

_NO_BACKUP = 2
_WELL = {0, _NO_BACKUP}


def arguments(stanza: str) -> tuple[str, ...]:
    """Return what follows the program's name."""
    return (f"--stanza={stanza}", "--output=json", "info")


def parse(text: str, stanza: str, *, key: int = 1) -> Catalog:
    """Return the backups of one repository of the stanza.

    Raises:
        NotVerifiedError: not such an answer, no such stanza or repository, or pgBackRest itself cannot tell.
    """
    kind = f"pgbackrest info of {stanza}"
    found = [one for one in Node.parse(text, kind=kind).items() if one.at("name").text() == stanza]
    if not found:
        raise NotVerifiedError(f"{kind}: no such stanza; correct its name, or grant the account read access")
    (mine,) = found[:1]
    repositories = [one for one in mine.at("repo").items() if one.at("key").count() == key]
    if not repositories:
        raise NotVerifiedError(f"{kind}: it has no repository {key}; configure repo{key} or correct the number")
    status = repositories[0].at("status")
    if status.at("code").count() not in _WELL:
        raise NotVerifiedError(f"{kind}: repository {key}: {status.at('message').text()}; run pgbackrest check")
    backups = [_backup(one) for one in mine.at("backup").items() if one.at("database").at("repo-key").count() == key]
    return in_order(f"{kind}, repository {key}", backups, cipher=repositories[0].at("cipher").text())


def _backup(node: Node) -> Backup:
    times = node.at("timestamp")
    # null: the data directory has no checksums, so nothing was verified while it was read.
    damaged = node.at("error").flag() if "error" in node else False
    return Backup(
        path=node.at("label").text(),
        begun=datetime.fromtimestamp(times.at("start").count(), UTC),
        modified=datetime.fromtimestamp(times.at("stop").count(), UTC),
        size=node.at("info").at("size").count(),
        problem="pages with wrong checksums" if damaged else "",
    )
