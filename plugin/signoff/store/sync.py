"""Unites two stores: journals, chains of the ledger and envelopes of both, as sets. In whatever order, nothing is lost.

A chain has one writer, so of two copies one is the beginning of the other; the shorter is continued. Everything is
compared before anything is written: a conflict leaves both stores as they were.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from signoff.errors import IntegrityError
from signoff.store.approvals import stem_of
from signoff.store.medium import Kind

if TYPE_CHECKING:
    from signoff.store.medium import Medium


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """What one store got from the other."""

    runs: int
    """Journals that are new or longer."""
    records: int
    """Lines of journals and of the ledger."""
    envelopes: int


@dataclass(frozen=True, slots=True)
class _Chain:
    """A chain of one store that the other lacks, or has the beginning of."""

    kind: Kind
    chain: str
    start: int


def sync(source: Medium, target: Medium, *, both: bool) -> tuple[Moved, Moved]:
    """Bring to the target what it lacks (and to the source, if `both`); return what each of them got, target first.

    Raises:
        IntegrityError: names the chain of which the stores have different records, or that was edited.
        StoreError: a store does not answer.
    """
    there, back = _plan(source, target)
    if not both:
        back = []
    # What is copied is proven first, from its first record: tampering is not spread.
    for chains, origin in ((there, source), (back, target)):
        for each in chains:
            for _ in origin.lines(each.kind, each.chain):
                pass
    got = _carry(source, target, there)
    return got, _carry(target, source, back) if both else Moved(runs=0, records=0, envelopes=0)


def _plan(source: Medium, target: Medium) -> tuple[list[_Chain], list[_Chain]]:
    there, back = [], []
    for kind in Kind:
        for chain in sorted({*source.chains(kind), *target.chains(kind)}):
            ours, theirs = source.head(kind, chain), target.head(kind, chain)
            if ours == theirs:
                continue
            if ours is not None and theirs is not None:
                _check_beginning(source, target, kind, chain)
            if theirs is None or (ours is not None and ours[0] > theirs[0]):
                there.append(_Chain(kind, chain, theirs[0] + 1 if theirs else 0))
            else:
                back.append(_Chain(kind, chain, ours[0] + 1 if ours else 0))
    return there, back


def _check_beginning(source: Medium, target: Medium, kind: Kind, chain: str) -> None:
    for number, (ours, theirs) in enumerate(zip(source.lines(kind, chain), target.lines(kind, chain), strict=False)):
        if ours != theirs:
            raise IntegrityError(
                f"{kind} {chain}: record {number} is not the same in {source.name} and in {target.name}; "
                "nothing was copied. One of them was changed, or both continued the same copy"
            )


def _carry(source: Medium, target: Medium, chains: list[_Chain]) -> Moved:
    records = runs = 0
    # The ledger comes last: it names journals and envelopes, which must be there before it is.
    with target.atomic():
        for each in chains:
            if each.kind is Kind.JOURNAL:
                records += _copy(source, target, each)
                runs += 1
        envelopes = _carry_envelopes(source, target)
        for each in chains:
            if each.kind is Kind.LEDGER:
                records += _copy(source, target, each)
    return Moved(runs=runs, records=records, envelopes=envelopes)


def _copy(source: Medium, target: Medium, each: _Chain) -> int:
    lines = islice(source.lines(each.kind, each.chain), each.start, None)
    return target.extend(each.kind, each.chain, each.start, lines)


def _carry_envelopes(source: Medium, target: Medium) -> int:
    """Copy the envelopes whose content the target lacks: names may differ, or be taken by another."""
    here = {hashlib.sha256(content).digest() for _, content in target.envelopes()}
    new = [(name, content) for name, content in source.envelopes() if hashlib.sha256(content).digest() not in here]
    for name, content in new:
        target.add_envelope(stem_of(name), content)
    return len(new)
