"""Signatures: laws that hold whatever was signed, by whomever, in whatever order it arrives."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from signoff.model import Approval, ApprovalStatus, Policy, Records, Separation, Signoff, Verdict

WORST_FIRST = [Verdict.INVALID, Verdict.NO_GO, Verdict.INCOMPLETE, Verdict.READY, Verdict.GO]
ROLES = ("tech", "qa", "executive")
HOLDERS = {"tech": ("tina", "rita"), "qa": ("quinn", "rita"), "executive": ("eva",)}

# Mostly as it should be, so that three valid signatures are common and laws about them mean something.
word = st.tuples(
    st.sampled_from(ROLES),
    st.sampled_from(["", "", "", "", "sam", "tina", "rita", "mallory"]),  # "" is whoever holds the role
    st.sampled_from(["approve", "approve", "approve", "approve-with-conditions", "reject", "revoke"]),
    st.sampled_from([True, True, True, True, False]),  # of this evidence
    st.sampled_from([True, True, True, True, False]),  # follows what came before
    st.sampled_from([True, True, True, True, True, False]),  # by the person's own key
)
in_order = [(role, "", "approve", True, True, True) for role in ROLES]
one_for_two = [(role, "rita" if role != "executive" else "", "approve", True, True, True) for role in ROLES]
histories = st.builds(
    lambda before, good, after: before + good + after,
    st.lists(word, max_size=2),
    st.sampled_from([[], in_order, in_order, in_order[:2], one_for_two]),
    st.lists(word, max_size=2),
)

nights = st.lists(st.tuples(st.sampled_from(["pass", "skip", "fail", "error"]), st.integers(0, 50)), max_size=3)


def _signed(make: Any, words: list[Any], digest: str) -> tuple[Approval, ...]:
    """Return the words as signatures, a second apart, each following the last one of the role before it."""
    found: list[Approval] = []
    latest: dict[str, str] = {}
    for number, (role, who, decision, right, follows, own) in enumerate(words):
        name = who or HOLDERS[role][0]
        place = ROLES.index(role)
        before = latest.get(ROLES[place - 1], "") if place else ""
        envelope = f"envelope {number}"
        found.append(
            make.approval(
                role,
                "tina" if name == "mallory" else name,
                digest if right else "0" * 64,
                decision=decision,
                previous=latest.get(role, "") if decision == "revoke" else (before if follows else "nowhere"),
                created=make.ago(minutes=30) + timedelta(seconds=number),
                envelope_sha256=envelope,
                conditions=("x",) if decision == "approve-with-conditions" else (),
            )
        )
        if name == "mallory":
            found[-1] = replace(found[-1], approver="mallory")
        if not own:
            found[-1] = replace(found[-1], key_id="0" * 64)
        if decision != "revoke":
            latest[role] = envelope
    return tuple(found)


def _judge(make: Any, approvals: tuple[Approval, ...], *seen: Any, **fields: Any) -> Signoff:
    world: dict[str, Any] = {"question": "release", "policy": _policy(make), **fields}
    signoff: Signoff = make.judge([make.seen(), *seen], records=Records(approvals=approvals), **world)
    return signoff


def _policy(make: Any, **fields: Any) -> Policy:
    """Return a policy under which rita holds two roles."""
    people = tuple(replace(p, roles=p.roles | {"qa"}) if p.name == "rita" else p for p in make.people())
    policy: Policy = make.policy(roster=people, **fields)
    return policy


def _rank(signoff: Signoff) -> int:
    return WORST_FIRST.index(signoff.verdict)


def _digest(make: Any) -> str:
    return _judge(make, ()).digest


@settings(max_examples=400, deadline=None)
@given(histories)
def test_go_is_a_whole_chain_of_different_people_in_order_over_this_evidence(make: Any, words: list[Any]) -> None:
    digest = _digest(make)
    signoff = _judge(make, _signed(make, words, digest))
    steps = [step.approval for step in signoff.approvals]
    if signoff.verdict is not Verdict.GO:
        assert any(step.status is not ApprovalStatus.VALID for step in signoff.approvals)
        return
    assert [a.role for a in steps if a] == list(ROLES)
    assert all(a and a.digest == digest and a.decision.startswith("approve") for a in steps)
    assert all(a and a.approver in HOLDERS[a.role] and a.key_id == make.key_id(a.approver) for a in steps)
    assert len({a.approver for a in steps if a}) == len(ROLES)
    envelopes = [a.envelope_sha256 for a in steps if a]
    assert [a.previous for a in steps if a] == ["", *envelopes[:-1]]
    counted = [a for a in _signed(make, words, digest) if a.approver in HOLDERS[a.role]]
    back = {a.previous for a in counted if a.decision == "revoke" and a.key_id == make.key_id(a.approver)}
    assert not set(envelopes) & back


def test_the_laws_are_about_something(make: Any) -> None:
    """GO is reached along untidy ways too, and by a person who holds two roles."""
    digest = _digest(make)

    def untidy(words: list[Any]) -> bool:
        signed = {(role, who) for role, who, *_ in words}
        go = _judge(make, _signed(make, words, digest)).verdict is Verdict.GO
        return go and ("tech", "rita") in signed and any(decision == "revoke" for _, _, decision, *_ in words)

    # One of five hundred histories is such, and the search ends with the first.
    assert find(histories, untidy, settings=settings(max_examples=50_000, database=None, phases=[Phase.generate]))


@settings(max_examples=300, deadline=None)
@given(st.data(), histories)
def test_order_repetition_and_merging_change_nothing(make: Any, data: Any, words: list[Any]) -> None:
    signed = _signed(make, words, _digest(make))
    mine = tuple(data.draw(st.lists(st.sampled_from(signed), unique=True))) if signed else ()
    theirs = tuple(one for one in signed if one not in mine)
    shuffled = tuple(data.draw(st.permutations(signed)))
    assert _judge(make, signed) == _judge(make, shuffled) == _judge(make, (*theirs, *mine, *signed))


@settings(max_examples=400, deadline=None)
@given(histories, st.sampled_from(ROLES), st.sampled_from(["reject", "revoke"]), st.booleans())
def test_refusing_and_taking_back_never_improve(
    make: Any, words: list[Any], role: str, decision: str, right: bool
) -> None:
    digest = _digest(make)
    before = _signed(make, words, digest)
    # Taking a refusal back is good news; taking an approval back is not.
    refused = any(one.decision == "reject" for one in before)
    after = _signed(make, [*words, (role, "", decision, right, True, True)], digest)
    assert (decision == "revoke" and refused) or _rank(_judge(make, after)) <= _rank(_judge(make, before))


@settings(max_examples=300, deadline=None)
@given(histories, st.integers(0, 20 * 24))
def test_time_never_improves_what_was_signed(make: Any, words: list[Any], hours: int) -> None:
    signed = _signed(make, words, _digest(make))
    later = _judge(make, signed, now=make.ago(hours=-hours))
    # A refusal ends with the evidence that it is about; all else only ever gets worse.
    refused = any(step.status is ApprovalStatus.REJECTED for step in _judge(make, signed).approvals)
    assert refused or _rank(later) <= _rank(_judge(make, signed))


@settings(max_examples=200, deadline=None)
@given(histories, st.sampled_from(["pass", "fail", "error"]))
def test_any_recorded_evidence_voids_every_signature(make: Any, words: list[Any], outcome: str) -> None:
    signed = _signed(make, words, _digest(make))
    after = _judge(make, signed, make.seen(outcome, 1, "R2"))
    assert all(step.status is not ApprovalStatus.VALID for step in after.approvals)
    assert after.verdict is not Verdict.GO


@settings(max_examples=300, deadline=None)
@given(histories, nights)
def test_monitoring_changes_nothing_unless_it_is_worse(make: Any, words: list[Any], watched: list[Any]) -> None:
    signed = _signed(make, words, _digest(make))
    runs = [make.run("R1"), make.run("M", 55, stream="monitor")]
    news = [make.seen(outcome, ago, "M", attempt=number) for number, (outcome, ago) in enumerate(watched, 1)]
    before, after = _judge(make, signed, runs=runs), _judge(make, signed, *news, runs=runs)
    assert (after.digest, after.items) == (before.digest, before.items)
    # Attempts after an error may pass, those after a failure may not.
    decisive = sorted((-ago, number, outcome) for number, (outcome, ago) in enumerate(watched) if outcome != "skip")
    if any(outcome == "fail" for _, _, outcome in decisive) or (decisive and decisive[-1][2] == "error"):
        assert after.verdict in {Verdict.NO_GO, Verdict.INCOMPLETE}
        assert _rank(after) <= _rank(before)
    else:
        assert (after.verdict, after.approvals) == (before.verdict, before.approvals)


@settings(max_examples=200, deadline=None)
@given(histories, st.frozensets(st.sampled_from(list(Separation))))
def test_relaxing_separation_is_never_stricter_and_never_silent(
    make: Any, words: list[Any], relaxed: frozenset[Separation]
) -> None:
    strict = _judge(make, _signed(make, words, _digest(make)))
    loose = _judge(make, _signed(make, words, _digest(make)), policy=_policy(make, relaxed=relaxed))
    assert _rank(loose) >= _rank(strict)
    assert loose.relaxed == relaxed
