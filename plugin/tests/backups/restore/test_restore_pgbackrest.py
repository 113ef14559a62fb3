"""A real pgBackRest: what it says, and a restore whose copy has its data, archives nothing, and is gone afterwards."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.backups.pgbackrest import parse
from signoff.probes.backups.repository import Place, manifest_sha256, read
from signoff.probes.postgres.contents import SCRIPT
from tests.backups.restore.conftest import STANZA

if TYPE_CHECKING:
    from signoff.probes.backups.model import Backup
    from signoff.transport.host import CheckedHost
    from tests.backups.restore.conftest import PgBackRest
    from tests.backups.restore.lab import Lab


def _lab(lab: Lab, made: PgBackRest) -> Lab:
    """Point the environment to the repository."""
    lab.set(programs=str(made.programs), format="pgbackrest", command=list(made.command))
    for key in ("folder", "pattern"):
        del lab.backup[key]
    lab.backup["restore"]["contents"] = f"{lab.folder}/{{name}}.json"
    # The backup's host may need other words than the scratch host.
    lab.backup["repository"] = {"tool": "pgbackrest", "name": STANZA, "command": ["env", *made.command]}
    lab.services["shop-db"]["database"] = "postgres"
    return lab


def _says_what_each_repository_holds(here: CheckedHost, made: PgBackRest) -> None:
    nothing = {"location": "", "password_file": "", "key": 1, "seconds": 600}
    place = Place(tool="pgbackrest", name="shop", command=tuple(made.command), **nothing)  # type: ignore[arg-type]  # all fit

    first, second = read(here, place), read(here, replace(place, key=2))

    assert (first.cipher, second.cipher) == ("aes-256-cbc", "none")
    assert first.backups[0].name.endswith("F")
    assert first.backups[0].size > 1_000_000
    assert abs(datetime.now(UTC) - first.backups[0].at) < timedelta(minutes=29)
    assert first.backups[0].name != second.backups[0].name
    digest = manifest_sha256(here, place, first.backups[0].name)
    assert len(digest) == 64
    for other in (replace(place, name="nobody"), replace(place, key=3), replace(place, command=("pgbackrest",))):
        with pytest.raises(NotVerifiedError):
            read(here, other)


def _tells_of_damaged_pages_or_cannot_tell(made: PgBackRest) -> None:
    answer = json.loads(made.ask("--output=json", "info"))
    answer[0]["backup"][0]["error"] = True
    (damaged,) = (one for one in _parsed(answer) if one.problem)
    assert damaged.problem == "pages with wrong checksums"

    answer[0]["repo"][0]["status"] = {"code": 99, "message": "other"}
    with pytest.raises(NotVerifiedError, match="other; run pgbackrest check"):
        _parsed(answer)


def _parsed(answer: object) -> tuple[Backup, ...]:
    return parse(json.dumps(answer), "shop").backups


def test_pgbackrest_is_read_restored_and_acts_on_nothing(
    here: CheckedHost, pgbackrest: PgBackRest, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One test, for one server: it takes seconds to make."""
    _says_what_each_repository_holds(here, pgbackrest)
    _tells_of_damaged_pages_or_cannot_tell(pgbackrest)
    _lab(lab, pgbackrest)
    (info,) = json.loads(pgbackrest.ask("--output=json", "info"))
    label = [one["label"] for one in info["backup"] if one["database"]["repo-key"] == 1][-1]
    contents = pgbackrest.sql(SCRIPT)
    (lab.folder / f"{label}.json").write_text(contents)
    archived = sorted((pgbackrest.folder / "repo1" / "archive").rglob("*-*"))

    status, output = lab.run(monkeypatch)

    assert status == 0, output
    record = lab.record()
    assert {table.name: table.restored_rows for table in record.tables} == {"orders": 300}
    assert [(tool.name, tool.ok) for tool in record.tools] == [("pgbackrest", True), ("pg_amcheck", True)]
    manifest = pgbackrest.ask("--repo=1", "repo-get", f"backup/shop/{label}/backup.manifest")
    assert record.backup_sha256 == hashlib.sha256(manifest.encode()).hexdigest()
    assert sorted((pgbackrest.folder / "repo1" / "archive").rglob("*-*")) == archived
    assert (lab.leftovers(), (pgbackrest.folder / "acted").exists()) == ([], False)

    # A scratch host that does not see the repository knows nothing of the backup.
    lab.set(command=["pgbackrest", "--config=/nonexistent", f"--repo1-path={lab.folder}"])
    status, output = lab.run(monkeypatch)
    assert (status, "does not see" in output, lab.record().ended) == (12, True, False), output
    lab.set(command=list(pgbackrest.command))

    files = (pgbackrest.folder / "repo1" / "backup" / "shop" / label / "pg_data" / "base").rglob("*")
    file = max((one for one in files if one.is_file()), key=lambda one: one.stat().st_size)
    whole = file.read_bytes()
    middle = len(whole) // 2
    file.chmod(0o600)
    file.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    status, output = lab.run(monkeypatch)
    file.write_bytes(whole)
    assert (status, lab.record().passed, "pgbackrest: " in lab.record().detail) == (1, False, True), output
