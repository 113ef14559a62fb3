"""What is promised of a store, on files and on a real PostgreSQL: the same suite, the same answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import RecordError
from signoff.model import ApprovalKept, Checkpoint, IssueAction, LedgerCheckpoint, Person, RunClosed
from signoff.store import whole
from signoff.store.files import FileStore
from signoff.store.sign import create_key, load_key

if TYPE_CHECKING:
    from pathlib import Path


def keep_run(store: Any, make: Any, run_id: str = "A", count: int = 3) -> Any:
    """Keep a whole run, its end noted in the ledger; return the end."""
    with store.begin_run(make.run(run_id)) as writer:
        for seq in range(count):
            writer.append(make.seen(seq, run_id))
        writer.close(make.now)
    end = writer.checkpoint
    store.record(RunClosed(run=end.run, seq=end.seq, sha256=end.sha256), at=make.now, by="ci")
    return end


@pytest.fixture
def tina(tmp_path: Path) -> Any:
    public = create_key(tmp_path / "tina.pem")
    return Person(name="tina", roles=frozenset({"tech"}), public_key=public), load_key(tmp_path / "tina.pem")


def test_nothing_is_kept_in_a_new_store(store: Any) -> None:
    found = whole.read(store, ())
    assert (found.journals.runs, found.ledger.records, found.approvals.approvals, found.problems) == ((), (), (), ())


def test_a_run_is_read_back_as_it_was_seen(store: Any, make: Any) -> None:
    end = keep_run(store, make)
    found = whole.read(store, ())
    assert found.journals.runs[0].ended == make.now
    assert found.journals.observations == tuple(make.seen(seq, "A") for seq in range(3))
    assert found.journals.checkpoints == (end,)
    assert found.ledger.of(RunClosed) == (RunClosed(run="A", seq=4, sha256=end.sha256),)
    assert found.problems == ()


def test_a_run_that_is_killed_leaves_what_it_saw(store: Any, make: Any) -> None:
    writer = store.begin_run(make.run())
    writer.append(make.seen())
    found = whole.read(store, ())
    assert (len(found.journals.observations), found.journals.runs[0].ended, found.problems) == (1, None, ())
    writer.__exit__(None, None, None)


def test_a_run_has_one_journal(store: Any, make: Any) -> None:
    keep_run(store, make)
    with pytest.raises(RecordError, match="one journal and one writer"):
        store.begin_run(make.run("A"))


def test_decisions_are_read_back_in_the_order_of_their_instants(store: Any, make: Any) -> None:
    late = IssueAction(key="ISS-1", kind="resolved", at=make.now, by="정민", action="고쳤음 \x00")
    early = IssueAction(key="ISS-1", kind="started", at=make.now, by="dba", planned=("one", "two"))
    kept = [
        store.record(late, at=make.now + timedelta(hours=1), by="정민"),
        store.record(early, at=make.now, by="dba"),
    ]
    assert store.ledger().records == tuple(reversed(kept))
    said = replace(early, recorded=make.now), replace(late, recorded=make.now + timedelta(hours=1))
    assert store.ledger().actions == said
    (head,) = store.ledger().checkpoints
    assert head.seq == 1
    assert store.missing_checkpoints((), [head]) == ()


def test_an_approval_is_kept_and_noted(store: Any, make: Any, tina: Any) -> None:
    person, key = tina
    draft = make.approval(checkpoints=(), ledgers=(LedgerCheckpoint(ledger="L", seq=0, sha256="e" * 64),))
    given = store.keep_approval(draft, key)
    found = store.approvals([person])
    assert found.approvals == (given,)
    assert store.ledger().of(ApprovalKept) == (
        ApprovalKept(envelope_sha256=given.envelope_sha256, role="tech", decision="approve"),
    )
    (problem,) = whole.read(store, [person]).problems
    assert "the ledger L no longer has the record 0, which it had when tech signed" in problem


def test_a_record_of_no_lasting_form_changes_nothing(store: Any, make: Any) -> None:
    with pytest.raises(RecordError, match="without a zone"):
        store.record(IssueAction(key="K", kind="started", at=make.now.replace(tzinfo=None), by="x"), at=make.now, by="")
    with pytest.raises(RecordError, match="is no kind of ledger record"):
        store.record(make.run(), at=make.now, by="x")
    assert store.ledger().records == ()


def test_a_checkpoint_that_was_never_reached_is_missing(store: Any, make: Any) -> None:
    end = keep_run(store, make)
    for wrong in (Checkpoint(run="A", seq=9, sha256=end.sha256), Checkpoint(run="A", seq=4, sha256="0" * 64)):
        (told,) = store.missing_checkpoints([wrong])
        assert f"no longer has the record {wrong.seq}" in told
    (told,) = store.missing_checkpoints([Checkpoint(run="Z", seq=0, sha256="0" * 64)])
    assert "Z.jsonl: is gone" in told


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def needed(store: Any, make: Any) -> Any:
    return store.needed(make.now + timedelta(days=1), lambda _runs: ())


@pytest.mark.usefixtures("cache")
def test_what_is_needed_is_what_there_is_while_the_history_is_short(store: Any, make: Any) -> None:
    for run in "AB":
        keep_run(store, make, run)
    found = needed(store, make)
    everything = store.journals()
    assert (found.runs, found.checkpoints, found.broken) == (everything.runs, everything.checkpoints, ())
    assert sorted(found.observations, key=str) == sorted(everything.observations, key=str)


def test_a_copy_on_this_machine_is_never_believed(evidence_server: Any, make: Any, cache: Path, tmp_path: Path) -> None:
    """Edited or foreign files of the copy are put right; what was changed in the database is found."""
    store = evidence_server.store(FileStore(tmp_path / "demo"))
    for run in "AB":
        keep_run(store, make, run)
    before = needed(store, make)
    first, second = sorted(cache.glob("signoff/mirror/*/*.jsonl"))
    first.write_bytes(first.read_bytes().replace(b"open", b"shut"))
    second.rename(second.with_name("C.jsonl"))
    assert needed(store, make) == before
    with evidence_server.admin(evidence_server.evidence) as connection:
        connection.execute("SET session_replication_role = replica")
        edited = "convert_to(replace(convert_from(line, 'UTF8'), 'open', 'shut'), 'UTF8')"
        where = "WHERE environment = %s AND chain = 'A' AND seq = 1"
        connection.execute(f"UPDATE signoff.journal_line SET line = {edited} {where}", [store.environment])
        (problem,) = needed(store, make).broken
        assert problem == f"{store.name}: runs/A.jsonl:2: was edited: its hash does not fit its content"
        connection.execute("DELETE FROM signoff.journal_line WHERE environment = %s", [store.environment])
    assert (needed(store, make).runs, list(cache.glob("signoff/mirror/*/*.jsonl"))) == ((), [])


def test_without_a_place_for_a_copy_everything_is_read(
    evidence_server: Any, make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    store = evidence_server.store(FileStore(tmp_path / "demo"))
    keep_run(store, make)
    assert needed(store, make) == store.journals()
