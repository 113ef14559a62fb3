"""`signoff attest`: signed statements, the files behind them, and what becomes of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.model import EvidenceFile, SignedAttestation, State, Verdict
from signoff.store.attested import read_attestations, sign_attestation
from signoff.store.sign import create_key, load_key

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def drill(tmp_path: Path) -> Path:
    """Return a file outside of the suite that backs a statement."""
    path = tmp_path / "drill.md"
    path.write_text("all findings closed\n")
    return path


def attest(world: Any, item: str = "INF-DR-1", *options: str, who: str = "Han", passed: bool = True) -> Any:
    found = "--passed" if passed else "--failed"
    span = [] if "--expires" in options or "--for" in options else ["--for", "30d"]
    key = str(world.keys / who)
    return world.call("attest", item, found, "--statement", "I looked", *span, "--key", key, *options)


def state(world: Any, item: str = "INF-DR-1") -> State:
    found: State = next(result.state for result in world.evaluate().items if result.item.id == item)
    return found


def note(world: Any, item: str = "INF-DR-1") -> str:
    return str(next(result.note for result in world.evaluate().items if result.item.id == item))


def test_signed_statement_counts_with_its_file_kept_beside_it(world: Any, drill: Path) -> None:
    done = attest(world, "INF-DR-1", "--evidence", str(drill))
    assert done.exit_code == 0, done.output
    result = next(r for r in world.evaluate().items if r.item.id == "INF-DR-1")
    assert (result.state, result.attestation.by, result.attestation.role) == (State.ATTESTED, "Han", "operations")
    assert result.attestation.signed
    assert (world.inventory / "evidence/drill.md").read_text() == drill.read_text()
    assert "signoff verify" not in done.output
    drill.unlink()
    assert state(world) is State.ATTESTED


def test_file_that_is_already_there_is_not_copied(world: Any) -> None:
    here = world.inventory / "evidence/notes.md"
    here.parent.mkdir()
    here.write_text("x")
    assert attest(world, "INF-DR-1", "--evidence", str(here)).exit_code == 0
    assert [path.name for path in here.parent.iterdir()] == ["notes.md"]


def test_older_evidence_is_never_replaced(world: Any, drill: Path) -> None:
    attest(world, "INF-DR-1", "--evidence", str(drill))
    drill.write_text("other findings\n")
    done = attest(world, "INF-DR-1", "--evidence", str(drill))
    assert (done.exit_code, "exists and is another file" in done.output) == (12, True)
    assert state(world) is State.ATTESTED


@pytest.mark.parametrize("harm", ["change", "remove"])
def test_statement_ends_with_its_evidence(world: Any, drill: Path, harm: str) -> None:
    attest(world, "INF-DR-1", "--evidence", str(drill))
    kept = world.inventory / "evidence/drill.md"
    if harm == "change":
        kept.write_text("nothing is closed\n")
    else:
        kept.unlink()
    assert state(world) is State.NOT_VERIFIED
    assert "its evidence drill.md" in note(world)


REFUSED = {
    "measured item": (["INF-SRV-1"], {}, "is measured (method test)"),
    "unknown item": (["INF-DR-11"], {}, "unknown item 'INF-DR-11'; did you mean 'INF-DR-1'?"),
    "role that may not": (["INF-DR-1"], {"who": "Lee"}, "Lee holds no role that may attest INF-DR-1"),
    "role not held": (["INF-DR-1", "--role", "qa"], {}, "Han does not hold the role qa"),
    "too long": (["INF-DR-1", "--for", "366d"], {}, "longer than 365 days"),
    "already over": (["INF-DR-1", "--expires", "2020-01-01"], {}, "expires before it was made"),
    "no date": (["INF-DR-1", "--expires", "soon"], {}, "soon: not a date"),
    "no duration": (["INF-DR-1", "--for", "3 months"], {}, "not a duration"),
}


@pytest.mark.parametrize(("arguments", "who", "why"), REFUSED.values(), ids=REFUSED)
def test_is_refused_and_nothing_is_recorded(world: Any, arguments: list[str], who: Any, why: str) -> None:
    done = attest(world, *arguments, **who)
    assert (done.exit_code, why in " ".join(done.output.split())) == (12, True), done.output
    assert world.workspace().store.ledger().records == ()


def test_key_of_nobody_is_refused(world: Any) -> None:
    create_key(world.keys / "Mallory")
    assert "nobody's on the roster" in attest(world, who="Mallory").output


def test_what_was_found_and_how_long_it_holds_must_be_said(world: Any) -> None:
    key = str(world.keys / "Han")
    said = ["attest", "INF-DR-1", "--statement", "x", "--key", key]
    assert world.call(*said, "--for", "3d").exit_code == 2
    assert world.call(*said, "--passed").exit_code == 2
    assert world.call(*said, "--passed", "--for", "3d", "--expires", "2999-01-01").exit_code == 2


def test_date_alone_is_the_end_of_that_day_in_the_projects_zone(world: Any) -> None:
    day = (datetime.now(UTC) + timedelta(days=9)).date()
    attest(world, "INF-DR-1", "--expires", day.isoformat())
    (made,) = [r.attestation for r in world.evaluate().items if r.attestation]
    assert made.expires == datetime(day.year, day.month, day.day, 15, tzinfo=UTC)  # midnight in Seoul


def test_bad_news_counts_until_its_author_takes_it_back(world: Any) -> None:
    attest(world, passed=False)
    assert state(world) is State.FAIL
    attest(world, who="Choi")
    assert state(world) is State.FAIL
    attest(world)
    assert state(world) is State.ATTESTED


def test_statements_in_the_file_and_in_the_ledger_are_one_set(world: Any) -> None:
    at = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    (world.inventory / "attestations.yaml").write_text(
        "schema_version: 1\nattestations:\n"
        f"  - {{item: INF-DR-1, status: fail, statement: bad, by: Choi, role: infra, at: '{at}',"
        f" expires: {(datetime.now(UTC) + timedelta(days=9)).date()}, release: 1.0.0}}\n"
    )
    attest(world)
    assert state(world) is State.FAIL
    world.change_policy("")
    policy = world.inventory / "policy.yaml"
    policy.write_text(policy.read_text().replace("roles: [operations]}", "roles: [operations], signed: required}"))
    assert state(world) is State.ATTESTED


def test_hybrid_items_statement_ends_with_a_later_failure(world: Any) -> None:
    attest(world, "INF-DR-2")
    world.ran(hours_ago=0)
    assert state(world, "INF-DR-2") is State.PASS
    world.clock = datetime.now(UTC)
    world.ran({"plan_is_there": "fail"})
    world.ran()
    assert state(world, "INF-DR-2") is State.NOT_VERIFIED
    assert "look again and attest anew" in note(world, "INF-DR-2")


def test_attester_does_not_approve(world: Any) -> None:
    world.change_policy("")
    policy = world.inventory / "policy.yaml"
    policy.write_text(policy.read_text().replace("name: Kim, roles: [tech]", "name: Kim, roles: [tech, infra]"))
    attest(world, who="Kim")
    attest(world, "INF-DR-2")
    world.ran(hours_ago=0)
    assert world.evaluate().verdict is Verdict.READY
    digest = world.evaluate().digest[:8]
    done = world.call("approve", "--role", "tech", "--key", str(world.keys / "Kim"), "--digest", digest)
    assert (done.exit_code, "Kim attested INF-DR-1" in done.output) == (12, True)


# --- what is read back from the ledger --------------------------------------------------------------------------


def _read(world: Any, records: Any) -> Any:
    policy = world.workspace().inventory.policy
    return read_attestations(records, policy.roster, "demo", world.inventory)


def _signed(world: Any, *, who: str = "Han", environment: str = "demo", **fields: Any) -> Any:
    """Return the ledger record of a statement that was forged in some way."""
    attest(world)
    (record,) = world.workspace().store.ledger().records
    (made,) = _read(world, [record]).attestations
    body = sign_attestation(replace(made, evidence=(), **fields), environment, [], load_key(world.keys / who))
    return replace(record, body=body)


def test_statement_in_somebody_elses_name_counts_for_nothing(world: Any) -> None:
    found = _read(world, [_signed(world, who="Lee")])
    assert (found.attestations, found.broken) == ((), ())
    assert "it speaks for Han, and Lee signed it" in found.unknown[0]


def test_statement_for_another_environment_counts_for_nothing(world: Any) -> None:
    found = _read(world, [_signed(world, environment="production")])
    assert "it is for the environment production" in found.unknown[0]


def test_statement_of_a_key_that_left_the_roster_counts_for_nothing(world: Any) -> None:
    record = _signed(world)
    policy = world.workspace().inventory.policy
    left = [person for person in policy.roster if person.name != "Han"]
    found = read_attestations([record], left, "demo", world.inventory)
    assert (found.attestations, "not on the roster" in found.unknown[0]) == ((), True)


TAMPERED = {
    "edited": lambda envelope: envelope | {"payload": envelope["payload"][:-8] + "AAAAAAA="},
    "signature swapped": lambda envelope: (
        envelope | {"signatures": [envelope["signatures"][0] | {"sig": "A" * 86 + "=="}]}
    ),
    "unknown key": lambda envelope: envelope | {"note": "x"},
    "no signature": lambda envelope: envelope | {"signatures": []},
    "no envelope": lambda _: [],
}


@pytest.mark.parametrize("tamper", TAMPERED.values(), ids=TAMPERED)
def test_edited_statement_is_broken_and_never_ignored(world: Any, tamper: Any) -> None:
    record = _signed(world)
    envelope = json.dumps(tamper(json.loads(record.body.envelope)))
    found = _read(world, [replace(record, body=SignedAttestation(envelope=envelope))])
    assert (found.attestations, found.unknown, len(found.broken)) == ((), (), 1)


def test_edited_statement_makes_the_verdict_invalid(world: Any) -> None:
    record = _signed(world)
    envelope = json.loads(record.body.envelope) | {"payload": "e30="}
    world.workspace().store.record(SignedAttestation(envelope=json.dumps(envelope)), at=record.at, by="Han")
    assert world.evaluate().verdict is Verdict.INVALID


def test_evidence_that_leads_out_of_the_environment_is_broken(world: Any) -> None:
    record = _signed(world)
    (made,) = _read(world, [record]).attestations
    outside = replace(made, evidence=(EvidenceFile(name="passwd", sha256="a" * 64),))
    body = sign_attestation(outside, "demo", ["../../etc/passwd"], load_key(world.keys / "Han"))
    found = _read(world, [replace(record, body=body)])
    assert "leads out of the environment's folder" in found.broken[0]
