"""Backups of the embedded environment, on backup1: database and files, encrypted by age, hourly, and really restored.

`~/backups` holds `shop-<stamp>.dump.age` (`pg_dump -Fc`) and `files-<stamp>.tar.age` (the release repository and every
host's settings), each with a `.sha256` in the form of sha256sum, for the database a `.json` that says what the tables
held, and for the files a `.contents` that lists them. mon1 keeps a copy of each in `~/backup-copies`. On backup1,
`~/bin/postgresql` and `~/bin/decrypt-backup` are what `signoff restore-test` uses. `~/etc/crontab` is run by
`backup_scheduler`; by hand, `python -m signoff.demo.backups DIR JOB` does a job.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyrage

from signoff.demo import postgres, restore_test, table_digests
from signoff.demo.layout import HOSTS, DemoError, Layout, Program, write_atomically
from signoff.demo.supervision import base_environment, python_module

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEPT = 48
"""Backups of each kind that are kept: two days."""

_SCRATCH_PROGRAMS = ("initdb", "postgres", "psql", "pg_restore", "pg_amcheck", "pg_verifybackup")
_CRONTAB = """\
CRON_TZ=UTC
# minute hour day month weekday command
{at.minute} * * * * bin/backup-database
{at.minute} * * * * bin/backup-files
{at.minute} {at.hour} * * * bin/restore-test
"""
"""The first runs are due an hour after the start, less two minutes: until then only what was done by hand happens."""
_SCRIPT = """\
#!/bin/sh
# Written when the environment was started.
export PYTHONPATH='{path}'
exec '{python}' -m signoff.demo.backups '{dir}' {job}
"""


def directory(layout: Layout) -> Path:
    """Return where the backups are."""
    return layout.host("backup1") / "backups"


def copies(layout: Layout) -> Path:
    """Return where their copies are, on another host."""
    return layout.host("mon1") / "backup-copies"


def key_file(layout: Layout) -> Path:
    """Return the age identity that opens the backups."""
    return layout.host("backup1") / "etc" / "backup.key"


def crontab(layout: Layout) -> Path:
    """Return the schedule."""
    return layout.host("backup1") / "etc" / "crontab"


def proof_file(layout: Layout) -> Path:
    """Return the record of the latest restore test."""
    return directory(layout) / "restore-test.json"


def newest(layout: Layout) -> Path:
    """Return the newest backup of the database.

    Raises:
        DemoError: there is none.
    """
    found = sorted(directory(layout).glob("shop-*.dump.age"))
    if not found:
        raise DemoError(f"{directory(layout)}: no backup")
    return found[-1]


def remove(layout: Layout, name: str) -> None:
    """Remove a backup and what was written about it."""
    for file in (*directory(layout).glob(f"{name}*"), *copies(layout).glob(name)):
        file.unlink()


def replace(layout: Layout, name: str, content: bytes) -> None:
    """Give a backup another content, and its copy too unless that was another one before."""
    original, copy = directory(layout) / name, copies(layout) / name
    if copy.exists() and copy.read_bytes() == original.read_bytes():
        copy.write_bytes(content)
    original.write_bytes(content)


def note_digest(layout: Layout, name: str) -> None:
    """Write the manifest of a backup as it is now."""
    path = directory(layout) / name
    _note_digest(path, path.read_bytes())


def prepare(layout: Layout) -> None:
    """Create key, schedule and jobs; take the first backups and restore them once."""
    for name in ("etc", "bin/postgresql", "backups", "scratch"):
        (layout.host("backup1") / name).mkdir(parents=True, exist_ok=True)
    copies(layout).mkdir(parents=True, exist_ok=True)
    write_atomically(key_file(layout), f"{pyrage.x25519.Identity.generate()}\n", mode=0o600)
    before = datetime.now(UTC) - timedelta(minutes=2)
    write_atomically(crontab(layout), _CRONTAB.format(at=before), mode=0o644)
    for job in JOBS:
        _write_script(layout, job)
    for program in _SCRATCH_PROGRAMS:
        _write_wrapper(layout, program)
    back_up_files(layout)
    back_up_database(layout)
    back_up_database(layout)  # a size is only an anomaly beside an earlier one
    verify_restore(layout)


def scheduler_program(layout: Layout) -> Program:
    """Return the program that runs the crontab."""
    argv, env = python_module(layout, "signoff.demo.backup_scheduler")
    home = layout.host("backup1")
    return Program(name="backup-scheduler", argv=argv, cwd=home, env=env, host="backup1", address=str(crontab(layout)))


def back_up_database(layout: Layout, *, encrypted: bool = True) -> Path:
    """Dump the database, with what its tables held at that very moment, and return the file."""
    with postgres.connect_admin(layout) as connection, connection.transaction():
        # The dump sees the same snapshot as the digests, however busy the shop is.
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        row = connection.execute("SELECT pg_export_snapshot()").fetchone()
        tables = table_digests.read(connection)
        snapshot = str(row[0]) if row else ""
        dump = _run(layout, postgres.binary("pg_dump"), "-Fc", f"--snapshot={snapshot}")
    target = _target(layout, "shop-{}.dump.age")
    contents = {"schema_version": 1, "backup": target.name, "tables": [asdict(table) for table in tables]}
    write_atomically(target.with_name(f"{target.name}.json"), json.dumps(contents, indent=1) + "\n")
    _store(layout, target, _encrypt(layout, dump) if encrypted else dump)
    _prune(layout, "shop-*.dump.age")
    return target


def back_up_files(layout: Layout, *, encrypted: bool = True, without: str = "") -> Path:
    """Pack the release repository and the settings of every host (but one), and return the encrypted file."""
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w:gz") as archive:
        archive.add(layout.repo, "repo")
        for host in (one for one in HOSTS if one != without):
            settings = layout.host(host) / "etc"
            # The key that opens the backup does not belong into the backup.
            archive.add(settings, f"{host}/etc", filter=lambda one: None if one.name.endswith("backup.key") else one)
        listed = "".join(f"{name}\n" for name in archive.getnames())
    packed = memory.getvalue()
    target = _target(layout, "files-{}.tar.age")
    write_atomically(target.with_name(f"{target.name}.contents"), listed)
    _store(layout, target, _encrypt(layout, packed) if encrypted else packed)
    _prune(layout, "files-*.tar.age")
    return target


def verify_restore(layout: Layout) -> bool:
    """Restore the newest backup into a scratch database, record what came back, and return whether it is the same."""
    proof = restore_test.run(layout, newest(layout), key_file(layout))
    write_atomically(proof_file(layout), json.dumps(proof, indent=1) + "\n", mode=0o644)
    return bool(proof["passed"])


def decrypt(layout: Layout) -> None:
    """Open the backup that comes in, and let it out."""
    identity = pyrage.x25519.Identity.from_str(key_file(layout).read_text(encoding="ascii").strip())
    sys.stdout.buffer.write(pyrage.decrypt(sys.stdin.buffer.read(), [identity]))


JOBS: Mapping[str, Callable[[Layout], object]] = {
    "decrypt-backup": decrypt,
    "backup-database": back_up_database,
    "backup-files": back_up_files,
    "restore-test": verify_restore,
}


def _encrypt(layout: Layout, plain: bytes) -> bytes:
    identity = pyrage.x25519.Identity.from_str(key_file(layout).read_text(encoding="ascii").strip())
    content: bytes = pyrage.encrypt(plain, [identity.to_public()])
    return content


def _target(layout: Layout, pattern: str) -> Path:
    return directory(layout) / pattern.format(datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ"))


def _store(layout: Layout, target: Path, content: bytes) -> None:
    """Write a backup, which gets its name last: whoever sees it finds its manifest and its copy, too."""
    unfinished = target.with_name(f".{target.name}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    _note_digest(target, content)
    shutil.copy2(unfinished, copies(layout) / target.name)
    unfinished.rename(target)


def _note_digest(path: Path, content: bytes) -> None:
    digest = hashlib.sha256(content).hexdigest()
    write_atomically(path.with_name(f"{path.name}.sha256"), f"{digest}  {path.name}\n", mode=0o644)


def _prune(layout: Layout, pattern: str) -> None:
    for old in sorted(directory(layout).glob(pattern))[:-KEPT]:
        remove(layout, old.name)


def _write_script(layout: Layout, job: str) -> None:
    argv, env = python_module(layout, __spec__.name)
    text = _SCRIPT.format(path=env["PYTHONPATH"], python=argv[0], dir=layout.dir, job=job)
    write_atomically(layout.host("backup1") / "bin" / job, text, mode=0o755)


def _write_wrapper(layout: Layout, program: str) -> None:
    """Let a program of PostgreSQL be started by whoever we are."""
    text = f'#!/bin/sh\nexec {shlex.join(postgres.command(program))} "$@"\n'
    write_atomically(layout.host("backup1") / "bin" / "postgresql" / program, text, mode=0o755)


def _run(layout: Layout, *command: str) -> bytes:
    environment = {**base_environment(layout), **postgres.client_env(layout)}
    done = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=300)
    if done.returncode:
        raise DemoError(f"{Path(command[0]).name}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


if __name__ == "__main__":
    JOBS[sys.argv[2]](Layout(Path(sys.argv[1])))
