"""A central log in real files, read by real commands."""

from __future__ import annotations

import gzip
import json
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.logs.files import FileLog

if TYPE_CHECKING:
    from pathlib import Path


MINUTE = timedelta(minutes=1)
"""What writing and reading a file may take."""


def line(age: timedelta, **fields: str) -> str:
    return json.dumps({"ts": (datetime.now(UTC) - age).isoformat(), **fields}) + "\n"


@pytest.fixture
def log(here: Any, tmp_path: Path) -> FileLog:
    return FileLog(here, f"{tmp_path}/my logs/{{host}}.log")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "my logs"
    folder.mkdir()
    return folder


def test_the_newest_line_of_each_host_is_found(log: FileLog, folder: Path) -> None:
    (folder / "web1.log").write_text(line(timedelta(hours=5)) + line(timedelta(minutes=2)) + "Traceback …\n  File …\n")
    (folder / "web2.log").write_text(line(timedelta(minutes=-5)))
    (folder / "web3.log").write_text("no JSON\n[1]\n" + json.dumps({"ts": "2026-01-01T00:00:00"}) + "\n")
    (folder / "web5.log").write_text("")
    newest = {one.source: one for one in log.newest(["web1", "web2", "web3", "web4", "web5"])}
    assert newest["web1"].age == pytest.approx(timedelta(minutes=2), abs=MINUTE)
    assert newest["web2"].age == pytest.approx(timedelta(minutes=-5), abs=MINUTE)
    assert [newest[name].at for name in ("web3", "web4", "web5")] == [None, None, None], "a naive time is no instant"


def test_a_host_whose_last_line_has_no_end_does_not_hide_the_next(log: FileLog, folder: Path) -> None:
    (folder / "web1.log").write_text(line(timedelta(0)).rstrip("\n"))
    (folder / "web2.log").write_text(line(timedelta(0)))
    assert all(one.at for one in log.newest(["web1", "web2"]))


def test_without_a_clock_no_age_is_known(scripted_host: Any) -> None:
    with pytest.raises(NotVerifiedError, match="clock"):
        FileLog(scripted_host({}), "{host}.log").newest(["web1"])


def test_a_line_that_arrives_late_is_waited_for(log: FileLog, folder: Path) -> None:
    (folder / "web1.log").write_text(line(timedelta(0), request_id="other"))

    def arrive(_seconds: float) -> None:
        (folder / "web2.log").write_text(line(timedelta(0), request_id="abc-1 '*"))

    found = log.search("abc-1 '*", within=60, sleep=arrive)
    assert [record["request_id"] for record in found.lines] == ["abc-1 '*"]


def test_a_line_that_never_arrives_is_not_found(log: FileLog, folder: Path) -> None:
    (folder / "web1.log").write_text(line(timedelta(0), request_id="other"))
    found = log.search("-e absent", within=0.1, pause=0.05)
    assert found.lines == ()
    assert found.seconds >= 0.1


def test_files_that_cannot_be_read_are_no_evidence(log: FileLog) -> None:
    with pytest.raises(NotVerifiedError, match="cannot be searched"):
        log.search("x", within=0)


def test_services_are_found_whatever_host_they_log_on(log: FileLog, folder: Path) -> None:
    (folder / "web1.log").write_text(line(timedelta(hours=1), service="shop") + line(timedelta(0), service="cron"))
    (folder / "web2.log").write_text(line(timedelta(minutes=3), service="shop"))
    found = {one.source: one for one in log.newest([], ["shop", "worker"])}
    assert found["service shop"].age == pytest.approx(timedelta(minutes=3), abs=MINUTE)
    assert found["service worker"].at is None


def test_lag_is_the_longest_way_of_the_last_minutes(here: Any, tmp_path: Path, folder: Path) -> None:
    log = FileLog(here, f"{tmp_path}/my logs/{{host}}.log", received_field="received")
    now = datetime.now(UTC)

    def taken(ago: float, way: float) -> str:
        at = now - timedelta(seconds=ago)
        return json.dumps({"ts": (at - timedelta(seconds=way)).isoformat(), "received": at.isoformat()}) + "\n"

    (folder / "web1.log").write_text(taken(3600, 900) + taken(60, 90) + taken(5, 1))
    (folder / "web2.log").write_text(taken(7200, 9) + taken(3600, 700))
    (folder / "web3.log").write_text(line(timedelta(0)))
    assert [one.lag for one in log.newest(["web1", "web2", "web3"])] == [
        timedelta(seconds=90),
        timedelta(seconds=700),
        None,
    ]


def test_the_oldest_line_is_in_the_oldest_rotated_file(here: Any, tmp_path: Path, folder: Path) -> None:
    log = FileLog(here, f"{tmp_path}/my logs/{{host}}.log", hosts=("web1", "web2", "web3"))
    rotated = folder / "web1.log.2.gz"
    rotated.write_bytes(gzip.compress(("garbage\n" + line(timedelta(days=20))).encode()))
    os.utime(rotated, (1, 1))
    (folder / "web1.log").write_text(line(timedelta(0)))
    (folder / "web2.log").write_text(line(timedelta(days=3)))
    ages = [None if one.age is None else round(one.age / timedelta(days=1)) for one in log.oldest()]
    assert ages == [20, 3, None]


def test_what_logrotate_keeps_is_read_on_the_host(here: Any, tmp_path: Path) -> None:
    path, rotation = "/var/log/central/{host}.log", tmp_path / "rotation"
    rotation.write_text("/var/log/central/*.log {\n daily\n rotate 30\n}\n")
    (kept,) = FileLog(here, path, rotation_file=str(rotation)).keeping()
    assert kept.keeps == timedelta(days=30)
    with pytest.raises(NotVerifiedError, match="rotation:"):
        FileLog(here, path).keeping()
    with pytest.raises(NotVerifiedError):
        FileLog(here, path, rotation_file=f"{tmp_path}/absent").keeping()


def test_the_volume_of_the_files_has_space_and_inodes(log: FileLog, folder: Path) -> None:
    assert folder.exists()
    found = log.volumes()
    assert {one.name.rpartition(" ")[2] for one in found} <= {"space", "inodes"}
    assert all(0 <= one.used <= 1 for one in found)


def test_views_are_programs_that_can_be_run(here: Any, tmp_path: Path) -> None:
    for name, mode, text in (("run me", 0o755, "#!/bin/sh\n"), ("plain", 0o644, "#!/bin/sh\n"), ("empty", 0o755, "")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(mode)
    names = [f"{tmp_path}/{name}" for name in ("run me", "plain", "empty", "absent")]
    assert FileLog(here, "/x/{host}", views=names).views() == {f"{tmp_path}/run me"}
