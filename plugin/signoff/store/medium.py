"""What moving evidence needs to know of a store: chains of lines, and envelopes; the same bytes everywhere."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager


class Kind(StrEnum):
    """What a chain holds."""

    JOURNAL = "journal"
    LEDGER = "ledger"


class Medium(Protocol):
    """Where chains and envelopes lie. Chains are named by the id of their run or ledger."""

    @property
    def name(self) -> str:
        """What the store is called in messages; never with credentials."""

    def atomic(self) -> AbstractContextManager[None]:
        """Keep everything that is written meanwhile or nothing of it, as far as the store can."""

    def chains(self, kind: Kind) -> Sequence[str]:
        """Return the ids of all chains of the kind."""

    def lines(self, kind: Kind, chain: str) -> Iterator[bytes]:
        """Yield the chain's records, each without its newline; lines that were never finished are left out.

        Raises:
            IntegrityError: names the first record that does not fit.
        """

    def head(self, kind: Kind, chain: str) -> tuple[int, str] | None:
        """Return number and hash of the chain's last record; None if it has none.

        Raises:
            IntegrityError: the last record was edited.
        """

    def extend(self, kind: Kind, chain: str, start: int, lines: Iterable[bytes]) -> int:
        """Make sure that these records are there, numbered from `start`; return how many were new.

        Raises:
            IntegrityError: another record has one of the numbers, or there is a gap.
        """

    def envelopes(self) -> Iterable[tuple[str, bytes]]:
        """Return name and content of every signed approval."""

    def add_envelope(self, stem: str, content: bytes) -> None:
        """Keep an envelope under the first free name of the form `STEM.json`, `STEM.2.json`."""
