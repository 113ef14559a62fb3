"""Reads a journal at a glance: every seal is checked, but a record is only noted by its place, not decoded.

Nearly every record of a long history is a pass that a later run has confirmed. What a record is can be told from its
bytes, because the form of a line is canonical: whatever does not have exactly the form of a plain pass is decoded.
"""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from signoff.canonical import canonical
from signoff.errors import IntegrityError, RecordError
from signoff.model import Checkpoint
from signoff.store import chain, journal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from signoff.model import Observation, Run

_TEXT = rb'"[^"\\]*"'
_INSTANT = rb'"(\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d(?:\.\d{6})?\+00:00)"'
_NUMBER = rb"(?:0|[1-9][0-9]{0,14})"
_SEAL = rb',"hash":"([0-9a-f]{64})"(,"prev":"([0-9a-f]{64})","seq":(%(number)s)\})\n\Z'
_PASS = (
    rb'\{"body":\{"observation":\{"attempt":1,"cell":\[(%(text)s,%(text)s,%(text)s)\],"code_sha256":%(text)s,'
    rb'"environment":%(environment)s,"evidence_sha256":%(text)s,"expected":%(text)s,"fingerprint":%(text)s,'
    rb'"finished":%(instant)s,"inspected":(?:null|[1-9][0-9]{0,14}),"node":%(text)s,"observed":%(text)s,'
    rb'"outcome":"pass","reason":%(text)s,"release":%(release)s,"run":%(run)s,"runner":%(text)s,'
    rb'"seq":%(number)s,"started":%(instant)s,"target_sha256":%(text)s\},"type":"observation"\}'
) + _SEAL
"""A whole line: a first attempt that passed, saw something, and belongs to the run."""
START_OF_TIME, END_OF_TIME = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(kw_only=True, slots=True)
class Glance:
    """What a journal holds, by places in the file: the bytes where a record's line begins."""

    run: Run | None = None
    checkpoint: Checkpoint | None = None
    torn: str = ""
    earliest: datetime = END_OF_TIME
    """The first instant that any record speaks of."""
    latest: datetime = START_OF_TIME
    """The last one."""
    passes: bytes = b""
    """The cells that plainly passed, once each, as they are written, a line each."""
    places: array[int] = field(default_factory=lambda: array("Q"))
    """Of each of `passes`."""
    others: array[int] = field(default_factory=lambda: array("Q"))
    """Of every other observation."""


def glance(path: Path, lines: Iterable[bytes]) -> Glance:
    """Return what the lines of the journal at `path` hold.

    Raises:
        IntegrityError: names the file and the line that was edited, removed, moved, or cannot be understood.
    """
    found, prev, place, seq = Glance(), chain.origin(path.name), 0, -1
    plain: re.Pattern[bytes] | None = None
    cells: dict[bytes, None] = {}
    first, last = END_OF_TIME, START_OF_TIME
    earliest, latest = b"9", b""
    for number, line in enumerate(lines):
        match = plain.match(line) if plain is not None else None
        if match is not None and (cell := match[1]) not in cells and _fits(match, number, prev):
            cells[cell] = None
            found.places.append(place)
            # Instants are written in one form, so the order of their texts is their order.
            finished, started = match[2], match[3]
            earliest, latest = min(earliest, started, finished), max(latest, started, finished)
            prev = match[4].decode()
        else:
            read = _decode(path, number, line, prev, found)
            if read is None:
                break
            prev, instants = read
            first, last = min(first, *instants), max(last, *instants)
            if len(instants) > 1:
                found.others.append(place)
            # Once the run has ended, no record may follow: that is for the slow way to say.
            plain = _plain_pass(found.run) if found.run is not None and found.run.ended is None else None
        seq, place = number, place + len(line)
    spoken = [first, last, *(_instant(path, text) for text in (earliest, latest) if cells)]
    found.earliest, found.latest, found.passes = min(spoken), max(spoken), b"\n".join(cells)
    if found.run is not None:
        found.checkpoint = Checkpoint(run=found.run.id, seq=seq, sha256=prev)
    return found


def read_at(path: Path, places: Iterable[int]) -> Iterator[Observation]:
    """Yield the observations whose lines begin at these places; the seals were checked when the places were noted.

    Raises:
        IntegrityError: a line cannot be understood.
    """
    with path.open("rb") as file:
        for place in places:
            file.seek(place)
            try:
                yield journal.observation_of(chain.body_of(file.readline().removesuffix(b"\n")))
            except (RecordError, IntegrityError) as error:
                raise IntegrityError(f"{path}: at byte {place}: {error}") from None


def _fits(match: re.Match[bytes], number: int, prev: str) -> bool:
    line, own, tail, before, seq = match.string, match[4], match[5], match[6], match[7]
    # The bytes themselves are hashed, as in `chain`.
    seal = sha256(line[: match.start(4) - len(b',"hash":"')])
    seal.update(tail)
    return seal.hexdigest().encode() == own and before.decode() == prev and int(seq) == number


def _decode(path: Path, number: int, line: bytes, prev: str, found: Glance) -> tuple[str, tuple[datetime, ...]] | None:
    """Return a record's hash and the instants it speaks of (two of an observation); None if it was not finished."""
    text = line.removesuffix(b"\n")
    name = path.name.removesuffix(journal.SUFFIX)
    seen: list[Observation] = []
    try:
        own = chain.verify(text, seq=number, prev=prev)
        found.run = journal.apply(found.run, number, chain.body_of(text), seen, name)
    except (RecordError, IntegrityError) as error:
        if isinstance(error, IntegrityError) and len(text) == len(line):
            found.torn = f"{path}:{number + 1}"
            return None
        raise IntegrityError(f"{path}:{number + 1}: {error}") from None
    return own, (seen[0].started, seen[0].finished) if seen else (found.run.started,)


def _instant(path: Path, text: bytes) -> datetime:
    try:
        return datetime.fromisoformat(text.decode())
    except ValueError as error:
        raise IntegrityError(f"{path}: {error}") from None


def _plain_pass(run: Run) -> re.Pattern[bytes]:
    own = {name.encode(): re.escape(canonical(getattr(run, name))) for name in ("environment", "release")}
    parts = own | {b"run": re.escape(canonical(run.id)), b"text": _TEXT, b"instant": _INSTANT, b"number": _NUMBER}
    return re.compile(_PASS % parts)
