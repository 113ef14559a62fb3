"""Two stores become one set of evidence: in whatever order, as often as one likes, or not at all."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signoff.errors import IntegrityError
from signoff.model import IssueAction, Person, RunClosed
from signoff.store import chain, whole
from signoff.store.files import FileStore
from signoff.store.medium import Kind
from signoff.store.sign import create_key, load_key
from signoff.store.sync import Moved, sync

if TYPE_CHECKING:
    from pathlib import Path

NOTHING = Moved(runs=0, records=0, envelopes=0)


@pytest.fixture(scope="module")
def tina(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("keys") / "tina.pem"
    return Person(name="tina", roles=frozenset({"tech"}), public_key=create_key(path)), load_key(path)


@pytest.fixture(params=["files", "postgresql"])
def others(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Return a maker of further stores of the same kind as the one under test."""
    numbers = itertools.count()

    def make_store() -> Any:
        local = FileStore(tmp_path / f"other{next(numbers)}")
        if request.param == "files":
            return local
        return request.getfixturevalue("evidence_server").store(local)

    return make_store


def keep_run(store: Any, make: Any, run_id: str, count: int = 2, *, ends: bool = True) -> None:
    with store.begin_run(make.run(run_id, ledgers=store.ledger().checkpoints)) as writer:
        for seq in range(count):
            writer.append(make.seen(seq, run_id))
        if not ends:
            return
        writer.close(make.now)
    end = writer.checkpoint
    store.record(RunClosed(run=end.run, seq=end.seq, sha256=end.sha256), at=make.now, by="ci")


def everything(store: Any, roster: Any = ()) -> Any:
    """Return what decisions see of the store, without places."""
    found = whole.read(store, roster)
    assert found.problems == ()
    journals = found.journals
    return (
        sorted(journals.runs, key=lambda run: run.id),
        sorted(journals.observations, key=str),
        sorted(journals.checkpoints),
        found.ledger.records,
        found.ledger.checkpoints,
        found.approvals.approvals,
    )


def test_both_get_what_they_lack_and_a_second_time_nothing(make: Any, store: Any, others: Any, tina: Any) -> None:
    person, key = tina
    other = others()
    keep_run(store, make, "A")
    keep_run(other, make, "B", ends=False)
    store.keep_approval(make.approval(checkpoints=()), key)
    other.keep_approval(make.approval(checkpoints=(), decision="reject"), key)  # would have the same name
    got, back = sync(store, other, both=True)
    assert got == Moved(runs=1, records=4 + 2, envelopes=1)
    assert back == Moved(runs=1, records=3 + 1, envelopes=1)
    assert everything(store, [person]) == everything(other, [person])
    assert len(everything(store, [person])[5]) == 2
    assert sync(store, other, both=True) == (NOTHING, NOTHING)


def test_one_direction_leaves_the_source_alone(make: Any, store: Any, others: Any) -> None:
    other = others()
    keep_run(store, make, "A")
    keep_run(other, make, "B")
    before = everything(store)
    sync(store, other, both=False)
    assert everything(store) == before
    assert [run.id for run in everything(other)[0]] == ["A", "B"]


def test_a_chain_that_has_grown_is_continued(make: Any, store: Any, others: Any) -> None:
    other = others()
    writer = store.begin_run(make.run("A"))
    writer.append(make.seen(0, "A"))
    store.record(IssueAction(key="K", kind="started", at=make.now, by="x"), at=make.now, by="x")
    sync(store, other, both=True)
    writer.append(make.seen(1, "A"))
    store.record(IssueAction(key="K", kind="resolved", at=make.now, by="x"), at=make.now, by="x")
    got, _ = sync(store, other, both=True)
    assert got == Moved(runs=1, records=2, envelopes=0)
    assert everything(store) == everything(other)
    writer.__exit__(None, None, None)


def test_both_go_on_writing_after_they_were_united(make: Any, store: Any, others: Any) -> None:
    """Each continues its own chain, so nothing that is written later can collide."""
    other = others()
    keep_run(store, make, "A")
    sync(store, other, both=True)
    keep_run(other, make, "B")
    keep_run(store, make, "C")
    sync(store, other, both=True)
    assert everything(store) == everything(other)
    assert len(store.ledger().checkpoints) == 2


def _forked(make: Any, store: Any, other: Any, kind: Kind) -> str:
    """Give both stores a chain of the same id that goes on differently; return the id."""
    keep_run(store, make, "A")
    (name,) = store.chains(kind)
    lines = list(store.lines(kind, name))
    forged: list[bytes] = []
    prev = chain.origin(f"{name}.jsonl")
    for seq, line in enumerate(lines):
        body = json.loads(line)["body"]
        if seq == len(lines) - 1:
            body |= {"by" if kind is Kind.LEDGER else "ended": "2020-01-01T00:00:00+00:00"}
        prev, made = chain.forge(seq, prev, body)
        forged.append(made[:-1])
    other.extend(kind, name, 0, forged)
    return str(name)


@pytest.mark.parametrize("kind", Kind)
def test_a_conflict_is_named_and_nothing_is_copied(make: Any, store: Any, others: Any, kind: Kind) -> None:
    other = others()
    name = _forked(make, store, other, kind)
    keep_run(store, make, "Z")
    keep_run(other, make, "B")
    before = [sorted(each.chains(kind)) for each in (store, other) for kind in Kind]
    with pytest.raises(IntegrityError, match=f"{kind} {name}: record . is not the same in .* nothing was copied"):
        sync(store, other, both=True)
    assert [sorted(each.chains(kind)) for each in (store, other) for kind in Kind] == before


def test_what_is_broken_is_not_spread(make: Any, store: Any, tmp_path: Path) -> None:
    broken = FileStore(tmp_path / "broken")
    keep_run(broken, make, "A", 5)
    path = tmp_path / "broken" / "runs" / "A.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], lines[2].replace(b"open", b"shut"), *lines[3:]]))
    with pytest.raises(IntegrityError, match=r"A\.jsonl:3: was edited"):
        sync(broken, store, both=True)
    assert (store.chains(Kind.JOURNAL), store.chains(Kind.LEDGER)) == ([], [])


def test_a_torn_line_stays_where_it_is(make: Any, store: Any, tmp_path: Path) -> None:
    killed = FileStore(tmp_path / "killed")
    keep_run(killed, make, "A", ends=False)
    path = tmp_path / "killed" / "runs" / "A.jsonl"
    path.write_bytes(path.read_bytes() + b'{"body":{"obs')
    sync(killed, store, both=True)
    assert whole.read(killed, ()).journals.torn == (f"{path}:4",)
    assert whole.read(store, ()).journals.observations == whole.read(killed, ()).journals.observations


@pytest.mark.parametrize("name", ["../../evil", ".hidden", "a/b"])
def test_a_name_cannot_reach_beyond_the_folder(tmp_path: Path, name: str) -> None:
    target = FileStore(tmp_path / "deep" / "demo")
    with pytest.raises(IntegrityError, match="cannot name a file"):
        target.extend(Kind.JOURNAL, name, 0, [])
    with pytest.raises(IntegrityError, match="cannot name a file"):
        target.add_envelope(name, b"{}")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations([(0, 1), (1, 2), (0, 2)]), turned=st.lists(st.booleans(), min_size=6, max_size=6))
def test_the_order_of_syncs_does_not_matter(
    make: Any, tmp_path_factory: pytest.TempPathFactory, order: Any, turned: list[bool]
) -> None:
    """Three teams, each with its own evidence; whoever meets whom first, all know the same in the end."""
    folder = tmp_path_factory.mktemp("teams")
    stores: list[Any] = [FileStore(folder / name) for name in "abc"]
    for number, each in enumerate(stores):
        keep_run(each, make, f"R{number}", number + 1)
        each.record(IssueAction(key="K", kind="started", at=make.now, by=str(number)), at=make.now, by=str(number))
    for (one, two), swap in zip([*order, *order], turned, strict=True):
        pair = (stores[two], stores[one]) if swap else (stores[one], stores[two])
        sync(*pair, both=True)
    assert everything(stores[0]) == everything(stores[1]) == everything(stores[2])
    assert len(everything(stores[0])[0]) == 3
