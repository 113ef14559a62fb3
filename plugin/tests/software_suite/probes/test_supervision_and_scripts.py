from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.hosts import shell_script, supervision

if TYPE_CHECKING:
    from collections.abc import Callable

SUPERVISOR = """\
[supervisord]
logfile = /dev/null ; nowhere
[program:shop]
command = /usr/bin/env python -m shop --label %(program_name)s
autorestart = true ; always
[program:job]
command = job
[program:once]
command = once
autorestart = false
autostart = false
"""


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that puts a script in the place of the system's own `systemctl`."""

    def stand_in(script: str) -> None:
        program = tmp_path / "bin" / "systemctl"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")

    return stand_in


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("shop", (True, True, True, "autorestart=true, autostart=true")),
        ("job", (True, True, True, "autorestart=unexpected, autostart=true")),
        ("once", (True, False, False, "autorestart=false, autostart=false")),
    ],
)
def test_supervisor_tells_what_happens_after_a_crash(
    here: Any, tmp_path: Path, program: str, expected: tuple[object, ...]
) -> None:
    (tmp_path / "supervisord.conf").write_text(SUPERVISOR)

    seen = supervision.read(here, program, manager="supervisor", config="supervisord.conf")

    assert (seen.is_known, seen.restarts_after_crash, seen.starts_at_boot, seen.detail) == expected


def test_a_program_that_supervisor_does_not_know_is_not_restarted(here: Any, tmp_path: Path) -> None:
    (tmp_path / "supervisord.conf").write_text(SUPERVISOR)

    seen = supervision.read(here, "other", manager="supervisor", config="supervisord.conf")

    assert (seen.is_known, seen.restarts_after_crash) == (False, False)


@pytest.mark.parametrize(
    ("manager", "config", "complaint"),
    [
        ("supervisor", "", "no configuration named"),
        ("supervisor", "absent.conf", "No such file"),
        ("supervisor", "broken.conf", "repair the configuration"),
        ("runit", "", "service manager 'runit' is not known"),
    ],
)
def test_what_cannot_be_read_cannot_be_judged(
    here: Any, tmp_path: Path, manager: str, config: str, complaint: str
) -> None:
    (tmp_path / "broken.conf").write_text("autorestart = true\n")

    with pytest.raises(NotVerifiedError, match=complaint):
        supervision.read(here, "shop", manager=manager, config=config)


SYSTEMCTL = """
case "$1" in
  is-system-running) echo {state};;
  show) printf '%s\\n' LoadState={load} UnitFileState={file} Restart={restart} NRestarts=0;;
esac
"""


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (("on-failure", "enabled", "loaded"), (True, True, True)),
        (("always", "disabled", "loaded"), (True, True, False)),
        (("no", "enabled", "loaded"), (True, False, True)),
        (("on-success", "static", "loaded"), (True, False, True)),
        (("no", "", "not-found"), (False, False, False)),
    ],
)
def test_systemd_tells_what_happens_after_a_crash(
    here: Any, systemctl: Callable[[str], None], shown: tuple[str, str, str], expected: object
) -> None:
    restart, file, load = shown
    systemctl(SYSTEMCTL.format(state="degraded", load=load, file=file, restart=restart))

    seen = supervision.read(here, "shop.service", manager="systemd")

    assert (seen.is_known, seen.restarts_after_crash, seen.starts_at_boot) == expected


RESTARTED = """
case "$1" in
  is-system-running) echo running;;
  show) cat <<SHOWN
Restart=on-failure
WatchdogUSec=0
NRestarts={restarts}
LoadState=loaded
ActiveState={state}
UnitFileState=enabled
ActiveEnterTimestampMonotonic={since}
StartLimitIntervalUSec=10s
StartLimitBurst=5
SHOWN
  ;;
esac
"""
"""Recorded from systemd 252 of Debian 12, with the values left open; plugin/tests/estate asks a real one."""


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (("1", "active", True), True),
        (("0", "active", True), False),
        (("3", "failed", True), False),
        (("3", "activating", False), False),
        (("[not set]", "active", True), False),
    ],
)
def test_systemd_tells_how_long_a_restarted_process_has_been_well(
    here: Any, systemctl: Callable[[str], None], shown: tuple[str, str, bool], told: bool
) -> None:
    restarts, state, running = shown
    since = uptime() / 2
    systemctl(RESTARTED.format(restarts=restarts, state=state, since=int(since * 1_000_000) if running else 0))

    before = uptime()
    seen = supervision.read(here, "shop.service", manager="systemd")
    after = uptime()

    assert seen.detail == "Restart=on-failure, enabled, starts 5 in 10s"
    assert (seen.restarted_ago is not None) is told
    if seen.restarted_ago is not None:  # it counts whole seconds of uptime
        assert before - since - 1 <= seen.restarted_ago.total_seconds() <= after - since + 0.001


def uptime() -> float:
    return float(Path("/proc/uptime").read_text().split()[0])


@pytest.mark.parametrize("script", ["echo offline; exit 1", "exit 127", "echo running"])
def test_a_systemd_that_does_not_run_or_answer_cannot_be_judged(
    here: Any, systemctl: Callable[[str], None], script: str
) -> None:
    systemctl(script)

    with pytest.raises(NotVerifiedError, match=r"shop\.service: "):
        supervision.read(here, "shop.service", manager="systemd")


@pytest.mark.parametrize(
    ("script", "shell", "stops"),
    [
        ("#!/bin/sh\nset -eu\necho hi\n", "sh", True),
        ("#!/usr/bin/env bash\nset -o errexit\n", "bash", True),
        ("#!/bin/bash -e\necho hi\n", "bash", True),
        ("#!/bin/sh\n# set -e would be good\necho -e hi\n", "sh", False),
        ("#!/bin/bash\nset -u\n", "bash", False),
    ],
)
def test_scripts_tell_their_shell_and_whether_they_stop_at_errors(script: str, shell: str, stops: bool) -> None:
    seen = shell_script.read("deploy.sh", script.encode())

    assert (seen.shell, seen.syntax_error, seen.stops_at_errors) == (shell, "", stops)


def test_a_syntax_error_is_found_without_running_anything(tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    seen = shell_script.read("deploy.sh", f"#!/bin/bash\ntouch {canary}\nif true; then\n".encode())

    assert "syntax error" in seen.syntax_error
    assert not canary.exists()


def test_each_shell_reads_its_own_language() -> None:
    arrays = "a=(1 2)\n"

    assert shell_script.read("x", f"#!/bin/bash\n{arrays}".encode()).syntax_error == ""
    assert shell_script.read("x", b"#!/bin/sh\ncase x in\n").syntax_error


@pytest.mark.parametrize("content", [b"", b"echo hi\n", b"#!/usr/bin/env python3\n", b"\x7fELF"])
def test_what_is_no_shell_script_cannot_be_judged(content: bytes) -> None:
    with pytest.raises(NotVerifiedError, match="does not start with #! and a shell"):
        shell_script.read("deploy", content)


def test_a_missing_shell_cannot_be_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NotVerifiedError, match="ksh is not installed"):
        shell_script.read("deploy.ksh", b"#!/bin/ksh\n")
