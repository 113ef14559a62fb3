"""Approvals as files: signed, never overwritten, and every tampering found."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.canonical import canonical
from signoff.errors import ApprovalError
from signoff.model import Person
from signoff.store import dsse, statement
from signoff.store.files import FileStore
from signoff.store.sign import create_key, load_key

if TYPE_CHECKING:
    from pathlib import Path


class Team:
    """Three people with their keys."""

    def __init__(self, folder: Path) -> None:
        names = {"tina": "tech", "quinn": "qa", "eva": "executive"}
        public = {name: create_key(folder / f"{name}.pem") for name in names}
        self.roster = tuple(Person(name=n, roles=frozenset({r}), public_key=public[n]) for n, r in names.items())
        self.keys = {name: load_key(folder / f"{name}.pem") for name in names}


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path / "keys")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "approvals"


def test_approval_is_kept_and_read_back_with_its_key_and_envelope(make: Any, team: Team, folder: Path) -> None:
    signed = FileStore(folder.parent).keep_approval(make.approval(), team.keys["tina"])
    assert FileStore(folder.parent).approvals(team.roster).approvals == (signed,)
    assert replace(signed, key_id="", envelope_sha256="") == make.approval()
    assert signed.key_id == hashlib.sha256(base64.b64decode(team.roster[0].public_key)).hexdigest()
    (path,) = folder.iterdir()
    assert path.name == f"tech.{signed.key_id[:8]}.dddddddd.json"


def test_file_is_an_in_toto_statement_in_a_dsse_envelope(make: Any, team: Team, folder: Path) -> None:
    signed = FileStore(folder.parent).keep_approval(make.approval(conditions=("watch it",)), team.keys["tina"])
    envelope = json.loads(next(folder.iterdir()).read_bytes())
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert signed.envelope_sha256 == hashlib.sha256(canonical(envelope)).hexdigest()
    payload = base64.b64decode(envelope["payload"])
    assert json.loads(payload)["_type"] == "https://in-toto.io/Statement/v1"
    assert json.loads(payload)["subject"] == [{"name": "signoff-evidence-set", "digest": {"sha256": "d" * 64}}]
    assert json.loads(payload)["predicate"]["previous"] is None
    # Verified with nothing but the standard's own words.
    kind = b"application/vnd.in-toto+json"
    encoded = b" ".join([b"DSSEv1", str(len(kind)).encode(), kind, str(len(payload)).encode(), payload])
    team.keys["tina"].public_key().verify(base64.b64decode(envelope["signatures"][0]["sig"]), encoded)


def test_every_word_of_the_same_key_is_kept(make: Any, team: Team, folder: Path) -> None:
    for decision in ("approve", "reject", "revoke", "approve"):
        FileStore(folder.parent).keep_approval(make.approval(decision=decision), team.keys["tina"])
    assert len(list(folder.iterdir())) == 4
    assert [a.decision for a in FileStore(folder.parent).approvals(team.roster).approvals].count("approve") == 2


@pytest.mark.parametrize("fields", [{"role": "../tech"}, {"role": ""}, {"digest": "../../x"}])
def test_field_that_cannot_name_a_file_is_refused(make: Any, team: Team, folder: Path, fields: dict[str, str]) -> None:
    with pytest.raises(ApprovalError, match="cannot name a file"):
        FileStore(folder.parent).keep_approval(make.approval(**fields), team.keys["tina"])


def test_absent_folder_holds_no_approval(team: Team, folder: Path) -> None:
    assert FileStore(folder.parent).approvals(team.roster).approvals == ()


def test_key_that_is_not_on_the_roster_counts_for_nothing(make: Any, team: Team, folder: Path) -> None:
    FileStore(folder.parent).keep_approval(make.approval(), team.keys["tina"])
    others = FileStore(folder.parent).approvals(team.roster[1:])
    assert (others.approvals, others.broken) == ((), ())
    assert "is not on the roster" in others.unknown[0]
    unreadable = [replace(team.roster[0], public_key=key) for key in ("", "?", "AAAA")]
    assert FileStore(folder.parent).approvals(unreadable).approvals == ()


def _payload(envelope: dict[str, Any], change: Any) -> dict[str, Any]:
    said = json.loads(base64.b64decode(envelope["payload"]))
    change(said)
    return envelope | {"payload": base64.b64encode(canonical(said)).decode()}


TAMPERING = {
    "another digest": lambda e: _payload(e, lambda s: s["subject"][0]["digest"].update(sha256="0" * 64)),
    "another decision": lambda e: _payload(e, lambda s: s["predicate"].update(decision="approve")),
    "a longer life": lambda e: _payload(e, lambda s: s["predicate"].update(valid_until="2099-01-01T00:00:00+00:00")),
    "another approver": lambda e: _payload(e, lambda s: s["predicate"].update(approver="eva")),
    "another signature": lambda e: (
        e | {"signatures": [e["signatures"][0] | {"sig": base64.b64encode(b"x" * 64).decode()}]}
    ),
    "half a signature": lambda e: e | {"signatures": [e["signatures"][0] | {"sig": "AAAA"}]},
    "no base64": lambda e: e | {"payload": "%"},
    "no signature": lambda e: e | {"signatures": []},
    "two signatures": lambda e: e | {"signatures": e["signatures"] * 2},
    "another type": lambda e: e | {"payloadType": "text/plain"},
    "a field more": lambda e: e | {"note": "trust me"},
    "a field less": lambda e: {"payload": e["payload"], "payloadType": e["payloadType"]},
    "a list": lambda e: [e],
}


@pytest.mark.parametrize("tamper", TAMPERING.values(), ids=TAMPERING)
def test_tampering_is_found(make: Any, team: Team, folder: Path, tamper: Any) -> None:
    FileStore(folder.parent).keep_approval(make.approval(decision="reject"), team.keys["tina"])
    (path,) = folder.iterdir()
    path.write_text(json.dumps(tamper(json.loads(path.read_bytes()))))
    found = FileStore(folder.parent).approvals(team.roster)
    assert found.approvals == ()
    assert found.broken[0].startswith(f"{path}: ")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000], ids=["empty", "cut", "binary", "deep"])
def test_file_that_cannot_be_read_is_broken_not_absent(team: Team, folder: Path, content: bytes) -> None:
    folder.mkdir()
    (folder / "tech.json").write_bytes(content)
    assert len(FileStore(folder.parent).approvals(team.roster).broken) == 1


def test_file_laid_out_anew_is_the_same_approval(make: Any, team: Team, folder: Path) -> None:
    signed = FileStore(folder.parent).keep_approval(make.approval(), team.keys["tina"])
    (path,) = folder.iterdir()
    path.write_text(json.dumps(json.loads(path.read_bytes()), indent=4))
    assert FileStore(folder.parent).approvals(team.roster).approvals == (signed,)


def test_one_approvers_signature_cannot_carry_anothers_name(make: Any, team: Team, folder: Path) -> None:
    """It is read with the key that made it; the decision compares that with the roster."""
    signed = FileStore(folder.parent).keep_approval(make.approval(approver="eva"), team.keys["tina"])
    (read,) = FileStore(folder.parent).approvals(team.roster).approvals
    assert read.key_id == signed.key_id != hashlib.sha256(base64.b64decode(team.roster[2].public_key)).hexdigest()


SAID_WRONG = {
    "another statement type": lambda s: s.update(_type="https://in-toto.io/Statement/v0.1"),
    "another predicate type": lambda s: s.update(predicateType="urn:pytest-signoff:approval:v3"),
    "another subject": lambda s: s["subject"][0].update(name="something else"),
    "two subjects": lambda s: s.update(subject=s["subject"] * 2),
    "another digest kind": lambda s: s["subject"][0].update(digest={"md5": "d"}),
    "no predicate": lambda s: s.update(predicate=[]),
    "unknown decision": lambda s: s["predicate"].update(decision="shrug"),
    "unknown field": lambda s: s["predicate"].update(colour="red"),
    "naive time": lambda s: s["predicate"].update(timeCreated="2026-06-01T12:00:00"),
    "conditions as text": lambda s: s["predicate"].update(conditions="none"),
    "checkpoints as text": lambda s: s["predicate"].update(checkpoints="none"),
    "half a checkpoint": lambda s: s["predicate"].update(checkpoints=[["A", 1]]),
    "previous as number": lambda s: s["predicate"].update(previous=5),
}


@pytest.mark.parametrize("change", SAID_WRONG.values(), ids=SAID_WRONG)
def test_well_signed_nonsense_is_broken(make: Any, team: Team, folder: Path, change: Any) -> None:
    said = json.loads(canonical(statement.encode(make.approval())))
    change(said)
    key_id = hashlib.sha256(base64.b64decode(team.roster[0].public_key)).hexdigest()
    envelope = dsse.sign(canonical(said), team.keys["tina"], key_id)
    folder.mkdir()
    (folder / "tech.json").write_bytes(canonical(envelope.to_json()))
    found = FileStore(folder.parent).approvals(team.roster)
    assert (found.approvals, len(found.broken)) == ((), 1)
