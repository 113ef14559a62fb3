"""A central log in real files, read by real commands."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.products.central_log import CentralLog

if TYPE_CHECKING:
    from pathlib import Path


def line(age: timedelta, **fields: str) -> str:
    return json.dumps({"ts": (datetime.now(UTC) - age).isoformat(), **fields}) + "\n"


@pytest.fixture
def log(here: Any, tmp_path: Path) -> CentralLog:
    return CentralLog(here, f"{tmp_path}/my logs/{{host}}.log")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "my logs"
    folder.mkdir()
    return folder


def test_the_newest_line_of_each_host_is_found(log: CentralLog, folder: Path) -> None:
    (folder / "web1.log").write_text(line(timedelta(hours=5)) + line(timedelta(minutes=2)) + "Traceback …\n  File …\n")
    (folder / "web2.log").write_text(line(timedelta(minutes=-5)))
    (folder / "web3.log").write_text("no JSON\n[1]\n" + json.dumps({"ts": "2026-01-01T00:00:00"}) + "\n")
    (folder / "web5.log").write_text("")
    newest = {one.host: one for one in log.newest(["web1", "web2", "web3", "web4", "web5"])}
    assert newest["web1"].age == pytest.approx(timedelta(minutes=2), abs=timedelta(seconds=5))
    assert newest["web2"].age == pytest.approx(timedelta(minutes=-5), abs=timedelta(seconds=5))
    assert [newest[name].at for name in ("web3", "web4", "web5")] == [None, None, None], "a naive time is no instant"


def test_a_host_whose_last_line_has_no_end_does_not_hide_the_next(log: CentralLog, folder: Path) -> None:
    (folder / "web1.log").write_text(line(timedelta(0)).rstrip("\n"))
    (folder / "web2.log").write_text(line(timedelta(0)))
    assert all(one.at for one in log.newest(["web1", "web2"]))


def test_without_a_clock_no_age_is_known(scripted_host: Any) -> None:
    with pytest.raises(NotVerifiedError, match="clock"):
        CentralLog(scripted_host({}), "{host}.log").newest(["web1"])


def test_a_line_that_arrives_late_is_waited_for(log: CentralLog, folder: Path) -> None:
    (folder / "web1.log").write_text(line(timedelta(0), request_id="other"))

    def arrive(_seconds: float) -> None:
        (folder / "web2.log").write_text(line(timedelta(0), request_id="abc-1 '*"))

    found = log.search("abc-1 '*", within=10, sleep=arrive)
    assert [record["request_id"] for record in found.lines] == ["abc-1 '*"]


def test_a_line_that_never_arrives_is_not_found(log: CentralLog, folder: Path) -> None:
    (folder / "web1.log").write_text(line(timedelta(0), request_id="other"))
    found = log.search("-e absent", within=0.1, pause=0.05)
    assert found.lines == ()
    assert found.seconds >= 0.1


def test_files_that_cannot_be_read_are_no_evidence(log: CentralLog) -> None:
    with pytest.raises(NotVerifiedError, match="cannot be searched"):
        log.search("x", within=0)
