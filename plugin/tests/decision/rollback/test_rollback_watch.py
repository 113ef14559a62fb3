"""A watch over a release: every window must be seen, and the first broken one decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.decision.rollback.rule import judge
from signoff.decision.rollback.watch import Watch, decide
from signoff.model import RollbackVerdict
from tests.decision.rollback.conftest import HOLD, KEEP, NOW, ROLL_BACK, RULE, WATCH, measured, window


def test_windows_lie_wholly_after_the_release_and_cover_the_watch() -> None:
    assert WATCH.instants[0] == NOW + RULE.window
    assert WATCH.ended == NOW + RULE.watch
    assert len(WATCH.instants) == 6
    uneven = Watch.of(replace(RULE, step=timedelta(minutes=2)), NOW)
    assert [int((at - NOW).total_seconds() / 60) for at in uneven.instants] == [5, 7, 9, 10]
    assert Watch.of(replace(RULE, watch=RULE.window), NOW).instants == (NOW + RULE.window,)


def test_a_watch_is_kept_only_when_all_of_it_was_seen() -> None:
    seen = [window(at, KEEP) for at in WATCH.instants]
    assert decide(WATCH, ["shop"], seen).verdict is KEEP
    for number in range(len(seen)):
        rest = seen[:number] + seen[number + 1 :]
        decision = decide(WATCH, ["shop"], rest)
        assert decision.verdict is HOLD
        assert decision.reasons[0].en == "1 of 6 windows could not be judged"
    assert decide(WATCH, ["shop", "api"], seen).verdict is HOLD
    assert decide(WATCH, [], seen).verdict is HOLD
    assert decide(WATCH, ["shop"], []).verdict is HOLD


def test_the_first_broken_window_decides_and_names_its_values() -> None:
    seen = [window(at, KEEP) for at in WATCH.instants]
    seen[2] = window(WATCH.instants[2], ROLL_BACK)
    decision = decide(WATCH, ["shop"], seen)
    assert decision.verdict is ROLL_BACK
    assert decision.at == WATCH.instants[2]
    assert decision.reasons[0].en == "shop: error rate 50 %, limit 5 %"
    assert {value.name for value in decision.values} >= {"error-ratio", "response-mean", "response-percentile"}


def test_a_watch_that_is_kept_says_what_was_seen_last() -> None:
    decision = decide(
        WATCH, ["shop", "api"], [window(at, KEEP, name) for at in WATCH.instants for name in ("shop", "api")]
    )
    assert (decision.service, decision.at, decision.verdict) == ("shop, api", WATCH.ended, KEEP)
    assert [(reason.ko, reason.en) for reason in decision.reasons] == [
        ("구간 12개가 모두 한도 이내", "all 12 windows are within the limits")
    ]
    assert {value.service for value in decision.values} == {"shop", "api"}


def test_a_watch_that_is_held_counts_what_is_missing_and_says_why() -> None:
    seen = [window(at, HOLD) for at in WATCH.instants[:2]] + [window(at, KEEP) for at in WATCH.instants[2:]]
    decision = decide(WATCH, ["shop"], seen)
    assert (decision.service, decision.at, decision.verdict) == ("shop", WATCH.ended, HOLD)
    assert [(reason.ko, reason.en) for reason in decision.reasons] == [
        ("구간 6개 가운데 2개를 판정하지 못함", "2 of 6 windows could not be judged"),
        ("shop: 요청 3건, 최소 100건 필요", "shop: 3 requests, at least 100 are needed"),
    ]
    nothing = decide(WATCH, [], seen)
    assert [reason.en for reason in nothing.reasons] == ["0 of 0 windows could not be judged"]
    assert (nothing.service, nothing.values) == ("", ())


def test_only_those_to_blame_give_reasons_and_of_many_the_first_five() -> None:
    names = [f"shop{number}" for number in range(7)]
    seen = [window(at, KEEP, name) for at in WATCH.instants for name in [*names, "api"]]
    seen += [window(WATCH.instants[1], ROLL_BACK, name) for name in names]
    seen += [window(WATCH.instants[0], HOLD, "api"), window(WATCH.instants[3], ROLL_BACK, "api")]
    decision = decide(WATCH, ["api", *names], seen)
    assert (decision.verdict, decision.at) == (ROLL_BACK, WATCH.instants[1])
    assert [reason.en for reason in decision.reasons] == [f"{name}: error rate 50 %, limit 5 %" for name in names[:5]]


def test_what_broke_later_is_no_reason_of_the_first_broken_window() -> None:
    seen = [window(at, KEEP) for at in WATCH.instants]
    seen += [judge(measured(at=WATCH.instants[n], errors=errors), RULE) for n, errors in ((3, 900), (1, 500))]
    assert [reason.en for reason in decide(WATCH, ["shop"], seen).reasons] == ["shop: error rate 50 %, limit 5 %"]


AGAIN = {
    "nothing, then good": (HOLD, KEEP, KEEP),
    "good, then nothing": (KEEP, HOLD, KEEP),
    "good, then broken": (KEEP, ROLL_BACK, ROLL_BACK),
    "broken, then good": (ROLL_BACK, KEEP, ROLL_BACK),
    "broken, then nothing": (ROLL_BACK, HOLD, ROLL_BACK),
    "nothing, then broken": (HOLD, ROLL_BACK, ROLL_BACK),
}


@pytest.mark.parametrize(("first", "second", "verdict"), AGAIN.values(), ids=AGAIN)
def test_asking_again_about_a_window(first: Any, second: Any, verdict: RollbackVerdict) -> None:
    rest = [window(at, KEEP) for at in WATCH.instants[1:]]
    asked = [window(WATCH.instants[0], each) for each in (first, second)]
    assert decide(WATCH, ["shop"], [*rest, *asked]).verdict is verdict


def test_of_two_answers_of_one_kind_it_is_always_the_same_that_counts() -> None:
    rest = [window(at, KEEP) for at in WATCH.instants[1:]]
    asked = [judge(measured(at=WATCH.instants[0], errors=errors), RULE) for errors in (500, 900)]
    assert decide(WATCH, ["shop"], [*asked, *rest]) == decide(WATCH, ["shop"], [*rest, *asked[::-1]])


def test_a_window_longer_than_the_watch_is_waited_for() -> None:
    short = Watch.of(replace(RULE, watch=timedelta(minutes=2)), NOW)
    assert (short.started, short.instants) == (NOW, (NOW + RULE.window,))


def test_one_of_several_services_is_enough_to_roll_back() -> None:
    seen = [window(at, KEEP, name) for at in WATCH.instants for name in ("shop", "api")]
    assert decide(WATCH, ["shop", "api"], seen).verdict is KEEP
    assert decide(WATCH, ["shop", "api"], [*seen, window(WATCH.ended, ROLL_BACK, "api")]).verdict is ROLL_BACK
    assert decide(WATCH, ["shop"], [*seen, window(WATCH.ended, ROLL_BACK, "api")]).verdict is KEEP


histories = st.lists(st.tuples(st.sampled_from(WATCH.instants), st.sampled_from(RollbackVerdict)), max_size=20)


@given(histories, st.randoms(use_true_random=False))
def test_the_order_of_windows_is_irrelevant(history: list[tuple[datetime, RollbackVerdict]], chance: Any) -> None:
    seen = [window(at, verdict) for at, verdict in history]
    shuffled = list(seen)
    chance.shuffle(shuffled)
    assert decide(WATCH, ["shop"], seen) == decide(WATCH, ["shop"], [*shuffled, *shuffled])


@given(histories, st.sampled_from(WATCH.instants), st.sampled_from([HOLD, ROLL_BACK]))
def test_bad_news_never_keeps_a_release(history: Any, at: datetime, bad: RollbackVerdict) -> None:
    seen = [window(when, verdict) for when, verdict in history]
    before, after = decide(WATCH, ["shop"], seen), decide(WATCH, ["shop"], [*seen, window(at, bad)])
    assert after.verdict.badness >= before.verdict.badness
