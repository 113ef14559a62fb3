"""Approval chain: order, people, keys, digest, time; each rule by a named data set."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from signoff.model import ApprovalStatus, Records, Verdict

VALID, MISSING = ApprovalStatus.VALID, ApprovalStatus.MISSING
SUPERSEDED, EXPIRED = ApprovalStatus.SUPERSEDED, ApprovalStatus.EXPIRED
REJECTED, REVOKED = ApprovalStatus.REJECTED, ApprovalStatus.REVOKED


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
