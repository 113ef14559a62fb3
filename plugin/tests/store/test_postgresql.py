"""What only the shared store promises: append-only for everybody, a run that outlives the database, no secret told."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import errors

from signoff.errors import IntegrityError, StoreError
from signoff.model import IssueAction, RunClosed
from signoff.store import whole
from signoff.store.files import FileStore
from signoff.store.medium import Kind
from signoff.store.postgresql import migrate
from signoff.store.postgresql.connection import Address
from signoff.store.postgresql.store import PostgresStore
from signoff.store.sync import sync

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def local(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "demo")


@pytest.fixture
def shared(evidence_server: Any, local: FileStore) -> Any:
    return evidence_server.store(local)


@pytest.fixture
def admin(evidence_server: Any) -> Iterator[Any]:
    with evidence_server.admin(evidence_server.evidence) as connection:
        yield connection


@pytest.fixture
def fresh(evidence_server: Any) -> Iterator[Any]:
    """Yield a connection to an empty database."""
    with evidence_server.admin() as connection:
        connection.execute("CREATE DATABASE fresh")
    try:
        with evidence_server.admin("fresh") as connection:
            yield connection
    finally:
        with evidence_server.admin() as connection:
            connection.execute("DROP DATABASE fresh WITH (FORCE)")


def decide(store: Any, make: Any, key: str = "K") -> None:
    store.record(IssueAction(key=key, kind="started", at=make.now, by="x"), at=make.now, by="x")


# --- tables -----------------------------------------------------------------------------------------------------


def test_migrating_twice_changes_nothing(fresh: Any) -> None:
    assert migrate.migrate(fresh, "db") == [step.name for step in migrate.known()]
    assert migrate.migrate(fresh, "db") == []
    migrate.check(fresh, "db")


def test_a_store_without_tables_says_how_they_are_made(evidence_server: Any, fresh: Any, local: FileStore) -> None:
    assert fresh.closed is False
    store = PostgresStore(evidence_server.url("fresh"), "demo", local)
    with pytest.raises(StoreError, match="run `signoff store migrate`"):
        store.ledger()


def test_tables_of_a_newer_program_are_left_alone(fresh: Any) -> None:
    migrate.migrate(fresh, "db")
    fresh.execute("INSERT INTO signoff.schema_migrations (version, name, sha256) VALUES (99, '0099_future.sql', 'x')")
    for act in (migrate.check, migrate.migrate):
        with pytest.raises(StoreError, match=r"have version 99, this program knows .*; update pytest-signoff"):
            act(fresh, "db")


def test_tables_that_were_made_by_other_steps_are_refused(fresh: Any) -> None:
    migrate.migrate(fresh, "db")
    fresh.execute("UPDATE signoff.schema_migrations SET sha256 = 'edited'")
    with pytest.raises(StoreError, match=r"is not 0001_evidence.sql as it was released"):
        migrate.check(fresh, "db")


# --- append-only ------------------------------------------------------------------------------------------------

CHANGES = (
    "UPDATE signoff.journal_line SET line = line",
    "DELETE FROM signoff.journal_line",
    "TRUNCATE signoff.journal_line",
    "UPDATE signoff.ledger_line SET seq = seq + 1",
    "DELETE FROM signoff.ledger_line",
    "TRUNCATE signoff.ledger_line",
    "UPDATE signoff.envelope SET content = ''",
    "DELETE FROM signoff.envelope",
    "TRUNCATE signoff.own_ledger",
)


@pytest.mark.parametrize("change", CHANGES)
def test_not_even_the_owner_changes_anything_in_passing(shared: Any, admin: Any, make: Any, change: Any) -> None:
    decide(shared, make)
    with pytest.raises(errors.InsufficientPrivilege, match="is append-only"):
        admin.execute(change)


LINES = {
    "garbage": b"garbage",
    "another number": b'{"body":{},"hash":"' + b"0" * 64 + b'","prev":"' + b"0" * 64 + b'","seq":7}',
    "another hash": b'{"body":{},"hash":"' + b"0" * 64 + b'","prev":"' + b"0" * 64 + b'","seq":0}',
    "no text": b'\xff\xfe{"body":{}',
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_the_database_takes_nothing_but_records_that_fit(shared: Any, line: bytes) -> None:
    with pytest.raises((IntegrityError, StoreError)):
        shared.extend(Kind.JOURNAL, "A", 0, [line])
    assert shared.chains(Kind.JOURNAL) == []


def test_the_database_takes_no_gap_and_no_fork(shared: Any, local: FileStore, make: Any) -> None:
    for number in range(4):
        decide(local, make, str(number))
    (name,) = local.chains(Kind.LEDGER)
    lines = list(local.lines(Kind.LEDGER, name))
    with pytest.raises(IntegrityError, match="record 1 does not continue its chain"):
        shared.extend(Kind.LEDGER, name, 1, lines[1:2])
    shared.extend(Kind.LEDGER, name, 0, lines[:2])
    with pytest.raises(IntegrityError, match="does not continue its chain"):
        shared.extend(Kind.LEDGER, name, 3, lines[3:])
    assert shared.extend(Kind.LEDGER, name, 0, lines) == 2


# --- least privilege --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def logins(evidence_server: Any) -> None:
    """Make the roles as an administrator would, and a login for each."""
    with evidence_server.admin(evidence_server.evidence) as connection:
        connection.execute(migrate.roles().encode())
        for login in ("reader", "writer", "stranger"):
            connection.execute(f"CREATE ROLE {login} LOGIN")
        connection.execute("GRANT signoff_reader TO reader; GRANT signoff_writer TO writer")


@pytest.mark.usefixtures("logins")
def test_a_writer_can_append_and_nothing_else(evidence_server: Any, local: FileStore, make: Any) -> None:
    store = evidence_server.store(local, "writer")
    with store.begin_run(make.run("A")) as writer:
        writer.append(make.seen(0, "A"))
        writer.close(make.now)
    assert writer.warnings == []
    decide(store, make)
    store.add_envelope("tech.x.y", b"{}")
    assert len(store.journals().observations) == len(store.ledger().records) == len(store.envelopes()) == 1
    with psycopg.connect(evidence_server.url(evidence_server.evidence, "writer"), autocommit=True) as connection:
        for change in (*CHANGES, "UPDATE signoff.schema_migrations SET version = 9", "DROP TABLE signoff.envelope"):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(change)
        with pytest.raises(errors.InsufficientPrivilege):  # nobody writes as somebody else, or at another time
            connection.execute(
                "INSERT INTO signoff.envelope (environment, name, content, written_by) VALUES ('a', 'b', '', 'c')"
            )


@pytest.mark.usefixtures("logins")
def test_a_reader_reads_and_is_told_what_it_lacks(
    evidence_server: Any, shared: Any, local: FileStore, make: Any
) -> None:
    decide(shared, make)
    store = PostgresStore(evidence_server.url(evidence_server.evidence, "reader"), shared.environment, local)
    assert store.ledger() == shared.ledger()
    with pytest.raises(StoreError, match=r"permission denied.*`signoff store roles` prints the grants"):
        decide(store, make)


@pytest.mark.usefixtures("logins")
def test_a_stranger_reads_nothing(evidence_server: Any, local: FileStore) -> None:
    with pytest.raises(StoreError, match="permission denied"):
        evidence_server.store(local, "stranger").ledger()


# --- a database that goes away ----------------------------------------------------------------------------------


def test_a_run_outlives_the_database(evidence_server: Any, shared: Any, local: FileStore, make: Any) -> None:
    """The server stops in the middle: everything is here, the user is told, and sync brings it there."""
    with shared.begin_run(make.run("A")) as writer:
        writer.append(make.seen(0, "A"))
        evidence_server.down()
        try:
            for seq in (1, 2, 3):
                writer.append(make.seen(seq, "A"))
            writer.close(make.now)
            (warning,) = writer.warnings
            assert "4 records of this run are only in" in warning
            assert "run `signoff sync`" in warning
            end = writer.checkpoint
            shared.record(RunClosed(run="A", seq=end.seq, sha256=end.sha256), at=make.now, by="ci")
            with pytest.raises(StoreError, match="cannot be reached"):
                decide(shared, make)
            with pytest.raises(StoreError, match="cannot be reached"):
                shared.journals()
        finally:
            evidence_server.up()
    assert len(shared.journals().observations) == 1
    assert len(shared.notes()) == 2
    assert "journal A is not (wholly) in" in shared.notes()[0]
    sync(local, shared, both=True)
    found = whole.read(shared, ())
    assert (len(found.journals.observations), len(found.ledger.of(RunClosed)), found.problems) == (4, 1, ())
    assert shared.notes() == []


def test_a_run_that_begins_without_the_database_catches_up_at_its_end(
    evidence_server: Any, local: FileStore, make: Any
) -> None:
    shared = evidence_server.store(local)
    evidence_server.down()
    try:
        writer = shared.begin_run(make.run("A"))
        writer.append(make.seen(0, "A"))
    finally:
        evidence_server.up()
    writer.append(make.seen(1, "A"))
    writer.close(make.now)
    assert writer.warnings == []
    assert len(shared.journals().observations) == 2


def test_a_connection_that_was_cut_is_made_anew(shared: Any, admin: Any, make: Any) -> None:
    """An idle connection may be cut by a firewall: reading, deciding and shipping go on."""
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'signoff'"
    with shared.begin_run(make.run("A")) as writer:
        for seq in range(3):
            admin.execute(cut)
            writer.append(make.seen(seq, "A"))
        writer.close(make.now)
    assert writer.warnings == []
    admin.execute(cut)
    decide(shared, make)
    admin.execute(cut)
    assert (len(shared.journals().observations), len(shared.ledger().records)) == (3, 1)


def test_a_lock_that_is_never_let_go_ends_in_a_message(
    evidence_server: Any, local: FileStore, admin: Any, make: Any
) -> None:
    impatient = PostgresStore(
        evidence_server.url(evidence_server.evidence) + "?options=-c%20lock_timeout%3D200ms", f"{__name__}", local
    )
    decide(impatient, make)
    with admin.transaction():
        admin.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"signoff/{__name__}/own"])
        with pytest.raises(StoreError, match="lock timeout"):
            decide(impatient, make)
    decide(impatient, make)


def test_sync_while_the_run_is_still_writing(shared: Any, local: FileStore, make: Any) -> None:
    """Both bring the same records: none is lost, none is doubled."""
    with shared.begin_run(make.run("A")) as writer:
        begun, stop = threading.Event(), threading.Event()
        other = PostgresStore.__new__(PostgresStore)
        other.__dict__.update(shared.__dict__, _open=None)

        def keep_syncing() -> None:
            while not stop.is_set():
                sync(local, other, both=False)
                begun.set()

        thread = threading.Thread(target=keep_syncing)
        thread.start()
        try:
            assert begun.wait(30)
            for seq in range(60):
                writer.append(make.seen(seq, "A"))
        finally:
            stop.set()
            thread.join()
        writer.close(make.now)
    assert writer.warnings == []
    assert [seen.seq for seen in shared.journals().observations] == list(range(60))


# --- secrets ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ada:hunter22secret@127.0.0.1:1/evidence",
        "postgresql://ada:hunter22secret@nowhere.invalid/evidence",
        "postgresql://ada:hunter22secret@127.0.0.1:port/evidence",
        "mysql://ada:hunter22secret@127.0.0.1/evidence",
        "postgresql://ada:hunter22secret@127.0.0.1",
    ],
)
def test_no_message_tells_the_password(address: str, local: FileStore) -> None:
    with pytest.raises(StoreError) as caught:
        PostgresStore(address, "demo", local).ledger()
    assert "hunter22secret" not in str(caught.value)
    assert "hunter22secret" not in repr(caught.value.__context__)


@pytest.mark.parametrize(
    ("address", "mode"),
    [
        ("postgresql://u@db.example.com/e", "verify-full"),
        ("postgresql://u@db.example.com/e?sslmode=require", "require"),
        ("postgresql://u@127.0.0.1/e", None),
        ("postgresql:///e?host=/run/postgresql", None),
    ],
)
def test_a_remote_store_must_prove_who_it_is(address: str, mode: str | None) -> None:
    assert Address(address)._parameters.get("sslmode") == mode
