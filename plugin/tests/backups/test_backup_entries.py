"""Inventory entries of backups: what fits together, and what is refused before anybody is asked."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from signoff.config.kinds.file_backup import FileBackupService

FILES = {"host": "a", "folder": "/x", "pattern": "*"}
PGBACKREST = {"host": "a", "repository": {"tool": "pgbackrest", "name": "shop"}}
RESTIC = {"host": "a", "repository": {"tool": "restic", "location": "/r"}}
BARMAN = {"host": "a", "repository": {"tool": "barman", "name": "shop"}}
RDS = {"managed": {"cloud": "aws", "region": "here", "database": "shop"}}
BUCKET = {"cloud": "aws", "region": "here", "bucket": "copies"}


def _entry(place: dict[str, Any], **changes: Any) -> FileBackupService:
    return FileBackupService.model_validate({"schedule": {"cron": "0 * * * *"}} | place | changes)


@pytest.mark.parametrize(
    ("place", "elsewhere"),
    [
        (FILES, {"host": "b", "folder": "/y"}),
        (FILES, BUCKET | {"prefix": "away/", "within": "1h"}),
        (PGBACKREST, {"key": 2}),
        (RESTIC, {"location": "/q", "password_file": "/p"}),
        (BARMAN, {"host": "b"}),
        (BARMAN, {"command": ["barman", "-c", "/etc/other.conf"]}),
        (RDS, {"cloud": "aws", "region": "there"}),
    ],
)
def test_a_second_place_is_of_the_same_sort(place: dict[str, Any], elsewhere: dict[str, Any]) -> None:
    assert _entry(place, elsewhere=elsewhere).elsewhere is not None


@pytest.mark.parametrize(
    ("place", "elsewhere", "words"),
    [
        (FILES, {}, "write host, cloud, key or location"),
        (FILES, {"host": "a", "folder": "/y"}, "another host"),
        (FILES, {"host": "b"}, "same sort"),
        (FILES, {"key": 2}, "same sort"),
        (FILES, {"cloud": "aws", "region": "here"}, "same sort"),
        (FILES, {"host": "b", "folder": "/y", "key": 2}, "write one place"),
        (FILES, {"cloud": "aws", "region": "here", "prefix": "x"}, "prefix with bucket"),
        (FILES, {"cloud": "aws", "bucket": "copies"}, "go together"),
        (FILES, BUCKET | {"host": "b"}, "write one place"),
        (PGBACKREST, {"key": 1}, "another repository"),
        (PGBACKREST, {"location": "/x"}, "no second repository"),
        (RESTIC, {"location": "/r"}, "another repository"),
        (BARMAN, {"host": "a"}, "another repository"),
        (BARMAN, {"host": "b", "folder": "/x"}, "same sort"),
        (BARMAN, {"key": 2}, "no second repository"),
        (RDS, {"cloud": "aws", "region": "here"}, "another region"),
        (RDS, BUCKET, "same sort"),
    ],
)
def test_a_second_place_that_is_none_is_refused(place: dict[str, Any], elsewhere: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        _entry(place, elsewhere=elsewhere)


@pytest.mark.parametrize(
    ("place", "changes", "words"),
    [
        (FILES | RDS, {}, "exactly one of folder"),
        ({"host": "a", "folder": "/x"}, {}, "folder and pattern"),
        (RDS | {"host": "a"}, {}, "managed backups have none"),
        (RDS, {"schedule": {"timer": "x"}}, "write schedule.cron"),
        (FILES, {"schedule": {"timer": "x", "job": "y"}}, "exactly one of job"),
        (FILES, {"schedule": {"timer": "x", "timezone": "Asia/Seoul"}}, "systemd knows that"),
        (FILES, {"schedule": {"timer": "x", "crontab": "/y"}}, "crontab goes with job"),
        (FILES | {"repository": {"tool": "barman"}}, {}, "barman needs name"),
        ({"host": "a", "repository": {"tool": "borg", "location": "/r", "key": 2}}, {}, "borg knows no key"),
        ({"host": "a", "repository": {"tool": "wal-g", "password_file": "/p"}}, {}, "wal-g knows no password_file"),
        ({"managed": {"cloud": "aws", "region": "here"}}, {}, "exactly one of database"),
    ],
)
def test_what_would_be_ignored_is_refused(place: dict[str, Any], changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        _entry(place, **changes)
