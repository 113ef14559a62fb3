"""The words that everything else is said in: outcomes, states, verdicts, severities, methods."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Language = Literal["ko", "en"]
NO_TARGET = "-"
"""Target name of a check that concerns the release as a whole."""


class Outcome(StrEnum):
    """What one attempt on one cell said. `SKIP` is "no evidence": it never refreshes and never clears."""

    PASS = "pass"  # noqa: S105 - a machine name, not a password
    SKIP = "skip"
    ERROR = "error"
    FAIL = "fail"

    @property
    def badness(self) -> int:
        """Rank for "worst wins" within one attempt."""
        return _OUTCOME_RANKS[self]


_OUTCOME_RANKS = {outcome: rank for rank, outcome in enumerate(Outcome)}


class State(StrEnum):
    """What is known of a cell or an item, worst first: this order is the order on every screen."""

    FAIL = "FAIL"
    ERROR = "ERROR"
    NOT_VERIFIED = "NOT_VERIFIED"
    STALE = "STALE"
    WAIVED = "WAIVED"
    ATTESTED = "ATTESTED"
    PASS = "PASS"  # noqa: S105 - a machine name, not a password
    NOT_APPLICABLE = "NOT_APPLICABLE"

    @property
    def rank(self) -> int:
        """0 is worst."""
        return _STATE_RANKS[self]

    @property
    def satisfied(self) -> bool:
        """Whether an item in this state lets the release through."""
        return self.rank >= State.WAIVED.rank


_STATE_RANKS = {state: rank for rank, state in enumerate(State)}


class Verdict(StrEnum):
    """The answer for the release. `READY` is GO before the approvals; a selection is never GO.

    `PARTIAL_OK` is the best that a selection can get: everything selected is satisfied, nothing is said of the rest.
    """

    GO = "GO"
    READY = "READY"
    PARTIAL_OK = "SELECTION-OK"
    NO_GO = "NO-GO"
    INCOMPLETE = "INCOMPLETE"
    INVALID = "INVALID"

    @property
    def exit_status(self) -> int:
        """0, 10, 11 or 12: never pytest's own 1 to 5, so that a traceback is never read as a verdict."""
        return {Verdict.NO_GO: 10, Verdict.INCOMPLETE: 11, Verdict.INVALID: 12}.get(self, 0)


class Severity(StrEnum):
    """How much an open issue on the item hurts; sets the days until it is due."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Method(StrEnum):
    """How we know (NIST SP 800-53A): measured, read by a person, asked of a person, both, or computed."""

    TEST = "test"
    EXAMINE = "examine"
    INTERVIEW = "interview"
    HYBRID = "hybrid"
    DERIVED = "derived"

    @property
    def needs_attestation(self) -> bool:
        """Whether a person's signed statement is part of the item."""
        return self in {Method.EXAMINE, Method.INTERVIEW, Method.HYBRID}


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """One sentence in both languages."""

    ko: str
    en: str

    def get(self, language: Language) -> str:
        """Return the sentence in the language."""
        return self.ko if language == "ko" else self.en
