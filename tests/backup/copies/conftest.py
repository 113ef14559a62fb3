"""What checks of copies talk about: the newest backup in another place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.probes.backups.model import Backup


@dataclass(frozen=True, kw_only=True)
class Copy:
    """The newest backup's copy in another place."""

    of: str
    place: str
    original: str = ""
    """Mark by which the backup itself is known; empty: it was not asked for, because there is no copy."""
    mark: str = ""
    """The copy's own; empty: it is not there."""
    kind: str
    """Of the marks: `sha256`, `md5`, or words."""


@pytest.fixture
def copy_elsewhere(backups: Any, connect: Callable[[str], Any], open_aws_account: Callable[[str], Any]) -> Copy:
    """Return the copy of the newest backup that is old enough to have one."""
    from signoff import not_verified

    there = backups.settings.elsewhere
    if there is None:
        not_verified(f"{backups.name}: no second place named; write elsewhere for it in services.yaml")
    newest = _old_enough(backups, there.within)
    if there.folder:
        return _on_host(backups, newest, connect(there.host))
    if there.bucket:
        with open_aws_account(there.cloud) as account:
            return _in_bucket(backups, newest, account)
    return _in_catalog(backups, newest)


def _old_enough(backups: Any, within: Any) -> Backup:
    """Return the newest backup whose copy must be there by now; if all are younger, the newest."""
    settled = [one for one in backups.files if within and one.modified <= backups.now - within]
    newest: Backup = settled[-1] if settled else backups.newest
    return newest


def _on_host(backups: Any, newest: Backup, host: Any) -> Copy:
    from signoff.probes.hosts.backup_files import digest, find_backups

    there, name = backups.settings.elsewhere, newest.name
    place = f"{there.host}:{there.folder}"
    found = [one for one in find_backups(host, there.folder, backups.settings.pattern) if one.name == name]
    if not found:
        return Copy(of=name, place=place, kind="sha256")
    mark = digest(host, found[0].path, limit=backups.settings.hash_within.total_seconds())
    return Copy(of=name, place=place, mark=mark, original=backups.digest(name, kind="sha256"), kind="sha256")


def _in_bucket(backups: Any, newest: Backup, account: Any) -> Copy:
    from signoff import not_verified
    from signoff.probes.aws.buckets import read_copy

    there, name = backups.settings.elsewhere, newest.name
    place = f"s3://{there.bucket}/{there.prefix}{name}"
    found = read_copy(account, there.region, there.bucket, f"{there.prefix}{name}")
    if found is None:
        return Copy(of=name, place=place, kind="sha256")
    kind = "sha256" if found.sha256 else "md5"
    if not (mark := found.sha256 or found.md5):
        not_verified(f"{place}: Amazon keeps no digest of it; upload with --checksum-algorithm SHA256")
    return Copy(of=name, place=place, mark=mark, original=backups.digest(name, kind=kind), kind=kind)


def _in_catalog(backups: Any, newest: Backup) -> Copy:
    """Return what the second repository or region has: the same content, else a backup of its own that is on time."""
    there = backups.settings.elsewhere
    place = there.location or there.host or there.region or f"repository {there.key or ' '.join(there.command)}"
    usable = [one for one in backups.second.backups if not one.problem]
    if newest.content:
        same = any(one.content == newest.content for one in usable)
        mark, kind = newest.content, "the mark"
    else:
        same = any(one.at >= backups.due[0] for one in usable)
        mark, kind = f"a backup since {backups.due[0]:%Y-%m-%d %H:%M} UTC", "the time"
    return Copy(of=newest.name, place=place, mark=mark if same else "", original=mark, kind=kind)
