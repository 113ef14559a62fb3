"""`signoff restore-test` that is stopped, killed, too slow or not alone: what it leaves, and what its record says."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from signoff.cli.restore.outcome import Said, understand
from tests.backups.restore.lab import command_line, wrap

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.backups.restore.conftest import Source
    from tests.backups.restore.lab import Lab


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 180
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_killed_while_its_server_runs_it_leaves_none_and_keeps_others_out(
    lab: Lab, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.store(source.custom, source.contents)
    waiting = lab.folder / "waiting"
    lab.set(programs=str(_slow(lab, waiting)))
    with _started(lab) as process:
        _until(waiting.exists)
        assert len(lab.leftovers()) > 1
        assert lab.record().ended is False
        status, output = lab.run(monkeypatch)
        assert (status, "another restore test is under way" in output) == (12, True), output
        process.kill()

    _until(lambda: not lab.leftovers())
    record = lab.record()
    assert (record.ended, record.passed) == (False, False)
    assert "never came to an end" in record.detail


def test_stopped_by_a_signal_it_says_so_and_another_one_may_begin(
    lab: Lab, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.store(source.custom, source.contents)
    waiting = lab.folder / "waiting"
    lab.set(decrypt=["sh", "-c", f"touch {waiting}; exec sleep 600"])
    with _started(lab) as process:
        _until(waiting.exists)
        process.terminate()
        assert process.wait(180) == 130

    _until(lambda: not lab.leftovers())
    assert lab.record().ended is False
    lab.set(decrypt=["false"])
    assert lab.run(monkeypatch)[0] == 1
    assert lab.record().ended


def _started(lab: Lab) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "from signoff.cli.main import main; main()", *lab.words()]
    return subprocess.Popen(command, cwd=lab.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _slow(lab: Lab, waiting: Path) -> Path:
    """Return programs whose pg_restore takes forever."""
    folder = lab.folder / "slow"
    folder.mkdir()
    for one in lab.programs.iterdir():
        (folder / one.name).symlink_to(one)
    (folder / "pg_restore").unlink()
    wrap(folder / "pg_restore", f"touch {waiting}; exec sleep 600;")
    return folder


def test_if_its_own_shell_is_killed_nothing_is_known_and_the_next_test_tidies_up(
    lab: Lab, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.store(source.custom, source.contents)
    waiting = lab.folder / "waiting"
    lab.set(decrypt=["sh", "-c", f"touch {waiting}; exec sleep 60"])

    def kill() -> None:
        _until(waiting.exists)
        os.kill(_shell(lab), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()

    status, output = lab.run(monkeypatch)

    killer.join()
    assert (status, "stopped in the middle" in output) == (12, True), output
    assert "stopped in the middle" in lab.record().detail
    lab.set(decrypt=["false"])
    _until(lambda: lab.run(monkeypatch)[0] == 1)
    _until(lambda: not lab.leftovers())


def _shell(lab: Lab) -> int:
    """Return the number of the shell that runs the test; what it has forked has the same command line."""
    text = f"FOLDER={lab.scratch}".encode()
    found = {
        int(one.name)
        for one in Path("/proc").glob("[0-9]*")
        if text in command_line(one) and b"INTERRUPTED=" in command_line(one)
    }
    (shell,) = (one for one in found if (parent := _parent(one)) is not None and parent not in found)
    return shell


def _parent(process: int) -> int | None:
    try:
        return int((Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:  # it has just gone
        return None


def test_too_slow_it_ends_in_order_and_says_why(lab: Lab, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.store(source.custom, source.contents)
    lab.set(decrypt=["sleep", "600"], within="5s")

    status, output = lab.run(monkeypatch)

    assert (status, "it took longer than 5 s" in output) == (12, True), output
    assert (lab.record().ended, lab.record().passed, lab.leftovers()) == (False, False, [])
    assert "it took longer than 5 s" in lab.record().detail


def test_a_record_that_another_test_has_begun_anew_is_left_alone(
    lab: Lab, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.store(b"x", source.contents)
    lab.set(decrypt=["false"])
    path = lab.folder / "restore.json"

    def and_another_begins(text: str) -> Said:
        path.write_text("of another test")
        return understand(text)

    monkeypatch.setattr("signoff.cli.restore.command.understand", and_another_begins)

    status, output = lab.run(monkeypatch)

    assert (status, "its record stands" in output) == (12, True), output
    assert path.read_text() == "of another test"
    assert sorted(one.name for one in lab.folder.glob("restore.json*")) == ["restore.json"]
