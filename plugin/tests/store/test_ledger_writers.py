"""Processes that append to one ledger at once, and processes that are killed while they append: nothing is lost."""

from __future__ import annotations

import json
import os
import platform
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from typing import Any, Self

import pytest

from signoff.errors import IntegrityError, StoreError
from signoff.model import IssueAction
from signoff.store.files import FileStore
from signoff.store.ledger import is_torn
from signoff.store.lock import locked

COUNT = 500
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
WRITER = dedent("""
    import sys
    from datetime import UTC, datetime
    from pathlib import Path
    from signoff.model import IssueAction
    from signoff.store.files import FileStore
    from signoff.store.postgresql.store import PostgresStore

    folder, address, environment, me, count = sys.argv[1:]
    store = FileStore(Path(folder))
    if address:
        store = PostgresStore(address, environment, store)
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(int(count)):
        now = datetime.now(UTC)
        store.record(IssueAction(key=f"{me}-{number}", kind="started", at=now, by=me), at=now, by=me)
        print(number, flush=True)
""")


class Writer:
    """A process that appends as fast as it can."""

    def __init__(self, folder: Path, address: tuple[str, str], me: str, count: int) -> None:
        self.me = me
        command = [sys.executable, "-c", WRITER, str(folder), *address, me, str(count)]
        here = {"PYTHONPATH": str(Path(__file__).parents[2])}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=here)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def finish(self, limit: float = 600) -> list[str]:
        """Return what was acknowledged."""
        out, _ = self.process.communicate(timeout=limit)
        return [f"{self.me}-{number}" for number in out.split()]

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


@pytest.fixture
def address(store: Any, request: pytest.FixtureRequest) -> tuple[str, str]:
    """Return address and environment of the store under test; empty for files."""
    if isinstance(store, FileStore):
        return "", ""
    server = request.getfixturevalue("evidence_server")
    return str(server.url(server.evidence)), store.environment


def test_two_processes_append_five_hundred_each(store: Any, address: tuple[str, str], tmp_path: Path) -> None:
    with Writer(tmp_path / "demo", address, "a", COUNT) as one, Writer(tmp_path / "demo", address, "b", COUNT) as two:
        one.go()
        two.go()
        acknowledged = {*one.finish(), *two.finish()}
    found = store.ledger()
    assert {action.key for action in found.actions} == acknowledged == {f"{w}-{n}" for w in "ab" for n in range(COUNT)}
    assert (found.broken, found.torn, len(found.checkpoints)) == ((), (), 1)
    assert found.checkpoints[0].seq == 2 * COUNT - 1


def test_a_writer_that_is_killed_in_between_costs_nothing_that_was_acknowledged(
    store: Any, address: tuple[str, str], tmp_path: Path
) -> None:
    """Again and again, at any moment: what was said to be kept is there, and the next writer goes on."""
    acknowledged: set[str] = set()
    chance = random.Random(7)
    for round_ in range(8):
        with Writer(tmp_path / "demo", address, f"w{round_}", 10_000) as writer:
            writer.go()
            said = writer.process.stdout
            assert said is not None
            heard = [said.readline() for _ in range(chance.randrange(20))]
            time.sleep(chance.uniform(0, 0.02))  # in the middle of the next one
            writer.process.kill()
            acknowledged.update(f"{writer.me}-{int(number)}" for number in [*heard, *said])
    last = IssueAction(key="last", kind="started", at=NOW, by="x")
    store.record(last, at=NOW, by="x")
    found = store.ledger()
    assert found.broken == ()
    assert {action.key for action in found.actions} >= acknowledged | {"last"}
    assert len(acknowledged) > 8


def keep(store: FileStore, count: int) -> Path:
    for number in range(count):
        store.record(IssueAction(key=str(number), kind="started", at=NOW, by="x"), at=NOW, by="x")
    (path,) = (store.folder / "ledger").glob("*.jsonl")
    return path


def test_a_line_that_was_never_finished_is_closed_and_reported(tmp_path: Path) -> None:
    """Cut at every place of the last line: the line before it counts, and so does the next."""
    store = FileStore(tmp_path)
    path = keep(store, 3)
    whole = path.read_bytes()
    start = len(b"".join(whole.splitlines(keepends=True)[:2]))
    for cut in range(start + 1, len(whole) - 1, 29):
        path.write_bytes(whole[:cut])
        store.record(IssueAction(key="next", kind="started", at=NOW, by="x"), at=NOW, by="x")
        found = store.ledger()
        assert found.torn == (f"{path}:3",)
        assert (found.broken, [action.key for action in found.actions]) == ((), ["0", "1", "next"])


def test_a_last_line_that_lacks_only_its_newline_counts(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    path = keep(store, 2)
    path.write_bytes(path.read_bytes()[:-1])
    keep(store, 1)
    assert [action.key for action in store.ledger().actions] == ["0", "1", "0"]
    assert (store.ledger().broken, store.ledger().torn) == ((), ())


def test_a_long_record_is_found_at_the_end(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    keep(store, 1)
    store.record(IssueAction(key="long", kind="started", at=NOW, by="x", action="x" * 300_000), at=NOW, by="x")
    keep(store, 1)
    assert [action.key for action in store.ledger().actions] == ["0", "long", "0"]


def test_nothing_is_chained_to_an_end_that_was_edited(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    path = keep(store, 2)
    path.write_bytes(path.read_bytes().replace(b'"key":"1"', b'"key":"9"'))
    with pytest.raises(IntegrityError, match=r"its last record was edited.*nothing can follow it"):
        keep(store, 1)


def test_a_full_disk_is_said_and_leaves_a_chain_that_goes_on(tmp_path: Path) -> None:
    """`/dev/full` cannot be a chain; a limit on the size of files acts the same."""
    store = FileStore(tmp_path)
    path = keep(store, 1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100, hard))
        with pytest.raises(StoreError, match="the disk is full"):
            keep(store, 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    keep(store, 1)
    found = store.ledger()
    assert ([action.key for action in found.actions], found.torn) == (["0", "0"], (f"{path}:2",))


def test_a_copy_of_the_folder_begins_a_chain_of_its_own(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "a")
    keep(store, 1)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    copy = FileStore(tmp_path / "b")
    copy.record(IssueAction(key="copy", kind="started", at=NOW, by="x"), at=NOW, by="x")
    store.record(IssueAction(key="original", kind="started", at=NOW, by="x"), at=NOW, by="x")
    assert len(copy.ledger().checkpoints) == 2
    assert len(store.ledger().checkpoints) == 1


def test_a_lock_of_a_process_that_is_gone_is_taken_over(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    (tmp_path / ".lock").write_text(json.dumps({"host": platform.node(), "pid": gone.pid}), encoding="utf-8")
    with locked(tmp_path, wait=1):
        assert json.loads((tmp_path / ".lock").read_bytes())["pid"] == os.getpid()
    assert not (tmp_path / ".lock").exists()


@pytest.mark.parametrize("owner", [{"host": "another-machine", "pid": 1}, {"host": platform.node(), "pid": 1}])
def test_a_lock_that_may_be_held_is_respected_and_named(
    tmp_path: Path, owner: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".lock").write_text(json.dumps(owner), encoding="utf-8")
    slept: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: sum(slept), sleep=slept.append)
    monkeypatch.setattr("signoff.store.lock.time", clock)
    with (
        pytest.raises(StoreError, match=rf"held by process 1 on {owner['host']}.*remove the file"),
        locked(tmp_path, wait=0.2),
    ):
        pass
    assert sum(slept) == pytest.approx(0.2, abs=0.01)


def test_whoever_waits_comes_before_a_writer_that_goes_on_and_on(tmp_path: Path) -> None:
    """The busy one leaves the lock alone for an instant only, which hardly ever is that in which the other looks."""
    most, turns, begun, stop = 500, [0], threading.Event(), threading.Event()

    def keep_busy() -> None:
        while not stop.is_set() and turns[0] < most:
            with locked(tmp_path, wait=60):
                turns[0] += 1
                begun.set()
                time.sleep(0.02)

    thread = threading.Thread(target=keep_busy)
    thread.start()
    try:
        assert begun.wait(30)
        for _ in range(25):
            before = turns[0]
            while turns[0] == before < most:
                time.sleep(0.001)
            with locked(tmp_path, wait=60):
                pass
    finally:
        stop.set()
        thread.join()
    assert turns[0] < most


def test_a_process_of_this_machine_is_waited_for(tmp_path: Path) -> None:
    with (
        locked(tmp_path),
        pytest.raises(StoreError, match="another process of this machine"),
        locked(tmp_path, wait=0.2),
    ):
        pass
    with locked(tmp_path, wait=0.2):
        pass


@pytest.mark.parametrize(
    ("line", "torn"),
    {
        b"{": True,
        b'{"body":{"at"\n': True,
        b"\n": False,
        b"": False,
        b"garbage\n": False,
        b' {"body":': False,
    }.items(),
)
def test_only_the_beginning_of_a_record_is_torn(line: bytes, torn: bool) -> None:
    assert is_torn(line) is torn
