"""Approval chain: rejections, and words that are taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from signoff.model import ApprovalStatus, Records, Verdict

VALID, MISSING = ApprovalStatus.VALID, ApprovalStatus.MISSING
SUPERSEDED, EXPIRED = ApprovalStatus.SUPERSEDED, ApprovalStatus.EXPIRED
REJECTED, REVOKED = ApprovalStatus.REJECTED, ApprovalStatus.REVOKED


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
