"""Lint: records that do not count, match nothing, are not needed, end soon or contradict each other."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.decision.lint.lint import lint
from signoff.model import (
    EvidenceFile,
    IssueAction,
    Method,
    NotApplicable,
    Person,
    Records,
    Separation,
    State,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.decision.lint.findings import Finding

BACKED = (EvidenceFile(name="drill.pdf", sha256="a" * 64, actual_sha256="a" * 64),)


def _lint(make: Any, seen: Sequence[Any] = (), **fields: Any) -> tuple[Finding, ...]:
    records, actions = fields.pop("records", Records()), fields.pop("actions", ())
    policy = fields.pop("policy", None) or make.policy()
    items = fields.pop("items", (make.item(),))
    targets = fields.pop("targets", ("web1",))
    signoff = make.judge(seen, items=items, records=records, actions=actions, policy=policy, targets=targets, **fields)
    return lint(signoff, make.plan(items, targets), list(seen), records, actions, policy, make.now)


def _kinds(found: Sequence[Finding]) -> list[tuple[str, bool]]:
    return [(finding.kind, finding.error) for finding in found]


def test_nothing_to_say_of_records_in_order(make: Any) -> None:
    items = (make.item(), make.item("SEC-CFG-2", method=Method.EXAMINE, checks=()))
    records = Records(waivers=(make.waiver(),), attestations=(make.attestation(item="SEC-CFG-2", evidence=BACKED),))
    assert _lint(make, [make.seen("fail")], items=items, records=records) == ()


# --- waivers ----------------------------------------------------------------------------------------------------

WAIVERS = {
    "invalid": ({"approver": "mallory"}, "fail", [("invalid", True)], "mallory is not on the roster"),
    "expired": ({"expires": timedelta(0)}, "fail", [("invalid", True)], "it expired at"),
    "made in the future": ({"created": timedelta(days=1)}, "fail", [("invalid", True)], "made in the future"),
    "never seen": ({"fingerprints": ("0" * 64,)}, "fail", [("matches-nothing", False)], "never failed so: 0000"),
    "shortened": ({"fingerprints": ("f" * 12,)}, "fail", [("matches-nothing", False)], "never failed so"),
    "other target": ({"targets": ("web9",)}, "fail", [("matches-nothing", False)], "concerns its targets (web9)"),
    "ends in seven days": ({"expires": timedelta(days=7)}, "fail", [("expires-soon", False)], "ends at 2026-06-08"),
}


@pytest.mark.parametrize(("fields", "outcome", "kinds", "words"), WAIVERS.values(), ids=WAIVERS)
def test_waiver_that(make: Any, fields: dict[str, Any], outcome: str, kinds: list[Any], words: str) -> None:
    moved = {name: make.now + value if isinstance(value, timedelta) else value for name, value in fields.items()}
    found = _lint(make, [make.seen(outcome)], records=Records(waivers=(make.waiver(place="waivers.yaml:7", **moved),)))
    assert _kinds(found) == kinds
    assert words in found[0].text.en
    assert (found[0].place, found[0].subject) == ("waivers.yaml:7", "W-1")
    assert found[0].text.ko != found[0].text.en


def test_shortened_fingerprint_is_told_in_full(make: Any) -> None:
    (found,) = _lint(make, [make.seen("fail")], records=Records(waivers=(make.waiver(fingerprints=("f" * 12,)),)))
    assert "f" * 64 in found.step.en


def test_waiver_that_is_no_longer_needed(make: Any) -> None:
    seen = [make.seen("fail", 90, "A"), make.seen("pass", 60, "B")]
    found = _lint(make, seen, records=Records(waivers=(make.waiver(),)))
    assert _kinds(found) == [("action-missing", False), ("not-needed", False)]


def test_waiver_that_waits_for_its_day_is_no_mistake(make: Any) -> None:
    waiting = make.waiver(starts=make.now + timedelta(days=1))
    assert _lint(make, [make.seen("fail")], records=Records(waivers=(waiting,))) == ()


def test_waiver_of_what_was_never_checked_needs_no_failure(make: Any) -> None:
    waiver = make.waiver(covers=frozenset({State.NOT_VERIFIED}), fingerprints=("none",))
    assert _lint(make, [], records=Records(waivers=(waiver,))) == ()


def test_fingerprint_of_an_earlier_release_is_known(make: Any) -> None:
    seen = [make.seen("fail", release="0.9"), make.seen("fail", fingerprint="0" * 64)]
    waivers = (make.waiver(), make.waiver(id="W-2", fingerprints=("0" * 64,)))
    assert _lint(make, seen, records=Records(waivers=waivers)) == ()


STRANGE = {
    "of another environment": {"environment": "staging", "fingerprint": "0" * 64},
    "of another item": {"fingerprint": "0" * 64, "item": "SEC-CFG-2"},
}


@pytest.mark.parametrize("fields", STRANGE.values(), ids=STRANGE)
def test_failure_that_was_not_seen_here_is_not_known(make: Any, fields: dict[str, Any]) -> None:
    cell = make.cell(fields.get("item", "SEC-CFG-1"))
    strange = make.seen("fail", cell=cell, **{name: value for name, value in fields.items() if name != "item"})
    found = _lint(make, [make.seen("fail"), strange], records=Records(waivers=(make.waiver(fingerprints=("0" * 64,)),)))
    assert _kinds(found) == [("matches-nothing", False)]


def test_pass_is_no_failure_to_be_waived(make: Any) -> None:
    found = _lint(make, [make.seen("skip")], records=Records(waivers=(make.waiver(fingerprints=("",)),)))
    assert _kinds(found) == [("matches-nothing", False)]


OVERLAPS = {
    "same failure": ({}, True),
    "other failure": ({"fingerprints": ("0" * 64,)}, False),
    "other targets": ({"targets": ("web2",)}, False),
    "one after the other": ({"created": timedelta(days=10), "expires": timedelta(days=20)}, False),
}


@pytest.mark.parametrize(("fields", "overlap"), OVERLAPS.values(), ids=OVERLAPS)
def test_two_waivers_of_one_failure(make: Any, fields: dict[str, Any], overlap: bool) -> None:
    moved = {name: make.now + value if isinstance(value, timedelta) else value for name, value in fields.items()}
    waivers = (make.waiver(targets=("web1",)), make.waiver(id="W-2", **({"targets": ("web1",)} | moved)))
    found = _lint(make, [make.seen("fail")], records=Records(waivers=waivers), targets=("web1", "web2"))
    assert (("overlap", False) in _kinds(found)) is overlap


# --- attestations -----------------------------------------------------------------------------------------------

STATEMENTS = {
    "invalid": ({"by": "mallory"}, [("invalid", True)], "mallory is not on the roster"),
    "expired": ({"expires": timedelta(0)}, [("invalid", True)], "it expired at"),
    "future": ({"at": timedelta(days=1)}, [("invalid", True)], "dated in the future"),
    "changed file": (
        {"evidence": (EvidenceFile(name="drill.pdf", sha256="a" * 64, actual_sha256="b" * 64),)},
        [("invalid", True)],
        "drill.pdf has changed",
    ),
    "file gone": (
        {"evidence": (*BACKED, EvidenceFile(name="log", sha256="a" * 64))},
        [("invalid", True)],
        "log cannot be read",
    ),
    "no file": ({"evidence": ()}, [("no-evidence", False)], "names no file"),
    "ends in seven days": ({"expires": timedelta(days=7)}, [("expires-soon", False)], "ends at 2026-06-08"),
    "other release": ({"release": "0.9"}, [("other-release", False)], "is for release 0.9, and this is 1.0"),
}


@pytest.mark.parametrize(("fields", "kinds", "words"), STATEMENTS.values(), ids=STATEMENTS)
def test_statement_that(make: Any, fields: dict[str, Any], kinds: list[Any], words: str) -> None:
    moved = {name: make.now + value if isinstance(value, timedelta) else value for name, value in fields.items()}
    items = (make.item(method=Method.EXAMINE, checks=()), make.item("SEC-CFG-2"))
    statement = make.attestation(**({"evidence": BACKED, "place": "attestations.yaml:4"} | moved))
    found = _lint(make, [], items=items, records=Records(attestations=(statement,)))
    assert _kinds(found) == kinds
    assert words in found[0].text.en
    assert found[0].place == "attestations.yaml:4"


def test_statement_about_a_measured_item(make: Any) -> None:
    found = _lint(make, [], records=Records(attestations=(make.attestation(evidence=BACKED),)))
    assert _kinds(found) == [("invalid", True)]
    assert "cannot stand in for its checks" in found[0].text.en


def test_statements_that_contradict_each_other(make: Any) -> None:
    items = (make.item(method=Method.EXAMINE, checks=()), make.item("SEC-CFG-2"))
    bad = make.attestation(passed=False, at=make.ago(days=2))
    good = make.attestation(by="quinn", role="qa", evidence=BACKED)
    found = _lint(make, [], items=items, records=Records(attestations=(bad, good)))
    assert _kinds(found) == [("contradiction", True)]
    assert "quinn states that it is good, sam that it is bad" in found[0].text.en


def test_statement_that_a_check_has_contradicted(make: Any) -> None:
    items = (make.item(method=Method.HYBRID),)
    statement = make.attestation(at=make.ago(minutes=90), evidence=BACKED)
    seen = [make.seen("fail", 60, "A"), make.seen("pass", 30, "B")]
    found = _lint(make, seen, items=items, records=Records(attestations=(statement,)))
    assert ("contradiction", True) in _kinds(found)


def test_statement_that_was_replaced_is_history(make: Any) -> None:
    items = (make.item(method=Method.EXAMINE, checks=()), make.item("SEC-CFG-2"))
    old = make.attestation(at=make.ago(days=20), expires=make.ago(days=1))
    new = make.attestation(evidence=BACKED)
    assert _lint(make, [], items=items, records=Records(attestations=(old, new))) == ()


def test_monitoring_alone_contradicts_no_statement(make: Any) -> None:
    items = (make.item(method=Method.HYBRID),)
    records = Records(attestations=(make.attestation(at=make.ago(minutes=90), evidence=BACKED),))
    seen = [make.seen("pass", 80, "A"), make.seen("fail", 60, "M")]
    runs = [make.run("A", 100), make.run("M", 61, stream="monitor")]
    assert _kinds(_lint(make, seen, items=items, records=records, runs=runs)) == []
    runs[1] = make.run("M", 61)
    assert ("contradiction", True) in _kinds(_lint(make, seen, items=items, records=records, runs=runs))


def test_errors_come_first_and_then_the_order_of_places(make: Any) -> None:
    places = {"W-1": ("b:1", "mallory"), "W-2": ("a:1", "sam"), "W-3": ("a:2", "mallory"), "W-4": ("a:1", "sam")}
    waivers = tuple(
        make.waiver(id=name, place=place, approver=approver, targets=(f"web{number}",), fingerprints=("0" * 64,))
        for number, (name, (place, approver)) in enumerate(places.items(), start=2)
    )
    found = _lint(make, [make.seen("fail")], records=Records(waivers=waivers[::-1]))
    assert [(f.error, f.place, f.subject) for f in found] == [
        (True, "a:2", "W-3"),
        (True, "b:1", "W-1"),
        (False, "a:1", "W-2"),
        (False, "a:1", "W-4"),
        (False, "a:2", "W-3"),
        (False, "b:1", "W-1"),
    ]


# --- roster, declarations, register -----------------------------------------------------------------------------


def test_right_that_ends_soon(make: Any) -> None:
    leaving = Person(name="tom", roles=frozenset({"tech"}), valid_until=make.now + timedelta(days=7))
    gone = Person(name="ted", roles=frozenset({"tech"}), valid_until=make.now)
    found = _lint(make, policy=make.policy(roster=(*make.people(), leaving, gone)))
    assert [finding.text.en for finding in found] == ["tom is on the roster only until 2026-06-08T12:00:00+00:00"]


def test_role_that_nobody_can_sign_for(make: Any) -> None:
    people = make.people()
    no_key = Person(name="eva", roles=frozenset({"executive"}))
    gone = Person(name="eva", roles=frozenset({"executive"}), public_key="x", valid_until=make.now)
    for roster in (people[:2], (*people[:2], no_key), (*people[:2], gone)):
        found = _lint(make, policy=make.policy(roster=roster))
        assert _kinds(found) == [("roster", True)]
        assert "nobody can sign as executive" in found[0].text.en


def test_too_few_people_for_all_approvals(make: Any) -> None:
    tina, quinn, *_ = make.people()
    both = Person(name="tina", roles=frozenset({"tech", "executive"}), public_key=tina.public_key)
    policy = make.policy(roster=(both, quinn))
    assert "cannot all be signed by different people" in _lint(make, policy=policy)[0].text.en
    relaxed = make.policy(roster=(both, quinn), relaxed=frozenset({Separation.ONE_PERSON_ONE_STAGE}))
    assert _lint(make, policy=relaxed) == ()


def test_item_that_nobody_can_attest(make: Any) -> None:
    items = (make.item(method=Method.EXAMINE, checks=()), make.item("SEC-CFG-2"))
    nobody = make.policy(attesting_roles=frozenset({"auditor"}))
    (found,) = _lint(make, items=items, policy=nobody)
    assert found.text.en == "nobody on the roster can attest SEC-CFG-1: that takes a role of auditor, security"
    without_key = make.policy(attestations_signed=True, attesting_roles=frozenset({"development"}))
    assert "a role of development, security and a key" in _lint(make, items=items, policy=without_key)[0].text.en
    assert _lint(make, policy=nobody) == ()


def test_declarations_that_match_nothing(make: Any) -> None:
    def declared(*entries: tuple[str, str]) -> list[str]:
        declarations = tuple(
            NotApplicable(item=i, target=t, reason="r", approver="sam", place="p:1") for i, t in entries
        )
        return [found.text.en for found in _lint(make, policy=make.policy(not_applicable=declarations))]

    assert declared(("SEC-CFG-1", "web1")) == []
    assert declared(("SEC-CFG-1", "*")) == []
    assert declared(("SEC-CFG-1", "web9")) == ["no check of SEC-CFG-1 concerns web9: the declaration matches nothing"]
    assert "as a whole" in declared(("SEC-CFG-1", "*"), ("SEC-CFG-1", "web1"))[0]


def test_declaration_is_a_warning_with_its_place(make: Any) -> None:
    for written, told in (("policy.yaml:3", "policy.yaml:3"), ("", "not_applicable")):
        entry = NotApplicable(item="SEC-CFG-1", target="web9", reason="r", approver="sam", place=written)
        (found,) = _lint(make, policy=make.policy(not_applicable=(entry,)))
        assert (found.kind, found.error, found.place, found.subject) == ("matches-nothing", False, told, "SEC-CFG-1")


def test_nobody_needs_to_attest_what_is_not_applicable(make: Any) -> None:
    items = (make.item(method=Method.EXAMINE, checks=()), make.item("SEC-CFG-2"))
    away = NotApplicable(item="SEC-CFG-1", target="*", reason="r", approver="sam")
    nobody = {"attesting": {"SEC-CFG-1": frozenset({"auditor"})}}
    assert _kinds(_lint(make, items=items, policy=make.policy(**nobody))) == [("roster", False)]
    assert _lint(make, items=items, policy=make.policy(not_applicable=(away,), **nobody)) == ()


def test_words_of_people_on_the_roster_are_no_finding(make: Any) -> None:
    action = IssueAction(key="ISS-SEC-CFG-1-ffffffff", kind="noted", at=make.ago(hours=1), by="dev", action="x")
    assert _lint(make, [make.seen("fail", 90)], actions=[action]) == ()


def test_ignored_words_are_named_by_their_second(make: Any) -> None:
    at = make.ago(hours=1) + timedelta(microseconds=7)
    action = IssueAction(key="ISS-1", kind="resolved", at=at, by="mallory", action="x")
    assert [f.place for f in _lint(make, actions=[action])] == ["ledger, 2026-06-01T11:00:00+00:00"]


def test_words_of_a_stranger_are_reported(make: Any) -> None:
    action = IssueAction(key="ISS-1", kind="resolved", at=make.ago(hours=1), by="mallory", action="x")
    (found,) = _lint(make, actions=[action])
    assert (found.kind, found.error) == ("ignored-action", True)
    assert "what mallory recorded (resolved) is ignored: mallory is not on the roster" in found.text.en


def test_proven_issue_without_words_is_reported(make: Any) -> None:
    seen = [make.seen("fail", 90, "A"), make.seen("pass", 60, "B")]
    (found,) = _lint(make, seen)
    assert (found.kind, found.subject) == ("action-missing", "ISS-SEC-CFG-1-ffffffff")
    assert "signoff issues note ISS-SEC-CFG-1-ffffffff" in found.step.en
