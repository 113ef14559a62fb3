"""What tampering is found by what: one table, held against files and against a real PostgreSQL and its superuser.

Found "by itself" means that the evidence contradicts itself: chains, signatures, and what ledger, journals and
signatures remember of each other. What is not found so is found by a checkpoint that somebody wrote down elsewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from signoff.model import IssueAction, Person, RunClosed
from signoff.store import chain, whole
from signoff.store.files import FileStore
from signoff.store.medium import Kind
from signoff.store.sign import create_key, load_key

if TYPE_CHECKING:
    from signoff.store.base import Store

Lines = list[bytes]
Tamper = Callable[[Lines, str], Lines]
_TABLES = {Kind.JOURNAL: "signoff.journal_line", Kind.LEDGER: "signoff.ledger_line"}
_FOLDERS = {Kind.JOURNAL: "runs", Kind.LEDGER: "ledger"}


class Files:
    """Somebody who may write the folder."""

    def __init__(self, store: FileStore) -> None:
        self.folder = store.folder

    def lines(self, kind: Kind, name: str) -> Lines:
        return (self.folder / _FOLDERS[kind] / f"{name}.jsonl").read_bytes().splitlines()

    def write(self, kind: Kind, name: str, lines: Lines | None) -> None:
        path = self.folder / _FOLDERS[kind] / f"{name}.jsonl"
        if lines is None:
            path.unlink()
        else:
            path.write_bytes(b"".join(line + b"\n" for line in lines))

    def envelopes(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted((self.folder / "approvals").iterdir())}

    def write_envelopes(self, envelopes: dict[str, bytes]) -> None:
        for path in (self.folder / "approvals").iterdir():
            path.unlink()
        for name, content in envelopes.items():
            (self.folder / "approvals" / name).write_bytes(content)


class Superuser:
    """Somebody who may do anything in the database, triggers switched off."""

    def __init__(self, connection: Any, environment: str) -> None:
        self._connection, self._environment = connection, environment
        connection.execute("SET session_replication_role = replica")

    def lines(self, kind: Kind, name: str) -> Lines:
        query = f"SELECT line FROM {_TABLES[kind]} WHERE environment = %s AND chain = %s ORDER BY seq"
        rows = self._connection.execute(query, [self._environment, name])
        return [bytes(line) for (line,) in rows]

    def write(self, kind: Kind, name: str, lines: Lines | None) -> None:
        where = "WHERE environment = %s AND chain = %s"
        self._connection.execute(f"DELETE FROM {_TABLES[kind]} {where}", [self._environment, name])
        for seq, line in enumerate(lines or ()):
            self._connection.execute(
                f"INSERT INTO {_TABLES[kind]} (environment, chain, seq, line, prev, hash) "
                "VALUES (%s, %s, %s, %s, '', '')",
                [self._environment, name, seq, line],
            )

    def envelopes(self) -> dict[str, bytes]:
        query = "SELECT name, content FROM signoff.envelope WHERE environment = %s ORDER BY name"
        rows = self._connection.execute(query, [self._environment])
        return {name: bytes(content) for name, content in rows}

    def write_envelopes(self, envelopes: dict[str, bytes]) -> None:
        self._connection.execute("DELETE FROM signoff.envelope WHERE environment = %s", [self._environment])
        for name, content in envelopes.items():
            self._connection.execute(
                "INSERT INTO signoff.envelope (environment, name, content) VALUES (%s, %s, %s)",
                [self._environment, name, content],
            )


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A history that was signed, and what somebody wrote down at its end."""

    store: Any
    roster: tuple[Person, ...]
    ledger: str
    noted: tuple[tuple[int, str], ...]
    tamperer: Any


@pytest.fixture
def superuser(evidence_server: Any) -> Any:
    with evidence_server.admin(evidence_server.evidence) as connection:
        yield connection


@pytest.fixture
def scene(store: Any, make: Any, request: pytest.FixtureRequest, tmp_path: Any) -> Any:
    """Two runs; an approval; a run that only the ledger knows; a killed run that nobody knows; and a last decision."""
    person = Person(name="tina", roles=frozenset({"tech"}), public_key=create_key(tmp_path / "tina.pem"))
    ends = [_run(store, make, run) for run in "AB"]
    draft = make.approval(checkpoints=tuple(ends), ledgers=store.ledger().checkpoints)
    store.keep_approval(draft, load_key(tmp_path / "tina.pem"))
    _run(store, make, "C")
    killed = store.begin_run(make.run("D", ledgers=store.ledger().checkpoints))
    for seq in range(2):
        killed.append(make.seen(seq, "D"))
    killed.__exit__(None, None, None)
    store.record(IssueAction(key="K", kind="resolved", at=make.now, by="dba"), at=make.now, by="dba")
    (head,) = store.ledger().checkpoints
    if isinstance(store, FileStore):
        tamperer: Any = Files(store)
    else:
        connection = request.getfixturevalue("superuser")
        tamperer = Superuser(connection, store.environment)
    noted = ((head.seq, head.sha256), (killed.checkpoint.seq, killed.checkpoint.sha256))
    return Scene(store=store, roster=(person,), ledger=head.ledger, noted=noted, tamperer=tamperer)


def _run(store: Store, make: Any, run_id: str) -> Any:
    with store.begin_run(make.run(run_id, ledgers=store.ledger().checkpoints)) as writer:
        for seq in range(3):
            writer.append(make.seen(seq, run_id))
        writer.close(make.now)
    end = writer.checkpoint
    store.record(RunClosed(run=end.run, seq=end.seq, sha256=end.sha256), at=make.now, by="ci")
    return end


def rechained(change: Callable[[Any], None] = lambda _: None, *, without: int | None = None) -> Tamper:
    """Return what forges the chain anew, from its first record; the forger knows its name."""

    def forge(lines: Lines, name: str) -> Lines:
        prev = chain.origin(f"{name}.jsonl")
        forged: Lines = []
        for number, line in enumerate(lines):
            if number == without:
                continue
            body = json.loads(line)["body"]
            change(body)
            prev, made = chain.forge(len(forged), prev, body)
            forged.append(made[:-1])
        return forged

    return forge


def edited(lines: Lines, _: str) -> Lines:
    middle = len(lines) // 2
    changed = re.sub(rb'"(release|by)":"[^"]', rb'"\1":"X', lines[middle], count=1)
    return [*lines[:middle], changed, *lines[middle + 1 :]]


def removed(lines: Lines, _: str) -> Lines:
    return [*lines[:1], *lines[2:]]


def swapped(lines: Lines, _: str) -> Lines:
    return [lines[0], lines[2], lines[1], *lines[3:]]


def doubled(lines: Lines, _: str) -> Lines:
    return [*lines[:2], lines[1], *lines[2:]]


def cut(count: int) -> Tamper:
    return lambda lines, _: lines[:-count]


def _fail_to_pass(body: Any) -> None:
    if "observation" in body:
        body["observation"]["outcome"] = "pass"


def _another_name(body: Any) -> None:
    body["by"] = "somebody"


CHAINS: dict[str, tuple[Kind, str, Tamper | None, str | None]] = {
    # what is done: to which kind, to which chain, how, and what says so without any checkpoint (None: nothing does)
    "journal: value edited": (Kind.JOURNAL, "A", edited, "was edited"),
    "journal: record removed": (Kind.JOURNAL, "A", removed, "does not follow"),
    "journal: records swapped": (Kind.JOURNAL, "A", swapped, "does not follow"),
    "journal: record doubled": (Kind.JOURNAL, "A", doubled, "does not follow"),
    "journal that was signed: cut": (Kind.JOURNAL, "A", cut(2), "no longer has the record 4"),
    "journal that was signed: forged anew": (Kind.JOURNAL, "A", rechained(_fail_to_pass), "no longer has"),
    "journal that was signed: file removed": (Kind.JOURNAL, "A", None, "is gone"),
    "journal that only the ledger knows: cut": (Kind.JOURNAL, "C", cut(1), "no longer has the record 4"),
    "journal that only the ledger knows: forged anew": (Kind.JOURNAL, "C", rechained(_fail_to_pass), "no longer"),
    "journal that only the ledger knows: file removed": (Kind.JOURNAL, "C", None, "is gone"),
    "journal of a killed run: value edited": (Kind.JOURNAL, "D", edited, "was edited"),
    "journal of a killed run: cut": (Kind.JOURNAL, "D", cut(1), None),
    "journal of a killed run: forged anew": (Kind.JOURNAL, "D", rechained(_fail_to_pass), None),
    "journal of a killed run: file removed": (Kind.JOURNAL, "D", None, None),
    "ledger: value edited": (Kind.LEDGER, "", edited, "was edited"),
    "ledger: record removed": (Kind.LEDGER, "", removed, "does not follow"),
    "ledger: records swapped": (Kind.LEDGER, "", swapped, "does not follow"),
    "ledger: record doubled": (Kind.LEDGER, "", doubled, "does not follow"),
    "ledger: last record cut off": (Kind.LEDGER, "", cut(1), None),
    "ledger: cut back to before the last run": (Kind.LEDGER, "", cut(2), "no longer has the record 3.*run D began"),
    "ledger: cut back to before the approval": (Kind.LEDGER, "", cut(3), "no longer has the record 2.*run C began"),
    "ledger: forged anew from its beginning": (Kind.LEDGER, "", rechained(_another_name), "tech signed|began"),
    "ledger: the end of a run left out, forged anew": (
        Kind.LEDGER,
        "",
        rechained(without=0),
        "tech signed|began",
    ),
    "ledger: file removed": (Kind.LEDGER, "", None, "run . began"),
}


def found_by_itself(scene: Scene) -> tuple[str, ...]:
    return whole.read(scene.store, scene.roster).problems


def found_by_checkpoints(scene: Scene) -> bool:
    return not all(whole.holds(scene.store, seq, sha256) for seq, sha256 in scene.noted)


def test_nothing_is_found_where_nothing_was_done(scene: Scene) -> None:
    assert found_by_itself(scene) == ()
    assert not found_by_checkpoints(scene)


@pytest.mark.parametrize(("kind", "name", "tamper", "told"), CHAINS.values(), ids=CHAINS)
def test_tampering_with_chains(scene: Scene, kind: Kind, name: str, tamper: Any, told: str | None) -> None:
    name = name or scene.ledger
    before = scene.tamperer.lines(kind, name)
    after = None if tamper is None else tamper(before, name)
    assert after != before
    scene.tamperer.write(kind, name, after)
    problems = found_by_itself(scene)
    if told is None:
        assert problems == ()
        assert found_by_checkpoints(scene)
    else:
        assert re.search(told, "\n".join(problems)), problems


def test_the_same_chain_under_another_name_is_found(scene: Scene) -> None:
    for kind, name in ((Kind.JOURNAL, "A"), (Kind.LEDGER, scene.ledger)):
        lines = scene.tamperer.lines(kind, name)
        scene.tamperer.write(kind, "Z", lines)
        assert any("Z.jsonl" in problem and "does not follow" in problem for problem in found_by_itself(scene))
        scene.tamperer.write(kind, "Z", None)


def _flip(content: bytes) -> bytes:
    envelope = json.loads(content)
    envelope["payload"] = envelope["payload"][:-8] + "AAAAAAA="
    return json.dumps(envelope).encode()


ENVELOPES: dict[str, tuple[Callable[[dict[str, bytes]], dict[str, bytes]], str | None]] = {
    "edited": (lambda kept: {name: _flip(content) for name, content in kept.items()}, "signature does not fit"),
    "cut": (lambda kept: {name: content[:99] for name, content in kept.items()}, "tech"),
    "removed": (lambda _: {}, "approve of tech that the ledger records is gone"),
    "replaced by nonsense": (lambda kept: dict.fromkeys(kept, b"{}\n"), "no field payload"),
    "doubled": (lambda kept: kept | {"copy.json": next(iter(kept.values()))}, None),
}


@pytest.mark.parametrize(("tamper", "told"), ENVELOPES.values(), ids=ENVELOPES)
def test_tampering_with_envelopes(scene: Scene, tamper: Any, told: str | None) -> None:
    scene.tamperer.write_envelopes(tamper(scene.tamperer.envelopes()))
    problems = found_by_itself(scene)
    if told is None:  # the same word twice is one word
        assert problems == ()
        assert len({given.envelope_sha256 for given in scene.store.approvals(scene.roster).approvals}) == 1
    else:
        assert any(told in problem for problem in problems), problems


def test_an_envelope_and_its_note_removed_together_are_found(scene: Scene) -> None:
    """The forger takes the approval away and forges the ledger anew without it: later runs remember the ledger."""
    scene.tamperer.write_envelopes({})
    lines = scene.tamperer.lines(Kind.LEDGER, scene.ledger)
    note = next(number for number, line in enumerate(lines) if b"approval-kept" in line)
    scene.tamperer.write(Kind.LEDGER, scene.ledger, rechained(without=note)(lines, scene.ledger))
    assert any("began" in problem for problem in found_by_itself(scene))
    assert found_by_checkpoints(scene)


def test_everything_forged_anew_is_found_by_the_checkpoint_alone(scene: Scene) -> None:
    """Whoever may write everything can also write a history that fits itself; only what lies elsewhere contradicts."""
    for run in "ABCD":
        scene.tamperer.write(Kind.JOURNAL, run, None)
    scene.tamperer.write_envelopes({})
    lines = scene.tamperer.lines(Kind.LEDGER, scene.ledger)
    scene.tamperer.write(Kind.LEDGER, scene.ledger, rechained()(lines[-1:], scene.ledger))
    assert found_by_itself(scene) == ()
    assert found_by_checkpoints(scene)
