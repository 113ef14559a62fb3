"""Life of an issue: laws that hold for every history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.model import IssueStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.model import Issue

PROVEN = IssueStatus.VERIFIED
KINDS = ("started", "noted", "assigned", "resolved", "reopened")
minutes = st.integers(1, 40)
observed = st.tuples(
    st.sampled_from(["pass", "fail", "error", "skip"]), minutes, st.sampled_from("ABCD"), st.sampled_from(["1", "2"])
)

said = st.tuples(st.sampled_from(KINDS), minutes, st.sampled_from(["dev", "rita"]))
TARGETS = ("web1", "web2")


def _judge(make: Any, history: Sequence[Any], actions: Sequence[Any], **fields: Any) -> tuple[Issue, ...]:
    seen = [make.seen(outcome, ago, run, cell=make.cell(target=f"web{n}")) for outcome, ago, run, n in history]
    acts = [make.act(kind, ago + 0.5, by=by, action=by, owner=by) for kind, ago, by in actions]
    found: tuple[Issue, ...] = make.judge(seen, actions=acts, targets=TARGETS, **fields).issues
    return found


@settings(max_examples=200, deadline=None)
@given(st.data(), st.lists(observed, max_size=8), st.lists(said, max_size=5))
def test_register_is_read_as_a_set(make: Any, data: Any, history: list[Any], actions: list[Any]) -> None:
    once = _judge(make, history, actions)
    shuffled = data.draw(st.permutations([*history, *history])), data.draw(st.permutations([*actions, *actions]))
    assert _judge(make, *shuffled) == once


@settings(max_examples=200, deadline=None)
@given(st.lists(observed.filter(lambda one: one[0] != "pass"), max_size=8), st.lists(said, max_size=6))
def test_no_word_ever_closes_an_issue(make: Any, history: list[Any], actions: list[Any]) -> None:
    assert all(issue.status.is_open for issue in _judge(make, history, actions))


@settings(max_examples=300, deadline=None)
@given(st.lists(observed, max_size=10), st.lists(said, max_size=5))
def test_what_is_proven_passed_everywhere_after_it_failed_and_after_the_claim(
    make: Any, history: list[Any], actions: list[Any]
) -> None:
    runs: dict[str, float] = {}
    for _, ago, run, _ in history:
        runs[run] = max(runs.get(run, 0), ago + 1)
    for issue in _judge(make, history, actions, runs=[make.run(run, ago) for run, ago in runs.items()]):
        if issue.status is not PROVEN:
            continue
        assert issue.unproven == ()
        for target in issue.targets:
            passed = [
                make.ago(minutes=runs[run])
                for outcome, _, run, n in history
                if (outcome, f"web{n}") == ("pass", target)
            ]
            assert passed
            if issue.resolved_at is not None:
                assert max(passed) > issue.resolved_at


@settings(max_examples=150, deadline=None)
@given(st.lists(observed, max_size=8), st.lists(said, max_size=4), st.lists(said, min_size=1, max_size=3))
def test_nobody_listens_to_strangers(make: Any, history: list[Any], actions: list[Any], noise: list[Any]) -> None:
    strangers = [(kind, ago, "mallory") for kind, ago, _ in noise]
    assert _judge(make, history, [*actions, *strangers]) == _judge(make, history, actions)
