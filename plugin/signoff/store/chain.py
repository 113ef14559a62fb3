"""A chain of hashed lines: what was edited, removed, moved or forged in the middle no longer fits.

A line is canonical JSON `{"body", "hash", "prev", "seq"}`; its hash is over the other three, and `prev` is the hash of
the line before (of the file's own name, for the first). A chain that was cut at its end, or forged as a whole, still
fits: only a checkpoint that somebody else kept finds that.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Never

from signoff.canonical import canonical, digest
from signoff.errors import IntegrityError

_SEAL = re.compile(rb',"hash":"([0-9a-f]{64})"(,"prev":"([0-9a-f]{64})","seq":(0|[1-9][0-9]{0,14})\})\Z')


@dataclass(frozen=True, slots=True)
class Link:
    """One line of the chain."""

    seq: int
    hash: str
    body: dict[str, Any]


def origin(name: str) -> str:
    """Return what the first line's `prev` must be: a chain belongs to one file name."""
    return digest(["signoff-chain/1", name])


def forge(seq: int, prev: str, body: object) -> tuple[str, bytes]:
    """Return the hash and the whole line, newline included, of the next link."""
    core = canonical({"body": body, "prev": prev, "seq": seq})
    own = hashlib.sha256(core).hexdigest()
    tail = f',"prev":"{prev}","seq":{seq}}}'.encode()
    return own, core[: -len(tail)] + f',"hash":"{own}"'.encode() + tail + b"\n"


def check(line: bytes, *, seq: int, prev: str) -> Link:
    """Return the link that the line (without its newline) holds, if it is the one that belongs here.

    Raises:
        IntegrityError: says what does not fit.
    """
    return Link(seq, verify(line, seq=seq, prev=prev), body_of(line))


def body_of(line: bytes) -> dict[str, Any]:
    """Return what the line (without its newline) says; its seal is not looked at.

    Raises:
        IntegrityError: it cannot be read.
    """
    try:
        body = _DECODER.decode(line.decode())["body"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise IntegrityError(f"cannot be read: {error}") from None
    if not isinstance(body, dict):
        raise IntegrityError("cannot be read: no body")
    return body


def verify(line: bytes, *, seq: int, prev: str) -> str:
    """Return the line's hash if the line (without its newline) is the one that belongs here; its body is not read.

    Raises:
        IntegrityError: says what does not fit.
    """
    number, own, before = _sealed(line)
    if number != seq or before != prev:
        raise IntegrityError("does not follow the record before it: something was removed, inserted or moved")
    return own


def seal(line: bytes) -> tuple[int, str]:
    """Return number and hash of the record in the line, wherever it belongs.

    Raises:
        IntegrityError: it is no record, or was edited.
    """
    number, own, _ = _sealed(line)
    return number, own


def _sealed(line: bytes) -> tuple[int, str, str]:
    found = _SEAL.search(line)
    if found is None:
        raise IntegrityError("not a record")
    own, tail, before, number = found.groups()
    # The bytes themselves are hashed, not a parsed copy: nothing in the line escapes the hash.
    if hashlib.sha256(line[: found.start()] + tail).hexdigest().encode() != own:
        raise IntegrityError("was edited: its hash does not fit its content")
    return int(number), own.decode(), before.decode()


def is_sealed(line: bytes) -> bool:
    """Whether the line (without its newline) has the end of a record; what it says may still be wrong."""
    return _SEAL.search(line) is not None


def _refuse(text: str) -> Never:
    raise ValueError(f"{text}: numbers are whole here")


_DECODER = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse)
