"""Timers of systemd: when one was due is computed by the real systemd-analyze; what units there are, by a fake."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.kinds.file_backup import FileBackupService
from signoff.errors import NotVerifiedError
from signoff.probes.hosts.timers import read_timer

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.transport.host import CheckedHost

NOW = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)


class _Units:
    """A host whose systemctl shows one timer; everything else is asked of this machine."""

    def __init__(self, host: CheckedHost, *calendars: str, load: str = "loaded", active: str = "active") -> None:
        self._host = host
        lines = [f"LoadState={load}", f"ActiveState={active}"]
        self._shown = "\n".join(
            [*lines, *(f"TimersCalendar={{ OnCalendar={one} ; next_elapse=n/a }}" for one in calendars)]
        )

    def check_output(self, command: str, *args: str) -> str:
        if command.startswith("systemctl"):
            return self._shown
        return str(self._host.check_output(command, *args))

    def run(self, *_: Any, **__: Any) -> Any:
        return SimpleNamespace(stdout="")


@pytest.fixture
def units(here: CheckedHost) -> Any:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs the package systemd")
    return lambda *calendars, **states: _Units(here, *calendars, **states)


@pytest.mark.parametrize(
    ("calendars", "expected"),
    [
        (["*-*-* *:17:00"], ["11:17", "10:17", "09:17"]),
        (["*-*-* 03:00:00 Asia/Seoul"], ["-1 18:00", "-2 18:00", "-3 18:00"]),
        (["*-*-* *:*:00"], ["12:00", "11:59", "11:58"]),
        (["Sun 04:00"], ["-1 04:00", "-8 04:00", "-15 04:00"]),
        (["*-*-* 02:00:00", "*-*-* 14:00:00"], ["02:00", "-1 14:00", "-1 02:00"]),
    ],
    ids=["hourly", "night in Seoul", "every minute", "weekly", "two calendars"],
)
def test_the_last_firings_are_found(units: Any, calendars: list[str], expected: list[str]) -> None:
    found = read_timer(units(*calendars), "dump").previous(NOW, 3)

    assert [f"{at:%Y-%m-%d %H:%M}" for at in found] == [_instant(text) for text in expected]


def _instant(text: str) -> str:
    days, _, clock = text.rpartition(" ")
    return f"{NOW + timedelta(days=int(days or 0)):%Y-%m-%d} {clock}"


@pytest.mark.parametrize(
    ("calendars", "states", "words"),
    [
        ([], {}, "no OnCalendar"),
        (["*-*-* 02:00:00"], {"load": "not-found"}, "no such timer"),
        (["2020-01-01 00:00:00"], {}, "not due 1 times"),
        (["*-*-* *:*:*"], {}, "more often than can be counted"),
    ],
)
def test_a_timer_that_cannot_be_computed_proves_nothing(
    units: Any, calendars: list[str], states: dict[str, str], words: str
) -> None:
    with pytest.raises(NotVerifiedError, match=words):
        read_timer(units(*calendars, **states), "dump").previous(NOW)


def test_a_stopped_timer_starts_nothing(units: Any) -> None:
    assert read_timer(units("*-*-* 02:00:00"), "dump.timer").active
    assert not read_timer(units("*-*-* 02:00:00", active="inactive"), "dump.timer").active


def test_a_check_goes_by_the_timer(units: Any, conclude: Any, tmp_path: Path) -> None:
    for name, age in (("1.dump", timedelta(hours=3)), ("2.dump", timedelta(hours=1, minutes=30))):
        at = (datetime.now(UTC) - age).timestamp()
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (at, at))
    entry = {"host": "backup1", "folder": str(tmp_path), "pattern": "*.dump"}

    def found(runs: int, *calendars: str, **states: str) -> tuple[str, str]:
        schedule = {"timer": "dump", "grace": "0s", "runs": runs}
        service = FileBackupService.model_validate(entry | {"schedule": schedule})
        asked = units(*calendars, **states)
        said = conclude("newest_file_backup_is_later_than_its_schedule", service, connect=lambda _: asked)
        return said.state, said.reason

    rare, often = f"*-{(datetime.now(UTC).month + 5) % 12 + 1:02}-01 00:00:00", "*-*-* *:00:00"  # half a year ago
    assert found(1, rare)[0] == "PASS"
    assert "older than the last one that was due" in found(1, often)[1]
    assert found(1, rare, active="inactive")[0] == found(1, rare, load="not-found")[0] == "NOT_VERIFIED"
