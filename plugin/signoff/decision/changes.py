"""What differs between two decisions, and why: the first thing that a nightly maintainer reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from signoff.decision.notes import Note
from signoff.model import NO_TARGET, Change, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from signoff.decision.snapshot import CellShot, ItemShot, Snapshot
    from signoff.model import Waiver

Cause = Literal[
    "regressed",
    "fixed",
    "verified",
    "went stale",
    "could not check",
    "target changed",
    "test changed",
    "waived",
    "waiver expired",
    "waiver gone",
    "attested",
    "attestation expired",
    "policy changed",
    "other",
]
_GOOD = frozenset({State.PASS, State.ATTESTED, State.WAIVED, State.NOT_APPLICABLE})
_INPUTS: Mapping[str, Literal["checklist changed", "inventory changed", "policy changed"]] = {
    "checklist": "checklist changed",
    "inventory": "inventory changed",
    "policy": "policy changed",
}


@dataclass(frozen=True, slots=True)
class _Pair:
    """One item in both decisions."""

    item: str
    was: ItemShot
    now: ItemShot
    expired: frozenset[str]
    """Ids of waivers whose end has come by the later decision."""


def diff(before: Snapshot, after: Snapshot, waivers: Sequence[Waiver] = ()) -> tuple[Change, ...]:
    """Return what changed: the rules first, then items in the order of `after`, removed ones last.

    Args:
        before: the earlier decision.
        after: the later one.
        waivers: all that are on record, to tell one that expired from one that was withdrawn.
    """
    expired = frozenset(waiver.id for waiver in waivers if after.at >= waiver.expires)
    changes = list(_rules(before, after))
    for item, now in after.items.items():
        was = before.items.get(item)
        if was is None:
            changes.append(Change(item=item, before=None, after=now.state, cause="item added"))
        else:
            changes += _item(_Pair(item, was, now, expired))
    gone = [item for item in before.items if item not in after.items]
    changes += [Change(item=item, before=before.items[item].state, after=None, cause="item removed") for item in gone]
    return tuple(changes)


def _rules(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    for name, cause in _INPUTS.items():
        was, now = before.inputs.get(name), after.inputs.get(name)
        if was and now and was != now:
            yield Change(item="", before=None, after=None, cause=cause)


def _item(pair: _Pair) -> Iterator[Change]:
    was, now = pair.was, pair.now
    added, removed = _targets(now) - _targets(was), _targets(was) - _targets(now)
    if was.state is not now.state and not _explained(pair, added, removed):
        cause, target, detail = _cause(pair)
        yield Change(
            item=pair.item, before=was.state, after=now.state, cause=cause, target=_named(target), detail=detail
        )
    if was.cells and now.cells:
        for target in sorted(added):
            yield Change(item=pair.item, before=was.state, after=now.state, cause="target added", target=target)
        for target in sorted(removed):
            yield Change(item=pair.item, before=was.state, after=now.state, cause="target removed", target=target)
    if was.state is now.state:
        yield from _cells(pair)


def _named(target: str) -> str:
    """Return the target's name; a check of the whole release has none."""
    return "" if target == NO_TARGET else target


def _targets(item: ItemShot) -> set[str]:
    return {target for _, target in item.cells}


def _explained(pair: _Pair, added: set[str], removed: set[str]) -> bool:
    """Whether nothing but targets that came or went made the difference: no check says anything else than before."""
    was, now = pair.was, pair.now
    if not was.cells or not now.cells:
        return False
    blamed_then = {target for (_, target), cell in was.cells.items() if cell.state is was.state}
    blamed_now = {target for (_, target), cell in now.cells.items() if cell.state is now.state}
    worse = now.state.rank < was.state.rank
    return bool(blamed_now) and blamed_now <= added if worse else bool(blamed_then) and blamed_then <= removed


def _cells(pair: _Pair) -> Iterator[Change]:
    """Yield what changed underneath an item whose own state stayed: another host fails, another is mended."""
    for key, cell in sorted(pair.now.cells.items(), key=lambda entry: entry[0]):
        was = pair.was.cells.get(key)
        if was is not None and was.state is not cell.state and State.FAIL in {was.state, cell.state}:
            cause: Cause = "regressed" if cell.state is State.FAIL else _better(was.state, cell.state)
            detail = _said(key[0], cell)
            yield Change(
                item=pair.item, before=was.state, after=cell.state, cause=cause, target=_named(key[1]), detail=detail
            )


def _cause(pair: _Pair) -> tuple[Cause, str, str]:
    """Return why the item's state is another, the target behind it, and what more there is to say."""
    was, now = pair.was, pair.now
    by_people = _people(pair)
    if by_people is not None:
        return by_people
    if now.state is State.STALE:
        return _stale(now)
    key, cell = _worst(now)
    target, detail = (key[1], _said(key[0], cell)) if key and cell else ("", now.note)
    if now.state is State.FAIL:
        return "regressed", target, detail
    if now.state is State.PASS:
        return _better(was.state, now.state), "", ""
    return "could not check", target, detail


def _people(pair: _Pair) -> tuple[Cause, str, str] | None:
    """Return the cause if it is a record of people: a declaration, a waiver, an attestation."""
    was, now = pair.was, pair.now
    lost = [waiver for waiver in was.waivers if waiver not in now.waivers]
    if State.NOT_APPLICABLE in {was.state, now.state}:
        return "policy changed", "", now.note if now.state is State.NOT_APPLICABLE else was.note
    if was.state is State.WAIVED and lost and now.state not in _GOOD and not _fails_otherwise(pair):
        ended = [waiver for waiver in lost if waiver in pair.expired]
        return ("waiver expired", "", ", ".join(ended)) if ended else ("waiver gone", "", ", ".join(lost))
    if now.state is State.WAIVED:
        return "waived", "", ", ".join(now.waivers)
    return ("attested", "", now.attested_by) if now.state is State.ATTESTED else None


def _fails_otherwise(pair: _Pair) -> bool:
    """Whether a failure of another kind than before is there: that is news, whatever became of the waiver."""
    for key, cell in pair.now.cells.items():
        was = pair.was.cells.get(key)
        if cell.state is State.FAIL and (was is None or was.fingerprint != cell.fingerprint):
            return True
    return False


def _stale(now: ItemShot) -> tuple[Cause, str, str]:
    stale = [(key, now.cells[key]) for key in sorted(now.cells) if now.cells[key].state is State.STALE]
    if not stale:
        return "attestation expired", "", now.attested_by
    causes: tuple[tuple[Cause, tuple[Note, ...]], ...] = (
        ("test changed", (Note.CHECK_CHANGED, Note.CHECK_GONE)),
        ("target changed", (Note.TARGET_CHANGED,)),
    )
    for cause, notes in causes:
        for (check, target), cell in stale:
            if any(note() in cell.note for note in notes):
                return cause, target, check
    (check, target), _ = stale[0]
    return "went stale", target, check


def _worst(item: ItemShot) -> tuple[tuple[str, str], CellShot] | tuple[None, None]:
    blamed = sorted(key for key, cell in item.cells.items() if cell.state is item.state)
    return (blamed[0], item.cells[blamed[0]]) if blamed else (None, None)


def _said(check: str, cell: CellShot) -> str:
    said = cell.reason or cell.note
    return f"{check}: {said}" if said else check


def _better(was: State, now: State) -> Literal["fixed", "verified", "waived", "went stale", "could not check"]:
    if now is State.WAIVED:
        return "waived"
    if now is State.STALE:
        return "went stale"
    if now in {State.ERROR, State.NOT_VERIFIED}:
        return "could not check"
    return "fixed" if was is State.FAIL else "verified"
