"""What differs between two decisions, and why: the first thing that a nightly maintainer reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from signoff.model import Change, State

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_COULD_NOT = frozenset({State.ERROR, State.NOT_VERIFIED})
_NO_TARGETS: Mapping[str, Collection[str]] = {}

_Cause = Literal["regressed", "fixed", "verified", "went stale", "could not check", "other"]


def diff(
    before: Mapping[str, State],
    after: Mapping[str, State],
    *,
    targets_before: Mapping[str, Collection[str]] = _NO_TARGETS,
    targets_after: Mapping[str, Collection[str]] = _NO_TARGETS,
) -> tuple[Change, ...]:
    """Return what changed, items in the order of `after`, removed ones last.

    Args:
        before: item id to state, of the earlier decision.
        after: the same, of this one.
        targets_before: item id to the targets that it was asked of; an item that is missing here is not compared.
        targets_after: the same, of this decision.
    """
    changes: list[Change] = []
    for item, state in after.items():
        was = before.get(item)
        if was is None:
            changes.append(Change(item=item, before=None, after=state, cause="item added"))
            continue
        if was is not state:
            changes.append(Change(item=item, before=was, after=state, cause=_cause(was, state)))
        if item in targets_before and item in targets_after:
            changes += _target_changes(item, was, state, set(targets_before[item]), set(targets_after[item]))
    gone = [item for item in before if item not in after]
    changes += [Change(item=item, before=before[item], after=None, cause="item removed") for item in gone]
    return tuple(changes)


def _target_changes(item: str, was: State, state: State, before: set[str], after: set[str]) -> list[Change]:
    added = [
        Change(item=item, before=was, after=state, cause="target added", target=name) for name in sorted(after - before)
    ]
    removed = [
        Change(item=item, before=was, after=state, cause="target removed", target=name)
        for name in sorted(before - after)
    ]
    return added + removed


def _cause(was: State, state: State) -> _Cause:
    if state is State.FAIL:
        return "regressed"
    if state is State.STALE:
        return "went stale"
    if state in _COULD_NOT:
        return "could not check"
    if state in {State.PASS, State.ATTESTED}:
        return "fixed" if was is State.FAIL else "verified"
    return "other"
