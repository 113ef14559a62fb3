"""What `wal-g backup-list --json --detail` says.

https://github.com/wal-g/wal-g/blob/master/docs/README.md#backup-list
"""

from __future__ import annotations

from signoff.importers._json import Node
from signoff.probes.backups.model import Backup, Catalog, in_order

_KIND = "wal-g backup-list"
_DELTA = "_D_"
"""In the name of a backup that holds only what has changed since another one."""


def arguments() -> tuple[str, ...]:
    """Return what follows the program's name."""
    return ("backup-list", "--json", "--detail")


def parse(text: str) -> Catalog:
    """Return the backups.

    Raises:
        NotVerifiedError: not such an answer; `null` and nothing stand for an empty storage.
    """
    rows = Node.parse(text if text.strip() not in {"", "null"} else "[]", kind=_KIND).items()
    return in_order(_KIND, [_backup(one) for one in rows], cipher="")


def _backup(node: Node) -> Backup:
    name = node.at("backup_name").text()
    return Backup(
        path=name,
        kind="delta" if _DELTA in name else "full",
        begun=node.at("start_time").instant(),
        modified=node.at("finish_time").instant(),
        size=node.at("compressed_size").count(),
    )
