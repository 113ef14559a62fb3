"""The environment's rules for judging."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.model.asked import NotApplicable
    from signoff.model.records import Person
    from signoff.model.words import Severity, Text


class Separation(StrEnum):
    """Who may not approve although they hold the role: whoever had a hand in what is approved."""

    ONE_PERSON_ONE_STAGE = "one_person_one_stage"
    WAIVER_REQUESTER = "waiver_requester"
    WAIVER_APPROVER = "waiver_approver"
    ISSUE_RESOLVER = "issue_resolver"
    ATTESTER = "attester"


@dataclass(frozen=True, kw_only=True, slots=True)
class RollbackRule:
    """When a release is rolled back: strictly greater than the limits, over a window, with enough samples."""

    error_ratio: float
    response_seconds: float
    """For the percentile; for the mean too unless it has a limit of its own."""
    percentile: float
    window: timedelta
    min_samples: int
    mean_seconds: float | None = None
    watch: timedelta = timedelta(minutes=30)
    """How long after the release every window must be within the limits."""
    step: timedelta = timedelta(seconds=30)
    """How often a window is judged."""
    stale_after: timedelta = timedelta(minutes=2)
    """Age at which the newest sample is too old to say anything."""
    deciders: tuple[str, ...] = ()
    """Roles that may decide by hand."""

    @property
    def mean_limit(self) -> float:
        """Seconds that the mean response time may not exceed."""
        return self.response_seconds if self.mean_seconds is None else self.mean_seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class WeaknessCategory:
    """One category of weaknesses that must be covered, such as A03 of the OWASP Top 10."""

    key: str
    title: Text
    cwes: frozenset[int]
    by_people: bool = False
    """Whether a person's attestation covers it: no tool can."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeWindow:
    """A time in which something may be done to an environment that is more than looking."""

    opens: datetime
    closes: datetime
    purposes: frozenset[str]
    """What may be done: `load`, `restore`."""
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """The environment's rules for judging."""

    product: str
    environment: str
    release: str
    commit: str
    timezone: str
    not_applicable: tuple[NotApplicable, ...] = ()
    due_days: Mapping[Severity, int] = field(default_factory=dict)
    max_age: Mapping[str, timedelta] = field(default_factory=dict)
    """Item id to freshness window; never longer than the checklist's."""
    roster: tuple[Person, ...] = ()
    approval_roles: tuple[str, ...] = ("tech", "qa", "executive")
    rollback: RollbackRule | None = None
    full_recheck: bool = True
    """After the last issue was fixed, every required cell must have been observed again (the plan's step 3)."""
    relaxed: frozenset[Separation] = frozenset()
    """Rules of separation of duties that this environment does without; every report says so."""
    on_new_evidence: Literal["void", "void_if_worse"] = "void_if_worse"
    """What a run does to approvals that have begun: be recorded and so void them, or watch and void if worse."""
    waiver_days: Mapping[Severity, int] = field(default_factory=dict)
    """How long a waiver may last, by the item's severity; never more than 90 days."""
    not_waivable: frozenset[str] = frozenset()
    """Items whose failure nobody may accept."""
    attesting_roles: frozenset[str] = frozenset()
    """Roles that may attest any item, beside the item's owner."""
    attesting: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Item to the roles that alone may attest it, instead of the general rule."""
    attestations_signed: bool = False
    """Whether an attestation without its author's signature counts for nothing."""
    attestation_days: int = 365
    """How long an attestation may last."""
    categories: tuple[WeaknessCategory, ...] = ()
    """What the edition of the OWASP Top 10 that this environment is judged by consists of."""
    production: bool = True
    """Whether users depend on it: then nothing is started that makes load, or that acts on a machine they depend on."""
    change_windows: tuple[ChangeWindow, ...] = ()
    sha256: str = ""
