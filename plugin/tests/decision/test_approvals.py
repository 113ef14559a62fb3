"""Approval chain: order, people, keys, digest, time; each rule by a named data set."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.model import ApprovalStatus, IssueAction, Method, Person, Records, Separation, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

VALID, MISSING = ApprovalStatus.VALID, ApprovalStatus.MISSING
SUPERSEDED, EXPIRED = ApprovalStatus.SUPERSEDED, ApprovalStatus.EXPIRED
REJECTED, REVOKED = ApprovalStatus.REJECTED, ApprovalStatus.REVOKED


@pytest.fixture
def chain(make: Any) -> Callable[..., Any]:
    """Evaluate a ready release with the given approvals and return (statuses, notes, verdict for release)."""

    def _chain(*approvals: Any, **fields: Any) -> tuple[list[ApprovalStatus], list[str], Verdict]:
        signoff = make.judge([make.seen()], records=Records(approvals=approvals), question="release", **fields)
        return [s.status for s in signoff.approvals], [s.note for s in signoff.approvals], signoff.verdict

    return _chain


@pytest.fixture
def three(make: Any) -> Any:
    return make.approvals(make.judge([make.seen()]).digest)


def test_three_in_order_release(chain: Any, three: Any) -> None:
    assert chain(*three) == ([VALID] * 3, [""] * 3, Verdict.GO)
    assert chain(*three[::-1])[2] is Verdict.GO


def test_conditions_approve(chain: Any, three: Any) -> None:
    tech = replace(three[0], decision="approve-with-conditions", conditions=("watch it for a week",))
    assert chain(tech, *three[1:])[2] is Verdict.GO


BROKEN = {
    "for other evidence": ({"digest": "0" * 64}, SUPERSEDED, ""),
    "expired by itself": ({"valid_until": timedelta(0)}, EXPIRED, "at 2026-06-01T12:00:00+00:00"),
    "expired a moment ago": ({"valid_until": timedelta(microseconds=-1)}, EXPIRED, "at 2026-06-01T11:59:59+00:00"),
    "older than fourteen days": (
        {"created": timedelta(days=-14), "valid_until": timedelta(days=90)},
        EXPIRED,
        "at 2026-06-01T12:00:00+00:00",
    ),
    "dated in the future": (
        {"created": timedelta(minutes=6, microseconds=1)},
        MISSING,
        "dated in the future, 2026-06-01T12:06:00+00:00;",
    ),
    "by a stranger": ({"approver": "mallory"}, MISSING, "mallory is not on the roster"),
    "in a role not held": ({"approver": "quinn"}, MISSING, "quinn does not hold the role tech"),
    "with another's key": ({"key_id": "0" * 64}, MISSING, "key is not the one"),
    "without a key": ({"key_id": ""}, MISSING, "key is not the one"),
    "for another release": ({"release": "0.9"}, MISSING, ""),
    "for another environment": ({"environment": "staging"}, MISSING, ""),
    "following something": ({"previous": "envelope of qa"}, MISSING, "does not follow"),
}


@pytest.mark.parametrize("row", BROKEN.values(), ids=BROKEN)
def test_broken_first_approval_breaks_the_chain(make: Any, chain: Any, three: Any, row: Any) -> None:
    fields, status, note = row
    moved = {name: make.now + value if isinstance(value, timedelta) else value for name, value in fields.items()}
    statuses, notes, verdict = chain(replace(three[0], **moved), *three[1:])
    # What was built on an approval that did count falls with it; what was built on nothing never counted.
    rest = SUPERSEDED if status is not MISSING else MISSING
    assert statuses == [status, rest, rest]
    assert note in notes[0]
    assert notes[1] == (
        f"it rests on the approval by tech, which is {status}"
        if rest is SUPERSEDED
        else f"out of order: the approval by tech is {status}"
    )
    assert verdict is Verdict.INCOMPLETE


def test_nobody_signs_without_a_key_on_the_roster(make: Any, chain: Any) -> None:
    policy = make.policy(roster=tuple(replace(person, public_key="") for person in make.people()))
    three = make.approvals(make.judge([make.seen()], policy=policy).digest)
    for key_id in ("", make.key_id("tina")):
        statuses, notes, _ = chain(replace(three[0], key_id=key_id), policy=policy)
        assert (statuses[0], notes[0]) == (MISSING, "its key is not the one that the roster has for tina")


def test_newest_word_of_those_that_do_not_count_is_explained(chain: Any, three: Any) -> None:
    older = replace(three[0], approver="mallory", envelope_sha256="old", created=three[0].created - timedelta(1))
    newer = replace(three[0], key_id="0" * 64)
    for words in ((older, newer), (newer, older)):
        assert chain(*words)[1][0] == "its key is not the one that the roster has for tina"


def test_approvals_of_one_instant_are_in_order(chain: Any, three: Any) -> None:
    assert chain(*(replace(approval, created=three[0].created) for approval in three))[2] is Verdict.GO


def test_newest_of_two_approvals_of_a_role_counts(make: Any, chain: Any, three: Any) -> None:
    newer = replace(three[0], digest="0" * 64, envelope_sha256="newer", created=make.ago(minutes=1))
    assert chain(three[0], newer)[0][0] is chain(newer, three[0])[0][0] is SUPERSEDED


def test_missing_approvals_are_incomplete(chain: Any, three: Any) -> None:
    assert chain() == ([MISSING] * 3, [""] * 3, Verdict.INCOMPLETE)
    assert chain(*three[:2]) == ([VALID, VALID, MISSING], [""] * 3, Verdict.INCOMPLETE)


def test_later_role_cannot_come_first(chain: Any, three: Any) -> None:
    assert chain(three[1], three[2])[0] == [MISSING, MISSING, MISSING]
    earlier = replace(three[1], created=three[0].created - timedelta(minutes=1))
    statuses, notes, _ = chain(three[0], earlier, three[2])
    assert (statuses, notes[1]) == ([VALID, MISSING, MISSING], "out of order: it is older than the approval before it")


def test_approval_must_point_to_the_one_before_it(chain: Any, three: Any) -> None:
    for previous in ("", "envelope of executive"):
        assert chain(three[0], replace(three[1], previous=previous), three[2])[0] == [VALID, MISSING, MISSING]


def test_new_evidence_supersedes_all(make: Any, three: Any) -> None:
    newer = [make.seen(), make.seen(minutes_ago=1, run="R2")]
    signoff = make.judge(newer, records=Records(approvals=three), question="release")
    assert [step.status for step in signoff.approvals] == [SUPERSEDED] * 3
    assert signoff.verdict is Verdict.INCOMPLETE


def test_approval_lasts_until_its_end_and_not_longer(chain: Any, three: Any) -> None:
    end = three[0].valid_until
    assert chain(*three, now=end - timedelta(seconds=1))[2] is Verdict.GO
    assert chain(*three, now=end)[0] == [EXPIRED] * 3


def test_rejection_is_no_go_even_without_approvals_being_asked_for(make: Any, three: Any) -> None:
    no = replace(three[0], decision="reject", comment="load test was too short")
    signoff = make.judge([make.seen()], records=Records(approvals=(no,)))
    assert (signoff.approvals[0].status, signoff.verdict) == (REJECTED, Verdict.NO_GO)
    assert signoff.reasons[0].text.en == "rejected by tina as tech: load test was too short"


def test_rejection_needs_no_turn(chain: Any, three: Any) -> None:
    statuses, _, verdict = chain(replace(three[2], decision="reject", previous=""))
    assert (statuses, verdict) == ([MISSING, MISSING, REJECTED], Verdict.NO_GO)


def test_rejection_of_other_evidence_is_history(chain: Any, three: Any) -> None:
    old = replace(
        three[0], decision="reject", digest="0" * 64, envelope_sha256="old", created=three[0].created - timedelta(1)
    )
    assert chain(old, *three)[2] is Verdict.GO
    assert chain(old)[0][0] is SUPERSEDED


def test_colleagues_rejection_of_other_evidence_is_history_too(make: Any, chain: Any, three: Any) -> None:
    old = make.approval("tech", "rita", "0" * 64, decision="reject", created=make.ago(hours=1), envelope_sha256="old")
    assert chain(old, *three)[2] is chain(*three, old)[2] is Verdict.GO


def test_nobody_else_outvotes_a_rejection(make: Any, chain: Any, three: Any) -> None:
    no = make.approval(
        "tech", "rita", three[0].digest, decision="reject", created=make.ago(hours=1), envelope_sha256="no"
    )
    assert chain(no, *three)[2] is Verdict.NO_GO
    second_thought = make.approval("tech", "rita", three[0].digest, created=make.ago(minutes=6), envelope_sha256="yes")
    assert chain(no, second_thought, *three)[2] is Verdict.GO
    on_terms = replace(second_thought, decision="approve-with-conditions", conditions=("watch it",))
    assert chain(no, on_terms, *three)[2] is Verdict.GO


# who, decision, evidence ("" is what is judged), minutes ago; rita refused an hour ago, tina approves in the end
NO_SECOND_THOUGHTS = {
    "somebody else approves twice": ("tina", "approve", "", 6),
    "same person approved before": ("rita", "approve", "", 61),
    "same person approves in the same instant": ("rita", "approve", "", 60),
    "same person approves other evidence": ("rita", "approve", "0" * 64, 6),
    "same person refuses again": ("rita", "reject", "", 6),
}


@pytest.mark.parametrize(("who", "decision", "digest", "ago"), NO_SECOND_THOUGHTS.values(), ids=NO_SECOND_THOUGHTS)
def test_rejection_stands_while(  # noqa: PLR0913, PLR0917 - one row of the table
    make: Any, chain: Any, three: Any, who: str, decision: str, digest: str, ago: float
) -> None:
    mine, refused = three[0].digest, {"decision": "reject", "created": make.ago(hours=1), "comment": "leaks"}
    no = make.approval("tech", "rita", mine, envelope_sha256="no", **refused)
    said = {"decision": decision, "created": make.ago(minutes=ago), "envelope_sha256": "other", "comment": "later"}
    other = make.approval("tech", who, digest or mine, **said)
    for words in ((no, other), (other, no)):
        statuses, notes, verdict = chain(*words, *three)
        assert (statuses[0], notes[0], verdict) == (REJECTED, "leaks", Verdict.NO_GO)  # the first refusal is told


def test_of_two_words_of_one_person_at_one_instant_the_rejection_stands(chain: Any, three: Any) -> None:
    no = replace(three[0], decision="reject", envelope_sha256="no")
    assert chain(no, *three)[2] is chain(*three, no)[2] is Verdict.NO_GO


def test_of_two_words_on_different_evidence_at_one_instant_the_rejection_counts(
    make: Any, chain: Any, three: Any
) -> None:
    no = make.approval(
        "tech", "rita", "0" * 64, decision="reject", created=three[0].created, envelope_sha256="before the other"
    )
    assert chain(no, *three)[0][0] is chain(*three, no)[0][0] is SUPERSEDED


def test_what_does_not_rest_on_a_void_approval_is_out_of_order(make: Any, chain: Any, three: Any) -> None:
    ended = replace(three[0], valid_until=make.now)
    statuses, notes, _ = chain(ended, replace(three[1], previous=""))
    assert (statuses[:2], notes[1]) == ([EXPIRED, MISSING], "out of order: the approval by tech is EXPIRED")


def test_signature_after_bad_news_is_not_void_and_releases_nothing(make: Any, three: Any) -> None:
    runs, bad = [make.run("R1"), make.run("M", 11, stream="monitor")], make.seen("fail", 10, "M")
    signoff = make.judge([make.seen(), bad], runs=runs, records=Records(approvals=three), question="release")
    assert ([step.status for step in signoff.approvals], signoff.verdict) == ([VALID] * 3, Verdict.NO_GO)


@pytest.mark.parametrize(("later", "status"), [(0, SUPERSEDED), (1, VALID)])
def test_bad_news_at_the_instant_of_a_signature_voids_it(make: Any, three: Any, later: int, status: Any) -> None:
    runs, bad = [make.run("R1"), make.run("M", 11, stream="monitor")], make.seen("fail", 10, "M")
    signed = [replace(one, created=bad.finished + timedelta(microseconds=later)) for one in three]
    signoff = make.judge([make.seen(), bad], runs=runs, records=Records(approvals=tuple(signed)), question="release")
    assert signoff.approvals[0].status is status


def test_signatures_under_nothing_release_nothing(make: Any) -> None:
    signed = Records(approvals=make.approvals(make.judge([]).digest))
    assert make.judge([], records=signed, question="release").verdict is Verdict.INCOMPLETE


def _revocation(make: Any, role: str, who: str, envelope: str, **fields: Any) -> Any:
    given = {
        "decision": "revoke",
        "previous": envelope,
        "created": make.ago(minutes=1),
        "envelope_sha256": "revocation",
    }
    return make.approval(role, who, "0" * 64, **(given | fields))


def test_role_may_take_its_approval_back(make: Any, chain: Any, three: Any) -> None:
    back = _revocation(make, "tech", "rita", "envelope of tech", comment="found a leak")
    statuses, notes, verdict = chain(*three, back)
    assert (statuses, notes[0], verdict) == ([REVOKED, SUPERSEDED, SUPERSEDED], "found a leak", Verdict.INCOMPLETE)
    assert notes[1:] == [
        "it rests on the approval by tech, which is REVOKED",
        "it rests on the approval by qa, which is SUPERSEDED",
    ]


def test_first_of_two_revocations_is_told(make: Any, chain: Any, three: Any) -> None:
    first = _revocation(make, "tech", "rita", "envelope of tech", comment="found a leak", created=make.ago(minutes=2))
    second = _revocation(make, "tech", "tina", "envelope of tech", comment="so did I", envelope_sha256="second")
    assert chain(*three, first, second)[1] == chain(second, first, *three)[1]
    assert chain(*three, second, first)[1][0] == "found a leak"


def test_approval_that_names_another_takes_nothing_back(chain: Any, three: Any) -> None:
    older = replace(three[0], previous="envelope of tech", envelope_sha256="o", created=three[0].created - timedelta(1))
    assert chain(*three, older)[2] is Verdict.GO


def test_revocation_of_nothing_takes_nothing_back(make: Any, chain: Any, three: Any) -> None:
    unnamed = (replace(three[0], envelope_sha256=""), replace(three[1], previous=""), three[2])
    assert chain(*unnamed, _revocation(make, "tech", "rita", ""))[0][0] is VALID


def test_what_follows_a_revoked_approval_is_signed_anew(make: Any, chain: Any, three: Any) -> None:
    back = _revocation(make, "tech", "rita", "envelope of tech", created=make.ago(minutes=2))
    anew = make.approval("tech", "rita", three[0].digest, created=make.ago(minutes=1), envelope_sha256="anew")
    statuses, notes, _ = chain(*three, back, anew)
    assert (statuses, notes[1]) == (
        [VALID, MISSING, MISSING],
        "out of order: it does not follow the approval before it",
    )
    rest = (
        replace(three[1], previous="anew", envelope_sha256="qa2", created=make.ago(seconds=50)),
        replace(three[2], previous="qa2", envelope_sha256="exec2", created=make.ago(seconds=40)),
    )
    assert chain(*three, back, anew, *rest)[2] is Verdict.GO


def test_a_revocation_by_somebody_else_does_not_hide_the_one_that_counts(make: Any, chain: Any, three: Any) -> None:
    back = _revocation(make, "tech", "rita", "envelope of tech")
    for minutes in (0.5, 1.5):
        other = _revocation(
            make, "qa", "quinn", "envelope of tech", created=make.ago(minutes=minutes), envelope_sha256="other"
        )
        assert chain(*three, back, other)[0][0] is chain(*three, other, back)[0][0] is REVOKED


def test_rejection_may_be_taken_back(make: Any, chain: Any, three: Any) -> None:
    no = make.approval(
        "tech", "rita", three[0].digest, decision="reject", created=make.ago(hours=1), envelope_sha256="no"
    )
    assert chain(no, *three, _revocation(make, "tech", "rita", "no"))[2] is Verdict.GO
    # Another holder of the role may take an approval back, but not a colleague's refusal.
    assert chain(no, *three, _revocation(make, "tech", "tina", "no"))[2] is Verdict.NO_GO


@pytest.mark.parametrize(
    "fields",
    [
        {"role": "qa", "who": "quinn"},
        {"role": "tech", "who": "quinn"},
        {"role": "tech", "who": "tina", "key_id": "0" * 64},
    ],
    ids=["another role", "role not held", "another key"],
)
def test_nobody_else_may_take_it_back(make: Any, chain: Any, three: Any, fields: dict[str, Any]) -> None:
    back = _revocation(make, envelope="envelope of tech", **fields)
    assert chain(*three, back)[2] is Verdict.GO


def _two_roles(make: Any, name: str, *roles: str) -> Any:
    others = [person for person in make.people() if person.name != name]
    me = next(person for person in make.people() if person.name == name)
    return make.policy(roster=(*others, replace(me, roles=frozenset(roles))))


def test_same_person_cannot_approve_twice(make: Any, chain: Any) -> None:
    policy = _two_roles(make, "tina", "tech", "qa")
    three = make.approvals(make.judge([make.seen()], policy=policy).digest)
    again = replace(three[1], approver="tina", key_id=make.key_id("tina"))
    statuses, notes, _ = chain(three[0], again, three[2], policy=policy)
    assert (statuses, notes[1]) == ([VALID, MISSING, MISSING], "separation of duties: tina approved as tech")


def test_separation_is_told_before_what_nobody_wrote_down(make: Any) -> None:
    policy = _two_roles(make, "tina", "tech", "executive")
    seen = [make.seen("fail", 300, "A"), make.seen("pass", 200, "B"), make.seen("pass", 100, "C")]
    *first, last = make.approvals(make.judge(seen, policy=policy).digest)
    again = replace(last, approver="tina", key_id=make.key_id("tina"))
    signoff = make.judge(seen, policy=policy, records=Records(approvals=(*first, again)))
    assert signoff.approvals[2].note == "separation of duties: tina approved as tech"


def test_one_key_under_two_names_is_one_person(make: Any, chain: Any) -> None:
    tina = make.people()[0]
    alias = Person(name="quinn", roles=frozenset({"qa"}), public_key=tina.public_key)
    policy = make.policy(roster=(tina, alias, *make.people()[2:]))
    three = make.approvals(make.judge([make.seen()], policy=policy).digest)
    again = replace(three[1], key_id=make.key_id("tina"))
    assert chain(three[0], again, three[2], policy=policy)[0] == [VALID, MISSING, MISSING]


def _involving(make: Any, kind: str) -> tuple[list[Any], dict[str, Any], Any]:
    """Return a ready world in which tina had a hand."""
    items = (make.item(), make.item("SEC-CFG-2", method=Method.HYBRID if kind == "attester" else Method.TEST))
    second = {"cell": make.cell("SEC-CFG-2")}
    seen = [make.seen(), make.seen("fail" if "waiver" in kind else "pass", **second)]
    policy = _two_roles(make, "tina", "tech", "security-lead")
    waivers = {
        "waiver requester": make.waiver(item="SEC-CFG-2", requested_by="tina"),
        "waiver approver": make.waiver(item="SEC-CFG-2", approver="tina"),
    }
    attested = make.attestation(item="SEC-CFG-2", by="tina")
    records = Records(
        waivers=(waivers[kind],) if kind in waivers else (), attestations=(attested,) if kind == "attester" else ()
    )
    fields = {"items": items, "policy": policy}
    if kind == "resolver":
        seen = [make.seen("fail", 300, "A"), make.seen("pass", 200, "B"), make.seen("pass", 200, "B", **second)]
        act = IssueAction(
            key="ISS-SEC-CFG-1-ffffffff", kind="resolved", at=make.ago(minutes=250), by="tina", action="done"
        )
        fields["actions"] = [act]
    return seen, fields, records


KINDS = {
    "waiver requester": "tina requested waiver W-1",
    "waiver approver": "tina approved waiver W-1",
    "attester": "tina attested SEC-CFG-2",
    "resolver": "tina resolved ISS-SEC-CFG-1-ffffffff",
}


@pytest.mark.parametrize(("kind", "why"), KINDS.items())
def test_nobody_approves_their_own_work(make: Any, kind: str, why: str) -> None:
    seen, fields, records = _involving(make, kind)
    ready = make.judge(seen, records=records, **fields)
    assert ready.verdict is Verdict.READY
    signed = make.judge(seen, records=replace(records, approvals=make.approvals(ready.digest)), **fields)
    assert signed.approvals[0].status is MISSING
    assert signed.approvals[0].note == f"separation of duties: {why}"
    others = make.approval("tech", "rita", ready.digest)
    signed = make.judge(seen, records=replace(records, approvals=(others, *make.approvals(ready.digest)[1:])), **fields)
    assert signed.verdict is Verdict.GO


RELAXED = {
    "waiver requester": Separation.WAIVER_REQUESTER,
    "waiver approver": Separation.WAIVER_APPROVER,
    "attester": Separation.ATTESTER,
    "resolver": Separation.ISSUE_RESOLVER,
}


@pytest.mark.parametrize("kind", RELAXED)
def test_each_rule_of_separation_is_relaxed_by_itself(make: Any, kind: str) -> None:
    seen, fields, records = _involving(make, kind)
    for rule in Separation:
        policy = replace(fields["policy"], relaxed=frozenset({rule}), sha256=f"{rule}".ljust(64, "."))
        world = fields | {"policy": policy}
        ready = make.judge(seen, records=records, **world)
        signed = make.judge(seen, records=replace(records, approvals=make.approvals(ready.digest)), **world)
        assert (signed.verdict is Verdict.GO) is (rule is RELAXED[kind])
        assert signed.relaxed == {rule}


def test_relaxing_a_rule_voids_what_was_signed_under_it(make: Any, three: Any) -> None:
    policy = make.policy(relaxed=frozenset({Separation.ATTESTER}), sha256="r" * 64)
    signoff = make.judge([make.seen()], records=Records(approvals=three), policy=policy)
    assert [step.status for step in signoff.approvals] == [SUPERSEDED] * 3


def test_one_person_may_sign_twice_only_where_the_policy_says_so(make: Any, chain: Any) -> None:
    policy = replace(_two_roles(make, "tina", "tech", "qa"), relaxed=frozenset({Separation.ONE_PERSON_ONE_STAGE}))
    three = make.approvals(make.judge([make.seen()], policy=policy).digest)
    again = replace(three[1], approver="tina", key_id=make.key_id("tina"))
    assert chain(three[0], again, three[2], policy=policy)[2] is Verdict.GO


def test_unused_waiver_involves_nobody(make: Any) -> None:
    records = Records(waivers=(make.waiver(requested_by="tina"),))
    digest = make.judge([make.seen()], records=records).digest
    assert make.judge([make.seen()], records=replace(records, approvals=make.approvals(digest))).verdict is Verdict.GO


def test_roster_must_list_the_person_at_the_time_of_signing(make: Any, chain: Any) -> None:
    tina = replace(make.people()[0], valid_until=make.ago(hours=1))
    policy = make.policy(roster=(tina, *make.people()[1:]))
    three = make.approvals(make.judge([make.seen()], policy=policy).digest)
    statuses, notes, _ = chain(*three, policy=policy)
    assert statuses[0] is MISSING
    assert "only until" in notes[0]


def test_right_to_sign_that_ended_ends_the_signature(make: Any, chain: Any) -> None:
    tina = replace(make.people()[0], valid_until=make.now + timedelta(hours=1))
    policy = make.policy(roster=(tina, *make.people()[1:]))
    three = make.approvals(make.judge([make.seen()], policy=policy).digest)
    assert chain(*three, policy=policy)[2] is Verdict.GO
    statuses, notes, _ = chain(*three, policy=policy, now=tina.valid_until)
    assert (statuses[0], notes[0]) == (EXPIRED, "it ended at 2026-06-01T13:00:00+00:00")


def test_nobody_can_have_signed_before_the_evidence_was_there(make: Any, chain: Any, three: Any) -> None:
    early = replace(three[0], created=make.ago(minutes=66))
    statuses, notes, _ = chain(early, *three[1:])
    assert (statuses[0], notes[0]) == (MISSING, "it is dated before the evidence that it signs")
    assert chain(replace(three[0], created=make.ago(minutes=64)), *three[1:])[2] is Verdict.GO  # clocks differ a little


def test_order_of_files_changes_nothing(chain: Any, three: Any) -> None:
    twice = replace(three[0], envelope_sha256="another envelope")
    assert chain(*three, twice) == chain(twice, *three[::-1])
