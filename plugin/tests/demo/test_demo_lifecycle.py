"""Starting, stopping, and every way in which either can be interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from click.testing import CliRunner

import signoff
from signoff.cli.demo import demo as cli
from signoff.demo import directory, environment, processes, supervision
from signoff.demo.layout import MARKER, DemoError, Layout, Process, load

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.demo


def marked(layout: Layout) -> list[str]:
    """Return every process that carries the copy's mark, found without the code under test."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARKER) == str(layout.dir):
                found.append(" ".join(process.cmdline()))
        except (psutil.Error, OSError):
            continue
    return found


def database_processes(layout: Layout) -> list[str]:
    lines = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [line for line in lines if str(layout.dir) in line and "postgres" in line]


def assert_nothing_left(layout: Layout, runtime: Path) -> None:
    assert marked(layout) == []
    assert database_processes(layout) == []
    assert not runtime.exists()
    assert not layout.dir.exists()


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Layout]:
    layout = Layout(tmp_path / "copy")
    yield layout
    environment.down(layout.dir)


def wait_until_begun(layout: Layout, starting: subprocess.Popen[bytes]) -> None:
    while not layout.state_file.exists():
        assert starting.poll() is None, "the start ended before it began"
        time.sleep(0.01)


def start(layout: Layout) -> subprocess.Popen[bytes]:
    """Start a copy from another process, which can be killed."""
    code = "import sys; from signoff.cli.demo import demo; demo()"
    environ = os.environ | {"PYTHONPATH": str(Path(signoff.__file__).parents[1])}
    return subprocess.Popen(
        [sys.executable, "-c", code, "up", "--dir", str(layout.dir)], env=environ, stdout=subprocess.DEVNULL
    )


def test_a_second_copy_runs_beside_the_first_and_goes_without_a_trace(demo: Layout, copy: Layout) -> None:
    runner = CliRunner()
    assert runner.invoke(cli, ["up", "--dir", str(copy.dir)]).exit_code == 0
    runtime = copy.runtime_dir
    assert set(load(demo).ports.values()).isdisjoint(load(copy).ports.values())
    assert set(load(demo).passwords.values()).isdisjoint(load(copy).passwords.values())
    table = runner.invoke(cli, ["status", "--dir", str(copy.dir)]).output
    assert all(" RUNNING " in line for line in table.splitlines()), table
    assert len(marked(copy)) >= len(table.splitlines())

    programs = supervision.status(copy)
    assert runner.invoke(cli, ["up", "--dir", str(copy.dir)]).exit_code == 0
    assert supervision.status(copy) == programs, "what runs is left alone"
    assert load(copy).runtime_dir == str(runtime)

    assert runner.invoke(cli, ["down", "--dir", str(copy.dir)]).exit_code == 0
    assert_nothing_left(copy, runtime)
    assert environment.is_up(demo)
    assert all(one.state == "RUNNING" for one in supervision.status(demo))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_supervisor_that_is_gone_or_hangs_is_no_obstacle_to_stopping(copy: Layout, how: signal.Signals) -> None:
    environment.up(copy.dir)
    supervisor = load(copy).supervisor
    assert supervisor is not None
    os.kill(supervisor.pid, how)
    assert marked(copy) != []
    if how is signal.SIGKILL:
        result = CliRunner().invoke(cli, ["status", "--dir", str(copy.dir)])
        assert result.exit_code == 1
        assert "signoff demo down" in result.output
    runtime = copy.runtime_dir
    environment.down(copy.dir)
    assert_nothing_left(copy, runtime)


@pytest.mark.parametrize("seconds", [0.6, 1.4])
def test_a_killed_start_is_cleaned_up_by_stopping(copy: Layout, seconds: float) -> None:
    with start(copy) as starting:
        wait_until_begun(copy, starting)
        time.sleep(seconds)
        starting.kill()
    runtime = copy.runtime_dir
    assert environment.down(copy.dir)
    assert_nothing_left(copy, runtime)


def test_two_starts_at_once_do_not_mix_and_a_killed_one_is_taken_over(copy: Layout) -> None:
    with start(copy) as starting:
        wait_until_begun(copy, starting)
        with pytest.raises(DemoError, match="another `signoff demo` is starting or stopping"):
            environment.up(copy.dir)
        with pytest.raises(DemoError, match="another `signoff demo` is starting or stopping"):
            environment.down(copy.dir)
        starting.kill()
    first = copy.runtime_dir
    steps: list[str] = []
    environment.up(copy.dir, steps.append)
    assert steps[0] == "clean-up"
    assert not first.exists()
    assert environment.is_up(copy)


def test_stopping_nothing_is_no_error(copy: Layout) -> None:
    assert environment.down(copy.dir) is False
    assert not copy.dir.exists()


def test_a_directory_with_other_files_is_left_alone(copy: Layout) -> None:
    copy.dir.mkdir()
    (copy.dir / "thesis.txt").write_text("mine")
    with pytest.raises(DemoError, match=r"not empty \(thesis.txt"):
        environment.up(copy.dir)
    assert [entry.name for entry in copy.dir.iterdir()] == ["thesis.txt"]


def test_an_unsuitable_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="must not contain ' '"):
        directory.layout_of(tmp_path / "my demo")


def test_a_number_that_was_used_again_is_not_our_process() -> None:
    ourselves = processes.identify(os.getpid())
    assert processes.is_running(ourselves)
    assert not processes.is_running(Process(pid=ourselves.pid, started=ourselves.started - 100))


def test_processes_of_others_are_not_touched(copy: Layout) -> None:
    copy.dir.mkdir()
    elsewhere = os.environ | {MARKER: f"{copy.dir}-other"}
    ours = os.environ | {MARKER: str(copy.dir)}
    with (
        subprocess.Popen(["sleep", "60"], env=elsewhere, cwd=copy.dir) as foreign,
        subprocess.Popen(["sleep", "60"], env=ours) as own,
    ):
        try:
            assert processes.stop_all(copy) == 1
            assert not psutil.pid_exists(own.pid)
            assert foreign.poll() is None
        finally:
            foreign.kill()
            own.kill()
