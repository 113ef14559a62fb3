"""The command that rolls back: only when asked, only to roll back, once, bounded, and nothing of it is lost."""

from __future__ import annotations

import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.cli.guard.rollback import Order, conclude
from signoff.errors import StoreError
from signoff.model import RollbackCommand, RollbackDecision, RollbackVerdict, Text
from tests.patience import limits_begin_with, runs, wait_until

if TYPE_CHECKING:
    from pathlib import Path


def script(folder: Path, body: str) -> str:
    """Return a command that runs the Python code."""
    path = folder / "switch.py"
    path.write_text(f"import os, sys, time\n{body}\n", encoding="utf-8")
    return shlex.join([sys.executable, str(path)])


def counting(folder: Path) -> tuple[str, Path]:
    """Return a command that notes each of its runs, and where."""
    log = folder / "ran.txt"
    names = ("SIGNOFF_RELEASE", "SIGNOFF_SERVICES", "SIGNOFF_ENVIRONMENT")
    note = f"open({str(log)!r}, 'a').write(' '.join(os.environ[name] for name in {names!r}) + chr(10))"
    return script(folder, f"print('switched', file=sys.stderr); {note}"), log


def test_it_runs_once_after_the_decision_was_recorded(suite: Any, tmp_path: Path) -> None:
    command, log = counting(tmp_path)
    result = suite.guard("--exec", command, service="burst")
    assert result.exit_code == 20
    assert log.read_text(encoding="utf-8") == "1.4.0 burst production\n"
    assert [type(record.body).__name__ for record in suite.records] == ["RollbackDecision", "RollbackCommand"]
    decision, ended = suite.decisions[0], suite.commands[0]
    assert decision.command == command
    assert ended.decision == suite.records[0].id
    assert (ended.outcome, ended.exit_status, ended.output) == ("succeeded", 0, "switched")
    assert "the command succeeded" in result.stdout


@pytest.mark.parametrize("service", ["healthy", "few", "renamed"])
def test_it_does_not_run_unless_the_release_is_rolled_back(suite: Any, tmp_path: Path, service: str) -> None:
    command, log = counting(tmp_path)
    assert suite.guard("--exec", command, service=service).exit_code in {0, 21}
    assert not log.exists()
    assert suite.commands == []
    assert suite.decisions[0].command == ""


def test_a_second_guard_does_not_run_it_again_unless_asked(suite: Any, tmp_path: Path) -> None:
    command, log = counting(tmp_path)
    suite.guard("--exec", command, service="burst")
    second = suite.guard("--exec", command, service="burst")
    assert second.exit_code == 22
    assert "--again runs it again" in second.stdout
    assert len(log.read_text(encoding="utf-8").splitlines()) == 1
    assert suite.decisions[1].command == ""
    third = suite.guard("--exec", command, "--again", service="burst")
    assert third.exit_code == 20
    assert len(log.read_text(encoding="utf-8").splitlines()) == 2


def test_a_guard_that_died_between_decision_and_end_left_a_trace_that_counts(suite: Any, tmp_path: Path) -> None:
    """The record of the decision names the command; whether it ran is unknown, so it is not run again."""
    command, log = counting(tmp_path)
    killed = (
        "import os; from signoff.cli import main; from signoff.cli.guard import rollback as guard_rollback;"
        "guard_rollback.execute = lambda *_, **__: os._exit(9); main()"
    )
    options = ["--service", "burst", "--once", "--since", suite.released.isoformat(), "--exec", command]
    ended = subprocess.run([sys.executable, "-c", killed, "guard", *options], cwd=suite.folder, check=False)
    assert ended.returncode == 9
    assert suite.decisions[0].command == command
    assert suite.commands == []
    assert suite.guard("--exec", command, service="burst").exit_code == 22
    assert not log.exists()


def decision() -> RollbackDecision:
    """Return a decision to roll back, made now."""
    why = Text(ko="오류율 12 %", en="error rate 12 %")
    return RollbackDecision(
        environment="production",
        release="1.4.0",
        verdict=RollbackVerdict.ROLL_BACK,
        automatic=True,
        at=datetime.now(UTC),
        by="ci",
        reasons=(why,),
        services=("burst",),
    )


def test_of_several_guards_at_once_one_runs_it(suite: Any, tmp_path: Path) -> None:
    command, log = counting(tmp_path)
    order = Order(words=shlex.split(command), limit=timedelta(minutes=1), again=False)
    with ThreadPoolExecutor(4) as guards:
        ends = list(guards.map(lambda _: conclude(suite.workspace, decision(), order), range(4)))
    assert len(log.read_text(encoding="utf-8").splitlines()) == 1
    assert sorted(end.exit_status for end in ends) == [20, 22, 22, 22]


@pytest.mark.parametrize(
    ("body", "ended", "output"),
    [
        ("sys.exit('no such deployment')", ("failed", 1), "no such deployment"),
        ("os.kill(os.getpid(), 9)", ("failed", -9), ""),
        ("print('x' * 100_000 + 'end')", ("succeeded", 0), "end"),
        ("sys.exit(1 if sys.stdin.read() else 0)", ("succeeded", 0), ""),
    ],
)
def test_its_end_is_recorded(suite: Any, tmp_path: Path, body: str, ended: tuple[str, int], output: str) -> None:
    result = suite.guard("--exec", script(tmp_path, body), service="burst")
    (command,) = suite.commands
    assert (command.outcome, command.exit_status) == ended
    assert command.output.endswith(output)
    assert len(command.output) <= 2_000
    assert result.exit_code == (20 if ended[1] == 0 else 22)


def test_it_is_killed_with_all_its_children_on_the_time_limit(
    suite: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = tmp_path / "both.txt"
    note = f"open({str(both)!r} + '.new', 'w').write(f'{{os.getpid()}} {{child}}')"
    ready = f"{note}; os.rename({str(both)!r} + '.new', {str(both)!r})"
    body = f"child = os.fork()\nif child: print('waiting', flush=True); {ready}\ntime.sleep(600)"
    limits_begin_with(both, monkeypatch)
    result = suite.guard("--exec", script(tmp_path, body), "--exec-timeout", "1s", service="burst")
    assert result.exit_code == 22
    assert suite.commands[0].outcome == "timed-out"
    assert suite.commands[0].exit_status is None
    assert "waiting" in suite.commands[0].output
    numbers = [int(number) for number in both.read_text(encoding="utf-8").split()]
    wait_until(lambda: not any(map(runs, numbers)), "something outlives the time limit")


def test_a_program_that_is_not_there_is_said_to_be(suite: Any) -> None:
    result = suite.guard("--exec", "/nowhere/rollback.sh now", service="burst")
    assert result.exit_code == 22
    assert suite.commands[0].outcome == "not-started"
    assert "No such file" in suite.commands[0].output


def test_no_secret_reaches_the_ledger_or_the_screen(suite: Any, tmp_path: Path) -> None:
    secret = "s3cret-of-the-server"
    command = script(tmp_path, "print('authorised with', sys.argv[1])") + f" {secret}"
    result = suite.guard("--exec", command, service="burst")
    ledger = b"".join(path.read_bytes() for path in suite.workspace.reports.glob("ledger/*"))
    assert secret.encode() not in ledger
    assert secret not in result.stdout
    assert "authorised with [redacted]" in suite.commands[0].output


def test_a_command_whose_end_cannot_be_recorded_is_not_said_to_have_been_left_out(
    suite: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command, log = counting(tmp_path)
    store = type(suite.workspace.store)
    record = store.record

    def full(self: Any, body: Any, **options: Any) -> Any:
        if isinstance(body, RollbackCommand):
            raise StoreError("no space left on device")
        return record(self, body, **options)

    monkeypatch.setattr(store, "record", full)
    result = suite.guard("--exec", command, service="burst")
    assert result.exit_code == 20
    assert log.exists()
    assert "the command succeeded" in result.stdout
    assert "its end could not be recorded: no space left on device" in result.stderr


def test_a_decision_that_cannot_be_recorded_runs_nothing_and_is_still_not_kept(
    suite: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command, log = counting(tmp_path)

    def full(*_args: object, **_options: object) -> None:
        raise StoreError("no space left on device")

    store = type(suite.workspace.store)
    monkeypatch.setattr(store, "record", full)
    broken = suite.guard("--exec", command, service="burst")
    assert broken.exit_code == 22
    assert "no space left on device" in broken.stderr
    assert not log.exists()
    assert suite.guard(service="healthy").exit_code == 12
