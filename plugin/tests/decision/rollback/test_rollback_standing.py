"""What stands of several decisions on a live release, and what the gate makes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.decision.rollback.standing import of_release, reasons, standing, why_not
from signoff.model import Person, RollbackDecision, RollbackVerdict, Text, Verdict
from tests.decision.rollback.conftest import HOLD, KEEP, ROLL_BACK
from tests.decision.rollback.conftest import RULE as ANY_RULE

RULE = replace(ANY_RULE, deciders=("tech",))


def policy(make: Any, **fields: Any) -> Any:
    return make.policy(rollback=RULE, **fields)


def decided(make: Any, verdict: RollbackVerdict, minutes_ago: float = 10, **fields: Any) -> RollbackDecision:
    given: dict[str, Any] = {
        "environment": "demo",
        "release": "1.0",
        "automatic": True,
        "at": make.ago(minutes=minutes_ago),
        "by": "ci",
        "reasons": (Text(ko="오류율 12 %", en="error rate 12 %"),),
    }
    return RollbackDecision(verdict=verdict, **(given | fields))


def by_hand(make: Any, verdict: RollbackVerdict, minutes_ago: float = 5, **fields: Any) -> RollbackDecision:
    return decided(make, verdict, minutes_ago, automatic=False, **{"by": "tina", "role": "tech", **fields})


@pytest.mark.parametrize(
    ("verdict", "expected", "says"),
    [
        (KEEP, Verdict.READY, ""),
        (HOLD, Verdict.INCOMPLETE, "the watch after the release is not decided: error rate 12 %"),
        (ROLL_BACK, Verdict.NO_GO, "the rollback gate was breached: error rate 12 %"),
    ],
)
def test_the_gate_heeds_what_stands(make: Any, verdict: RollbackVerdict, expected: Verdict, says: str) -> None:
    signoff = make.judge([make.seen()], policy=policy(make), rollbacks=[decided(make, verdict)])
    assert signoff.verdict is expected
    assert [reason.text.en for reason in signoff.reasons] == ([says] if says else [])
    assert signoff.rollback == decided(make, verdict)


SAID = {
    "one reason": ((Text(ko="오류율 12 %", en="error rate 12 %"),), "오류율 12 %", "error rate 12 %"),
    "the first of several": ((Text(ko="하나", en="one"), Text(ko="둘", en="two")), "하나", "one"),
    "none": ((), "사유 없음", "no reason given"),
}


@pytest.mark.parametrize(("given", "korean", "english"), SAID.values(), ids=SAID)
@pytest.mark.parametrize(
    ("verdict", "expected", "ko", "en"),
    [
        (HOLD, Verdict.INCOMPLETE, "배포 후 감시가 판정되지 않음", "the watch after the release is not decided"),
        (ROLL_BACK, Verdict.NO_GO, "롤백 기준 초과", "the rollback gate was breached"),
    ],
)
def test_what_stands_concerns_the_whole_release_and_says_why(  # noqa: PLR0913, PLR0917
    make: Any, verdict: RollbackVerdict, expected: Verdict, ko: str, en: str, given: Any, korean: str, english: str
) -> None:
    (reason,) = reasons(decided(make, verdict, reasons=given))
    assert (reason.verdict, reason.item) == (expected, "")
    assert (reason.text.ko, reason.text.en) == (f"{ko}: {korean}", f"{en}: {english}")


def test_the_newest_of_several_rollbacks_stands(make: Any) -> None:
    earlier, later = decided(make, ROLL_BACK, 20), decided(make, ROLL_BACK, 10)
    assert standing(of_release([later, earlier], policy(make), make.now), policy(make)) == later


def test_the_roles_that_somebody_does_hold_are_named_in_order(make: Any) -> None:
    held = [f"role-{number}" for number in range(9)]
    policies = policy(make, roster=(Person(name="tina", roles=frozenset(held)),))
    assert why_not(policies, "tina", "tech", make.now).endswith(f"but {', '.join(held)}")


def test_a_signed_release_that_breaches_the_gate_is_no_longer_go(make: Any) -> None:
    ready = make.judge([make.seen()], policy=policy(make))
    records = replace(make.judge.__globals__["Records"](), approvals=make.approvals(ready.digest))
    signed = make.judge([make.seen()], policy=policy(make), records=records)
    kept = make.judge([make.seen()], policy=policy(make), records=records, rollbacks=[decided(make, KEEP)])
    breached = make.judge([make.seen()], policy=policy(make), records=records, rollbacks=[decided(make, ROLL_BACK)])
    assert (signed.verdict, kept.verdict, breached.verdict) == (Verdict.GO, Verdict.GO, Verdict.NO_GO)
    assert breached.digest == signed.digest


def test_a_selection_is_not_judged_by_it(make: Any) -> None:
    scope = frozenset({"SEC-CFG-1"})
    signoff = make.judge([make.seen()], policy=policy(make), rollbacks=[decided(make, ROLL_BACK)], scope=scope)
    assert signoff.verdict is Verdict.PARTIAL_OK


def test_other_releases_and_environments_and_the_future_do_not_count(make: Any) -> None:
    others = [
        decided(make, ROLL_BACK, release="0.9"),
        decided(make, ROLL_BACK, environment="staging"),
        decided(make, KEEP, minutes_ago=-6),
    ]
    assert of_release(others, policy(make), make.now) == ()
    assert len(of_release([decided(make, KEEP, minutes_ago=-5)], policy(make), make.now)) == 1


@pytest.mark.parametrize(
    ("decisions", "stands"),
    [
        ("keep", KEEP),
        ("hold keep", KEEP),
        ("keep hold", HOLD),
        ("keep roll-back", ROLL_BACK),
        ("roll-back keep", ROLL_BACK),
        ("roll-back hold keep", ROLL_BACK),
        ("roll-back hand:keep", KEEP),
        ("roll-back hand:keep roll-back", ROLL_BACK),
        ("roll-back hand:hold keep", KEEP),
        ("keep hand:roll-back", ROLL_BACK),
        ("hand:roll-back keep", ROLL_BACK),
        ("roll-back stranger:keep", ROLL_BACK),
        ("hold stranger:keep", HOLD),
        ("stranger:keep", None),
        ("keep stranger:roll-back", ROLL_BACK),
        ("roll-back wrong-role:keep", ROLL_BACK),
    ],
)
def test_a_rollback_stands_until_somebody_with_authority_decides(
    make: Any, decisions: str, stands: RollbackVerdict | None
) -> None:
    made = []
    for minute, word in enumerate(decisions.split()):
        who, _, verdict = word.rpartition(":")
        fields = {"stranger": {"by": "mallory"}, "wrong-role": {"by": "quinn", "role": "qa"}}.get(who, {})
        make_one = by_hand if who else decided
        made.append(make_one(make, RollbackVerdict(verdict), 60 - minute, **fields))
    what = standing(of_release(made, policy(make), make.now), policy(make))
    assert (what.verdict if what else None) is stands


@pytest.mark.parametrize(
    ("by", "role", "why"),
    [
        ("tina", "tech", ""),
        ("quinn", "qa", "'qa' may not decide on a rollback; rollback.deciders in policy.yaml: tech"),
        ("quinn", "tech", "quinn is not 'tech' on the roster in policy.yaml, but qa"),
        ("mallory", "tech", "mallory is not on the roster"),
    ],
)
def test_who_may_decide(make: Any, by: str, role: str, why: str) -> None:
    assert why in why_not(policy(make), by, role, make.now)
    assert bool(why) == bool(why_not(policy(make), by, role, make.now))


def test_without_deciders_nobody_may(make: Any) -> None:
    assert why_not(make.policy(), "tina", "tech", make.now).endswith("policy.yaml: none")


words = st.lists(st.tuples(st.sampled_from(RollbackVerdict), st.integers(1, 90), st.booleans()), max_size=8)


@given(words, st.integers(1, 90))
def test_an_automatic_keep_never_lifts_a_rollback(make: Any, history: list[Any], minutes_ago: int) -> None:
    made = [decided(make, verdict, ago, automatic=auto, by="mallory") for verdict, ago, auto in history]
    before = standing(of_release(made, policy(make), make.now), policy(make))
    after = standing(of_release([*made, decided(make, KEEP, minutes_ago)], policy(make), make.now), policy(make))
    if before is not None and before.verdict is ROLL_BACK:
        assert after is not None
        assert after.verdict is ROLL_BACK


@given(words, st.randoms(use_true_random=False))
def test_the_order_of_records_is_irrelevant(make: Any, history: list[Any], chance: Any) -> None:
    made = [decided(make, verdict, ago, automatic=auto, by="tina", role="tech") for verdict, ago, auto in history]
    shuffled = [*made, *made]
    chance.shuffle(shuffled)
    assert of_release(made, policy(make), make.now) == of_release(shuffled, policy(make), make.now)
