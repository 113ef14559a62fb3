"""What a report needs to know beside the decision: names of areas and owners, waivers in force, rollback criteria."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.model import Area, Checklist, Language, Person, Policy, Records, RollbackRule, Text, Waiver


@dataclass(frozen=True, kw_only=True, slots=True)
class Background:
    """What the decision was judged against. Everything is optional: a report then shows keys instead of names."""

    areas: tuple[Area, ...] = ()
    owners: Mapping[str, Text] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
    rollback: RollbackRule | None = None
    stages: Mapping[int, Text] = field(default_factory=dict)
    roster: tuple[Person, ...] = ()

    @classmethod
    def of(cls, checklist: Checklist, policy: Policy, records: Records) -> Background:
        """Return the background of a decision on these three."""
        return cls(
            areas=checklist.areas,
            owners=checklist.owners,
            waivers=records.waivers,
            rollback=policy.rollback,
            stages=checklist.stages,
            roster=policy.roster,
        )

    def owner(self, key: str, language: Language) -> str:
        """Return the owner's name."""
        name = self.owners.get(key)
        return name.get(language) if name else key

    def people(self, role: str) -> tuple[str, ...]:
        """Return who has the role on the roster."""
        return tuple(person.name for person in self.roster if role in person.roles)

    def area(self, key: str, language: Language) -> str:
        """Return the area's title."""
        return next((area.title.get(language) for area in self.areas if area.key == key), key)

    def section(self, area: str, key: str, language: Language) -> str:
        """Return the title of a section of an area."""
        sections = (section for known in self.areas if known.key == area for section in known.sections)
        return next((section.title.get(language) for section in sections if section.key == key), key)

    def waiver(self, waiver_id: str) -> Waiver | None:
        """Return the waiver, if it is known."""
        return next((waiver for waiver in self.waivers if waiver.id == waiver_id), None)


EMPTY = Background()
"""Nothing but the decision itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """Another artifact of the same run, beside this one: a relative file name, or an http(s) address."""

    label: str
    href: str
    language: str = ""
    """Of the same page in another language: which one, as HTML names it."""
