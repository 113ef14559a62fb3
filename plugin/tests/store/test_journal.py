"""Journals: kept as it happens, read back whole, and any tampering found."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import IntegrityError, RecordError
from signoff.model import Checkpoint, Outcome
from signoff.store import chain
from signoff.store.journal import JournalWriter, missing_checkpoints, read_journal, read_journals

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def journal(make: Any, tmp_path: Path) -> Path:
    """Write a whole journal: beginning, four observations, end."""
    with JournalWriter.create(tmp_path / "demo" / "runs", make.run()) as writer:
        for seq in range(4):
            writer.append(make.seen(seq))
        writer.close(make.now + timedelta(minutes=1))
    return writer.path


def test_what_was_kept_is_read_back(make: Any, journal: Path) -> None:
    read: Any = read_journal(journal)
    assert read.observations == tuple(make.seen(seq) for seq in range(4))
    assert read.run == make.run(ended=make.now + timedelta(minutes=1))
    assert (read.torn, read.checkpoint.seq) == ("", 5)


def test_every_record_can_be_read_before_the_next(make: Any, tmp_path: Path) -> None:
    writer = JournalWriter.create(tmp_path, make.run())
    for count in range(3):
        assert len(read_journal(writer.path).observations) == count
        writer.append(make.seen(count))
    assert writer.checkpoint == read_journal(writer.path).checkpoint
    read: Any = read_journal(writer.path)
    assert read.run.ended is None
    writer.close(make.now, interrupted=True)
    read = read_journal(writer.path)
    assert read.run.interrupted


def test_the_disk_is_waited_for_four_times_a_second_and_at_the_end(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    now = iter([100.0, 100.1, 100.2, 100.3, 100.4, 100.4])
    monkeypatch.setattr("signoff.store.journal.os.fsync", synced.append)
    # Only the journal's own clock: other threads of this process go on looking at theirs.
    monkeypatch.setattr("signoff.store.journal.time", SimpleNamespace(monotonic=lambda: next(now)))
    writer = JournalWriter.create(tmp_path, make.run())
    assert len(synced) == 2  # the run's beginning, and the folder
    counts = []
    for count in range(3):
        writer.append(make.seen(count))
        counts.append(len(synced))
    assert counts == [2, 2, 3]
    writer.close(make.now)
    assert len(synced) == 4


def test_run_has_one_journal_and_one_writer(make: Any, journal: Path) -> None:
    with pytest.raises(RecordError, match="one journal and one writer"):
        JournalWriter.create(journal.parent, make.run())
    with JournalWriter.create(journal.parent, make.run("B")) as writer, pytest.raises(RecordError, match="of run"):
        writer.append(make.seen())


@pytest.mark.parametrize("run_id", ["", "../escape", ".hidden", "a/b", "nul\0"])
def test_run_id_must_be_a_file_name(make: Any, tmp_path: Path, run_id: str) -> None:
    with pytest.raises(RecordError, match="cannot name a file"):
        JournalWriter.create(tmp_path, make.run(run_id))


def _edit(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[1], lines[2].replace(b'"fail"', b'"pass"'), *lines[3:]]


def _edit_and_rehash(lines: list[bytes]) -> list[bytes]:
    record = json.loads(lines[2])
    record["body"]["observation"]["outcome"] = "pass"
    return [*lines[:2], chain.forge(record["seq"], record["prev"], record["body"])[1], *lines[3:]]


def _add_a_field(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[1].replace(b'{"body":', b'{"also":1,"body":'), *lines[2:]]


def _rebuild(lines: list[bytes], name: str, change: Callable[[int, dict[str, Any]], None]) -> list[bytes]:
    """Forge the whole chain anew: what only checkpoints and the meaning of the records can find."""
    prev, forged = chain.origin(name), []
    for seq, line in enumerate(lines):
        body = json.loads(line)["body"]
        change(seq, body)
        prev, new = chain.forge(seq, prev, body)
        forged.append(new)
    return forged


TAMPERING: dict[str, tuple[Callable[[list[bytes]], list[bytes]], int, str]] = {
    "one value edited": (_edit, 3, "was edited"),
    "one value edited and hashed again": (_edit_and_rehash, 4, "does not follow"),
    "a space added": (lambda lines: [lines[0].replace(b'"body":', b'"body": ', 1), *lines[1:]], 1, "was edited"),
    "a field added": (_add_a_field, 2, "was edited"),
    "first record removed": (lambda lines: lines[1:], 1, "does not follow"),
    "one record removed": (lambda lines: lines[:2] + lines[3:], 3, "does not follow"),
    "two records swapped": (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], 2, "does not follow"),
    "one record doubled": (lambda lines: [*lines[:3], lines[2], *lines[3:]], 4, "does not follow"),
    "an empty line added": (lambda lines: [*lines, b"\n"], 7, "not a record"),
    "garbage added": (lambda lines: [*lines, b"\xff\x00garbage\n"], 7, "not a record"),
    "a bracket lost": (lambda lines: [*lines[:3], lines[3][:-2] + b"\n", *lines[4:]], 4, "not a record"),
}


@pytest.mark.parametrize(("tamper", "line", "what"), TAMPERING.values(), ids=TAMPERING)
def test_tampering_is_found_at_its_line(journal: Path, tamper: Any, line: int, what: str) -> None:
    journal.write_bytes(b"".join(tamper(journal.read_bytes().splitlines(keepends=True))))
    with pytest.raises(IntegrityError) as caught:
        read_journal(journal)
    assert str(caught.value).startswith(f"{journal}:{line}: ")
    assert what in str(caught.value)


@pytest.mark.parametrize("line", range(6))
def test_every_single_changed_byte_is_found(journal: Path, line: int) -> None:
    lines = journal.read_bytes().splitlines(keepends=True)
    before = read_journal(journal)
    for place in range(0, len(lines[line]) - 1, 7):
        changed = bytearray(lines[line])
        changed[place] ^= 1
        journal.write_bytes(b"".join([*lines[:line], bytes(changed), *lines[line + 1 :]]))
        with pytest.raises(IntegrityError):
            read_journal(journal)
    journal.write_bytes(b"".join(lines))
    assert read_journal(journal) == before


def test_journal_of_another_run_under_this_name_is_found(make: Any, journal: Path) -> None:
    other = JournalWriter.create(journal.parent, make.run("B"))
    other.close(make.now)
    other.path.replace(journal)
    with pytest.raises(IntegrityError, match=r":1: does not follow"):
        read_journal(journal)


def _schema(seq: int, body: dict[str, Any]) -> None:
    if seq == 0:
        body["schema_version"] = 2


def _unknown_type(seq: int, body: dict[str, Any]) -> None:
    if seq == 3:
        body["type"] = "excuse"


def _unknown_field(seq: int, body: dict[str, Any]) -> None:
    if seq == 3:
        body["observation"]["colour"] = "red"


def _other_run(seq: int, body: dict[str, Any]) -> None:
    if seq == 3:
        body["observation"]["run"] = "B"


def _renamed(seq: int, body: dict[str, Any]) -> None:
    if seq == 0:
        body["run"]["id"] = "B"


def _end_early(seq: int, body: dict[str, Any]) -> None:
    if seq == 3:
        body.clear()
        body.update(type="run-ended", ended="2026-06-01T12:00:00+00:00", interrupted=False)


def _begin_late(seq: int, body: dict[str, Any]) -> None:
    if seq == 0:
        body["type"] = "observation"


FORGED = {
    "schema version": (_schema, 1, "schema version 2, this program reads 1"),
    "type of record": (_unknown_type, 4, "unknown type of record 'excuse'"),
    "field": (_unknown_field, 4, "unknown field colour"),
    "observation of another run": (_other_run, 4, "an observation of another run, B"),
    "run of another file": (_renamed, 1, "the journal of another run, B"),
    "record after the end": (_end_early, 5, "a record after the run's end"),
    "no beginning": (_begin_late, 1, "the first record is not the run's beginning"),
}


@pytest.mark.parametrize(("change", "line", "what"), FORGED.values(), ids=FORGED)
def test_record_that_is_not_understood_is_never_guessed(journal: Path, change: Any, line: int, what: str) -> None:
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(_rebuild(lines, journal.name, change)))
    with pytest.raises(IntegrityError) as caught:
        read_journal(journal)
    assert str(caught.value) == f"{journal}:{line}: {what}"


def test_torn_last_line_costs_only_itself(make: Any, journal: Path) -> None:
    whole = journal.read_bytes()
    last_but_end = len(b"".join(whole.splitlines(keepends=True)[:4]))
    for cut in range(last_but_end + 1, last_but_end + 400, 23):
        journal.write_bytes(whole[:cut])
        read: Any = read_journal(journal)
        assert read.torn == f"{journal}:5"
        assert read.observations == tuple(make.seen(seq) for seq in range(3))
        assert read.run.ended is None


def test_last_line_that_lacks_only_its_newline_counts(make: Any, journal: Path) -> None:
    journal.write_bytes(journal.read_bytes()[:-1])
    read: Any = read_journal(journal)
    assert read.run.ended == make.now + timedelta(minutes=1)


def test_run_killed_before_its_first_record_leaves_nothing(journal: Path) -> None:
    whole = journal.read_bytes()
    for start in (b"", whole[:50]):
        journal.write_bytes(start)
        read = read_journal(journal)
        assert (read.run, read.observations, read.checkpoint) == (None, (), None)


def test_folder_is_read_as_a_set_and_broken_journals_are_named(make: Any, journal: Path) -> None:
    with JournalWriter.create(journal.parent, make.run("B")) as second:
        second.append(make.seen(0, run="B", outcome=Outcome.PASS))
    (journal.parent / "notes.txt").write_text("not ours")
    found = read_journals(journal.parent)
    assert ({run.id for run in found.runs}, len(found.observations)) == ({make.run().id, "B"}, 5)
    assert (found.torn, found.broken, len(found.checkpoints)) == ((), (), 2)

    second.path.write_bytes(second.path.read_bytes().replace(b'"pass"', b'"fail"'))
    found = read_journals(journal.parent)
    assert [run.id for run in found.runs] == [make.run().id]
    assert found.broken[0].startswith(f"{second.path}:2: was edited")


def test_absent_folder_holds_nothing(tmp_path: Path) -> None:
    found = read_journals(tmp_path / "none")
    assert (found.runs, found.observations, found.broken) == ((), (), ())


def test_unreadable_journal_is_broken_not_absent(journal: Path) -> None:
    journal.unlink()
    journal.mkdir()
    assert "cannot be read" in read_journals(journal.parent).broken[0]


def test_checkpoint_finds_what_the_chain_cannot(journal: Path) -> None:
    point: Any = read_journal(journal).checkpoint
    whole = journal.read_bytes()
    lines = whole.splitlines(keepends=True)
    assert missing_checkpoints(journal.parent, [point]) == ()

    journal.write_bytes(b"".join(lines[:3]))
    read_journal(journal)  # a cut chain still fits
    assert "no longer has the record 5" in missing_checkpoints(journal.parent, [point])[0]

    def improve(_: int, body: dict[str, Any]) -> None:
        if "observation" in body:
            body["observation"]["outcome"] = "pass"

    journal.write_bytes(b"".join(_rebuild(lines, journal.name, improve)))
    read_journal(journal)  # so does one that was forged as a whole
    assert "no longer has the record 5" in missing_checkpoints(journal.parent, [point])[0]

    journal.unlink()
    assert "is gone" in missing_checkpoints(journal.parent, [point, point])[0]


def test_checkpoint_of_a_journal_that_has_grown_since_is_still_there(make: Any, tmp_path: Path) -> None:
    with JournalWriter.create(tmp_path, make.run()) as writer:
        writer.append(make.seen(0))
        early = writer.checkpoint
        writer.append(make.seen(1))
        writer.close(make.now)
    assert missing_checkpoints(tmp_path, [early]) == ()
    assert missing_checkpoints(tmp_path, [Checkpoint(run=early.run, seq=early.seq, sha256="0" * 64)]) != ()
