"""Reads the roster out of a policy alone: an auditor has no secrets, no checklist and no services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.config.approving import PersonFile
from signoff.config.kinds.base import Strict
from signoff.config.validation import validate
from signoff.config.yamlfile import raise_problems, read_yaml
from signoff.model import Person

if TYPE_CHECKING:
    from pathlib import Path


class _RosterFile(Strict):
    roster: tuple[PersonFile, ...]


def load_roster(path: Path) -> tuple[Person, ...]:
    """Return the people of a policy, or of any YAML file with a `roster`; nothing else in it is looked at.

    Raises:
        ConfigError: every mistake in the roster.
    """
    document = read_yaml(path)
    data = document.data
    roster = {"roster": data["roster"]} if isinstance(data, dict) and "roster" in data else {}
    parsed = validate(document, roster, _RosterFile)
    raise_problems([document])
    assert parsed is not None
    return tuple(
        Person(
            name=person.name,
            roles=frozenset(person.roles),
            public_key=person.public_key,
            valid_from=person.valid_from,
            valid_until=person.valid_until,
        )
        for person in parsed.roster
    )
