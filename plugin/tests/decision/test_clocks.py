"""Clocks that differ: what is dated ahead is not believed, said, and never helps; zones are for display only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from signoff.model import IssueAction, IssueStatus, Method, Records, State, Verdict

TOLERATED, TOO_FAR = timedelta(minutes=5), timedelta(minutes=5, microseconds=1)


def test_observation_a_little_ahead_counts_and_one_further_ahead_does_not(make: Any) -> None:
    assert make.result([make.seen(finished=make.now + TOLERATED)]).state is State.PASS
    result = make.result([make.seen(finished=make.now + TOO_FAR)])
    assert result.state is State.NOT_VERIFIED
    assert result.cells[0].note.startswith("clock: an observation from 2026-06-01T12:05:00+00:00 lies in the future")


@pytest.mark.parametrize("ahead", ["pass", "fail", "error"])
def test_what_is_dated_ahead_changes_nothing_but_the_warning(make: Any, ahead: str) -> None:
    known = [make.seen("fail", 60)]
    result = make.result([*known, make.seen(ahead, finished=make.now + TOO_FAR, run="R2")])
    assert result.state is make.result(known).state is State.FAIL
    assert "clock: " in result.cells[0].note


def test_time_catches_up_with_it(make: Any) -> None:
    ahead = [make.seen(finished=make.now + timedelta(hours=1))]
    assert make.result(ahead, now=make.now + timedelta(hours=1)).state is State.PASS


def test_words_that_are_dated_ahead_do_not_count_yet(make: Any) -> None:
    claim = IssueAction(key="ISS-SEC-CFG-1-ffffffff", kind="resolved", at=make.now + TOO_FAR, by="dev", action="x")
    (issue,) = make.judge([make.seen("fail")], actions=[claim]).issues
    assert issue.status is IssueStatus.OPEN
    waiver = make.waiver(created=make.now + TOO_FAR)
    assert make.result([make.seen("fail")], records=Records(waivers=(waiver,))).state is State.FAIL
    item = make.item(method=Method.EXAMINE, checks=(), owner="security-lead")
    records = Records(attestations=(make.attestation(at=make.now + TOO_FAR),))
    attested = make.result([], items=(item,), records=records, planned=[make.planned(make.cell("OTHER"))])
    assert attested.state is State.NOT_VERIFIED


def test_zone_in_which_the_instant_of_judgement_is_written_does_not_matter(make: Any) -> None:
    seen = [make.seen(minutes_ago=60 * 24 * 7 - 1)]
    for offset in (timedelta(0), timedelta(minutes=1)):
        utc = make.judge(seen, now=make.now + offset)
        seoul = make.judge(seen, now=(make.now + offset).astimezone(ZoneInfo("Asia/Seoul")))
        assert (seoul.verdict, seoul.digest) == (utc.verdict, utc.digest)
    assert utc.verdict is Verdict.INCOMPLETE  # stale at exactly seven days
