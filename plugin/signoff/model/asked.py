"""What must be known: the checklist, its targets, and the cells that follow from both."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from signoff.model.words import Method, Severity, Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Selector:
    """Which targets a check concerns: `hosts`, `hosts:GROUP`, `services:KIND` (or `KIND,KIND`), or `-` (none)."""

    scope: Literal["hosts", "services", "-"]
    name: str = ""

    def __str__(self) -> str:
        """Return the form written in the checklist."""
        return f"{self.scope}:{self.name}" if self.name else self.scope


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One question of an item; its name is the test function's name without `test_`, unique in the checklist."""

    name: str
    item: str
    targets: Selector
    touches: str = ""
    """What the check does to its target, for `signoff plan`: requests, queries and commands in words."""
    at_most: Mapping[str, int] | None = None
    """The most that it may ask of one target, by `signoff.meter.Kind`, and `seconds`. None: nothing is promised."""
    weaknesses: frozenset[int] = frozenset()
    """CWE ids of what its failure would be: makes it a source for categories of weaknesses."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One line of the checklist. The id is final: never reused, never renumbered."""

    id: str
    area: str
    section: str
    owner: str
    stage: int
    severity: Severity
    blocking: bool
    method: Method
    max_age: timedelta
    title: Text
    remediation: Text
    checks: tuple[Check, ...] = ()
    derives: str = ""
    """For `Method.DERIVED`, and for a hybrid item that may also be computed: the rule in `decision.derived`."""
    flaky_allowed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A group of items within an area; its key is also a pytest marker."""

    key: str
    title: Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Area:
    """One of the plan's areas, in the plan's order; its key is also a pytest marker."""

    key: str
    title: Text
    sections: tuple[Section, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Checklist:
    """The whole checklist in the plan's order."""

    areas: tuple[Area, ...]
    owners: Mapping[str, Text]
    stages: Mapping[int, Text]
    items: tuple[Item, ...]
    sha256: str

    def item(self, item_id: str) -> Item:
        """Return the item; KeyError if there is none."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise KeyError(item_id)

    def check(self, cell: Cell) -> Check:
        """Return the check that the cell is about; KeyError if there is none."""
        for check in self.item(cell.item).checks:
            if check.name == cell.check:
                return check
        raise KeyError(cell.check)


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """One thing that is asked: an inventory host, a service, or `-`."""

    name: str
    kind: str
    """`host`, a service kind such as `redis`, or `-`."""
    address: str = ""
    """Where it answers, for people; never with credentials."""
    sha256: str = ""
    """Digest of the definition as written (secrets are references there): a changed target makes evidence stale."""


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Cell:
    """The unit of truth: one check of one item on one target."""

    item: str
    check: str
    target: str

    def __str__(self) -> str:
        """Return `ITEM check[target]`."""
        return f"{self.item} {self.check}[{self.target}]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where a check is implemented; the digest makes evidence stale when the question changes."""

    path: str
    line: int
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedCell:
    """A cell that checklist × inventory requires, whether or not pytest collects it."""

    cell: Cell
    target: Target
    source: Source | None
    """None: no implementation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NotApplicable:
    """The environment's profile says that an item (or one target of it) does not exist here."""

    item: str
    target: str
    """A target name, or `*`."""
    reason: str
    approver: str
    place: str = field(default="", compare=False)
    """Where it is written, `file:line`, for those who correct it."""
